"""How little generated pictures are alike, pixel by pixel: diversity that needs no feature network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Dataset, Diagnostic, Features, Look, RecipeError, Sample, Task
from ganlab.builtin.diagnostics.compared import Of, Weights

if TYPE_CHECKING:
    from torch import Tensor

PICTURES = ("image", "video", "volume")
"""Kinds of field whose last two dimensions are rows and columns."""


class SsimDiversity(Diagnostic):
    """`ssim-diversity`: 1 less the mean SSIM over `pairs` pairs of generated pictures (MS-SSIM for sides above 160
    px), 0 if all are the same; and `ssim-diversity-ratio`, that over the same of real ones. Frames and slices count as
    channels.

    NaN for fewer than two pictures or numbers that are not finite, the ratio also where all real pictures are the same.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=16_384)] = 256,
        pairs: Annotated[int, Option(ge=1, le=100_000)] = 256,
        of: Of = "held-out",
        weights: Weights = "averaged",
    ) -> None:
        self.count = count
        self.pairs = pairs
        self.of: Of = of
        self.weights: Weights = weights

    def check(self, task: Task, dataset: Dataset, networks: Mapping[str, Features]) -> None:
        if not pictures_of(task):
            raise RecipeError("needs a task that makes pictures; take 'diversity' instead")

    def measure(self, look: Look) -> Mapping[str, float]:
        made = pictures_of(look.task)
        fakes = look.samples(self.count, self.weights)
        source = look.dataset.held_out if self.of == "held-out" else look.dataset.train
        tail = "" if self.weights == "averaged" else "/raw"
        found = {}
        for name in made:
            place = "" if len(made) == 1 else f"/{name}"
            score = self._score(fakes, name)
            kept = f"ssim-diversity/{name}/{self.of}/{self.count}/{self.pairs}"
            make = partial(self._real_score, look, name) if len(source) else partial(float, "nan")
            real: float = look.once(kept, make)
            ratio = score / real if real > 0 else float("nan")
            found[f"ssim-diversity{place}{tail}"] = score
            found[f"ssim-diversity-ratio{place}{'' if self.of == 'held-out' else '-training'}{tail}"] = ratio
        return found

    def _real_score(self, look: Look, name: str) -> float:
        return self._score(look.samples(self.count, self.of), name)

    def _score(self, sample: Sample, name: str) -> float:
        from ganlab.builtin.metrics.similarity import mean_similarity

        pictures: Tensor = sample[name]
        return 1 - mean_similarity(pictures.flatten(1, -3), self.pairs)


def pictures_of(task: Task) -> list[str]:
    """The fields it makes that are pictures, films or volumes."""
    return [name for name, field in task.makes().items() if field.kind in PICTURES and len(field.shape) >= 3]
