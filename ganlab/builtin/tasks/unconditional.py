"""From noise to the first field of the dataset: the task of Goodfellow et al. 2014 (arXiv:1406.2661)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Option

from ganlab import Batch, Fields, Given, Networks, Random, Sample, Search, Task, View, Views


class Unconditional(Task):
    """A latent (N, latent_size), standard normal, becomes a sample; one discriminator sees it alone."""

    per_sample = True

    def __init__(
        self,
        fields: Fields,
        /,
        *,
        latent_size: Annotated[int, Option(ge=1, le=1_000_000), Search(4, 256, log=True)] = 64,
    ) -> None:
        super().__init__(fields)
        self.made = next(iter(fields))
        self.latent_size = latent_size

    def draw(self, batch: Batch, random: Random) -> Given:
        return {"latent": random.normal(self.latent_size)}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {self.made: networks["generator"](given["latent"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {self.made: View(sample[self.made])}
