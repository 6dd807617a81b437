"""The two games of DVD-GAN (Clark et al. 2019, arXiv:1907.06571): clips from noise, and the next frames of a clip.

Both are judged by two discriminators. `frame` sees a few frames, drawn anew for every clip, one by one and in full, and
its logits are summed over them; `motion` sees the whole clip, its frames averaged over squares of pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field as Option

from ganlab import (
    Batch,
    DataError,
    Field,
    Fields,
    Given,
    Networks,
    Picture,
    Random,
    RecipeError,
    Sample,
    Search,
    Task,
    View,
    Views,
    ViewShapes,
)

if TYPE_CHECKING:
    from torch import Tensor

Latent = Annotated[int, Option(ge=0, le=100_000), Search(4, 256, log=True)]
Frames = Annotated[int, Option(ge=1, le=10_000)]


class Clips(Task):
    """What both games share: the field `video` is made, and what its judges are shown of it.

    `judged` frames of each clip are shown to `frame`; `motion` sees them `shrunk` times smaller. `frames` is the length
    of what is made, the data's if left out; another is for sampling alone.
    """

    def __init__(
        self, fields: Fields, latent_size: int, conditional: bool, judged: int, shrunk: int, frames: int | None
    ) -> None:
        super().__init__(fields)
        field = fields.get("video")
        if not isinstance(field, Field) or field.kind != "video":
            raise DataError("the task needs a dataset of clips, with a field 'video'; such as moving-shapes")
        if conditional and not isinstance(fields.get("label"), Field):
            raise DataError("conditional = true needs a dataset with labels; set it to false, or take another dataset")
        self.needs = {"video": "video", **({"label": "category"} if conditional else {})}
        self.latent_size = latent_size
        self.conditional = conditional
        self.judged = judged
        self.shrunk = shrunk
        self.length = field.shape[0]
        self.made_length = frames or self.length
        if any(side % shrunk for side in field.shape[2:]):
            sides = " x ".join(map(str, field.shape[2:]))
            raise RecipeError(f"task.shrunk = {shrunk} does not divide frames of {sides}; take a divisor")

    def makes(self) -> Mapping[str, Field]:
        return {"video": Field("video", (self.made_length, *self.fields["video"].shape[1:]))}

    def draw(self, batch: Batch, random: Random) -> Given:
        given: dict[str, Any] = {}
        if self.latent_size:
            given["latent"] = random.normal(self.latent_size)
        if self.conditional:
            given["label"] = batch["label"]
        shortest = min(self.length, self.made_length)
        given["judged"] = random.uniform(shortest).argsort(1)[:, : self.judged]
        return given

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        fields = {"latent": Field("latent", (self.latent_size,)), "label": self.fields.get("label")}
        return {name: field for name, field in fields.items() if name in given and field is not None}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {"video": networks["generator"](*(given[name] for name in self.given_fields(given)))}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        from torch.nn.functional import avg_pool2d

        video, chosen, label = sample["video"], given["judged"], given.get("label")
        rows = self._rows(chosen)
        frames = video[rows, chosen.flatten()]
        clip = self.whole(video, given)
        small = avg_pool2d(clip.flatten(1, 2), self.shrunk)
        small = small.reshape(*clip.shape[:3], *small.shape[2:])
        beside = None if label is None else label[rows]
        return {"frame": View(frames, given=beside, rows=rows, pooled=True), "motion": View(small, given=label)}

    def view_fields(self, view: str, data: Any, given: Any) -> ViewShapes:
        kind = "image" if view == "frame" else "video"
        return ViewShapes(Field(kind, tuple(data.shape[1:])), None if given is None else self.fields["label"])

    def whole(self, video: Tensor, given: Given) -> Tensor:
        """The clip that `motion` judges; what is made alone by default."""
        return video

    @staticmethod
    def _rows(chosen: Tensor) -> Tensor:
        import torch

        return torch.arange(len(chosen), device=chosen.device).repeat_interleave(chosen.shape[1])


class Video(Clips):
    """A latent, and with `conditional` the dataset's label, become a clip."""

    def __init__(
        self,
        fields: Fields,
        /,
        *,
        latent_size: Annotated[int, Option(ge=1, le=100_000), Search(4, 256, log=True)] = 120,
        conditional: bool = False,
        judged: Frames = 8,
        shrunk: Annotated[int, Option(ge=1, le=64)] = 2,
        frames: Frames | None = None,
    ) -> None:
        super().__init__(fields, latent_size, conditional, judged, shrunk, frames)
        self.conditions = ("label",) if conditional else ()


class NextFrames(Clips):
    """The first `given` frames of a clip become the others (DVD-GAN-FP): with a latent of `latent_size`, or, at 0, one
    answer for each. `motion` judges what was given and what was made as one clip."""

    derives = ("given",)

    def __init__(
        self,
        fields: Fields,
        /,
        *,
        given: Frames = 2,
        latent_size: Latent = 0,
        conditional: bool = False,
        judged: Frames = 8,
        shrunk: Annotated[int, Option(ge=1, le=64)] = 2,
        frames: Frames | None = None,
    ) -> None:
        super().__init__(fields, latent_size, conditional, judged, shrunk, frames)
        if self.length <= given:
            raise RecipeError(
                f"task.given = {given} leaves nothing to predict of clips of {self.length} frames; take fewer, or set "
                "the dataset's frames"
            )
        self.fields = {**fields, "given": Field("video", (given, *fields["video"].shape[1:]))}
        self.given = given
        self.length -= given
        self.made_length = frames or self.length
        self.conditions = ("given", "label") if conditional else ("given",)

    def real(self, batch: Batch) -> Sample:
        return {**batch, "video": batch["video"][:, self.given :]}

    def draw(self, batch: Batch, random: Random) -> Given:
        """Besides, `truth`: what really came, where the batch knows it. Only pictures show it."""
        if "given" in batch:
            return {"given": batch["given"], **super().draw(batch, random)}
        first, rest = batch["video"].split([self.given, batch["video"].shape[1] - self.given], 1)
        return {"given": first, "truth": rest, **super().draw(batch, random)}

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return {"given": self.fields["given"], **super().given_fields(given)}

    def whole(self, video: Tensor, given: Given) -> Tensor:
        import torch

        return torch.cat([given["given"], video], 1)

    def picture(self, sample: Sample, given: Given) -> Picture:
        """What was given and what was made, one after the other; below, where it is known, what really came."""
        import torch

        made = self.whole(sample["video"], given)
        if "truth" not in given:
            return Picture("video", made)
        truth = self.whole(given["truth"], given)[:, : made.shape[1]]
        missing = made.new_zeros(len(made), made.shape[1] - truth.shape[1], *made.shape[2:])
        count = min(len(made), len(truth))
        return Picture("video", torch.cat([made[:count], torch.cat([truth, missing], 1)[:count]], 3))
