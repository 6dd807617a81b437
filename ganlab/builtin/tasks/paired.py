"""From a picture to its counterpart, learnt from pairs: pix2pix (Isola et al. 2017, arXiv:1611.07004)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganlab import Batch, Field, Fields, Given, Networks, Picture, Random, Sample, Task, View, Views

SEEDS = 2**31


class Paired(Task):
    """`source` becomes `target`; the discriminator sees the target beside its source.

    The only noise is dropout: `draw` gives every sample a seed from which the generator's masks follow.
    """

    per_sample = True

    needs = {"source": "image", "target": "image"}
    conditions = ("source",)

    def __init__(self, fields: Fields, /, *, conditional: bool = True) -> None:
        super().__init__(fields)
        self.conditional = conditional

    def makes(self) -> Mapping[str, Field]:
        return {"target": self.fields["target"]}

    def draw(self, batch: Batch, random: Random) -> Given:
        """The true `target` is kept where it is known: pictures show it, the generator is not given it."""
        known = {"target": batch["target"]} if "target" in batch else {}
        return {"source": batch["source"], "noise": random.integers(SEEDS), **known}

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return {"source": self.fields["source"], "noise": Field("seed")}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {"target": networks["generator"](given["source"], given["noise"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        """With `conditional = false` the discriminator does not see the source (the paper's ablation)."""
        return {"target": View(sample["target"], given=given["source"] if self.conditional else None)}

    def picture(self, sample: Sample, given: Given) -> Picture:
        """Source, output and, where it is known, the truth side by side, if they have the same height."""
        shown = [given["source"], sample["target"]]
        if "target" in given and given["target"] is not sample["target"]:
            shown.append(given["target"])
        count = min(map(len, shown))
        return Picture("image", beside(*(each[:count] for each in shown)))


def beside(*images: Any) -> Any:
    """Stacks of images (N, C, H, W) joined along their width; grey is repeated to fit colour. The second alone, if they
    differ in height."""
    import torch

    if len({each.shape[-2] for each in images}) > 1:
        return images[1]
    channels = max(each.shape[1] for each in images)
    return torch.cat(
        [each if each.shape[1] == channels else each[:, :1].expand(-1, channels, -1, -1) for each in images], 3
    )
