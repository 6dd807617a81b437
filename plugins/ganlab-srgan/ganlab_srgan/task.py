"""From a small picture to the large one it could have been: super-resolution (Ledig et al. 2017, arXiv:1609.04802)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ganlab import Batch, Field, Fields, Given, Networks, Picture, Random, RecipeError, Sample, Task, View, Views


class SuperResolution(Task):
    """`low` becomes `image`, `factor` times as large on both sides; the discriminator sees the large picture alone.

    Any dataset with the field `image` will do: `low` is its bicubic reduction in 8 bits, as Pillow makes it, unless the
    dataset has a field of that name itself. Both sides of `image` must be multiples of `factor`; a user's own `low` may
    have any size.
    """

    per_sample = True

    needs = {"image": "image"}
    conditions = ("low",)
    derives = ("low",)

    def __init__(self, fields: Fields, /, *, factor: Literal[2, 4] = 4) -> None:
        self.factor = factor
        image = fields.get("image")
        if isinstance(image, Field) and image.kind == "image" and "low" not in fields:
            channels, height, width = image.shape
            if height % factor or width % factor:
                fits = tuple(max(1, side // factor) * factor for side in (height, width))
                raise RecipeError(
                    f"pictures of {height} x {width} pixels cannot be made {factor} times smaller; both sides must be "
                    f"multiples of {factor}: set the dataset's crop or size, to {fits[0]} x {fits[1]} for one"
                )
            fields = {**fields, "low": Field("image", (channels, height // factor, width // factor))}
        super().__init__(fields)

    def makes(self) -> Mapping[str, Field]:
        return {"image": self.fields["image"]}

    def draw(self, batch: Batch, random: Random) -> Given:
        """The small picture; and, where there is one, `truth`, which `picture` shows and nobody else looks at."""
        from ganlab_srgan.scaling import as_kept, reduced

        truth = {"truth": batch["image"]} if "image" in batch else {}
        return {"low": batch["low"] if "low" in batch else as_kept(reduced(batch["image"], self.factor)), **truth}

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return {"low": self.fields["low"]}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {"image": networks["generator"](given["low"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {"image": View(sample["image"])}

    def picture(self, sample: Sample, given: Given) -> Picture:
        """Side by side: the small picture by nearest neighbour and by bicubic interpolation, what was made, the truth
        if it is known."""
        import torch

        from ganlab_srgan.scaling import enlarged

        low, image = given["low"], sample["image"]
        nearest = low.repeat_interleave(self.factor, 2).repeat_interleave(self.factor, 3)
        shown = [nearest, enlarged(low, self.factor), image]
        if "truth" in given:
            shown.append(given["truth"])
        return Picture("image", torch.cat([each[: len(image)].clamp(-1, 1) for each in shown], 3))
