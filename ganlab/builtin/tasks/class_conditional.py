"""From noise and a class to an image of that class (Mirza & Osindero 2014, arXiv:1411.1784)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Option

from ganlab import Batch, Fields, Given, Networks, Random, Sample, Search, Task, View, Views


class ClassConditional(Task):
    """A latent and the batch's labels become samples; the discriminator sees the label beside the sample."""

    per_sample = True

    needs = {"label": "category"}
    conditions = ("label",)

    def __init__(
        self,
        fields: Fields,
        /,
        *,
        latent_size: Annotated[int, Option(ge=1, le=1_000_000), Search(4, 256, log=True)] = 64,
        mismatched: bool = False,
    ) -> None:
        super().__init__(fields)
        self.made = next(iter(fields))
        self.latent_size = latent_size
        self.shows_mismatched = mismatched

    def draw(self, batch: Batch, random: Random) -> Given:
        return {"latent": random.normal(self.latent_size), "label": batch["label"]}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {self.made: networks["generator"](given["latent"], given["label"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {self.made: View(sample[self.made], given=given["label"])}

    def mismatched(self, networks: Networks, sample: Sample, given: Given) -> Views:
        """Real images beside another row's label, if the option `mismatched` asks for them (Reed et al. 2016)."""
        if not self.shows_mismatched:
            return {}
        rows, taken_from = self.differing(given["label"])
        return {self.made: View(sample[self.made][rows], given=given["label"][taken_from], rows=rows)}
