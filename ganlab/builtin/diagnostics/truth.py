"""What is right about the samples, where the truth is known: counts, places, perspective, structure over a distance.

No number stands alone. Each comes with what the same reader says of real samples, of the control (real but for this
one property) and of the best baseline (mush), and with the share of samples that could be read at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field as Option

from ganlab import Calibration, Dataset, Diagnostic, Features, Look, RecipeError, Task, Truth


class Truths(Diagnostic):
    """For each property of the dataset's truth, on `count` generated samples: `truth/<property>` (0..1, 1 is right;
    samples that cannot be read count as wrong), `.../of-real` (over what `count` held-out real samples score),
    `.../real`, `.../control`, `.../baseline`, and the raw numbers behind it; and `truth/readable`.

    Where a task has conditions that the truth knows, samples must meet them. A property that the reader cannot tell,
    by its score on real samples and the control, is NaN; if it can tell none, the recipe is refused.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=64, le=16_384)] = 512,
        weights: Literal["averaged", "raw"] = "averaged",
    ) -> None:
        self.count = count
        self.weights = weights
        self._calibrated: dict[Dataset, Mapping[str, Calibration]] = {}

    def check(self, task: Task, dataset: Dataset, networks: Mapping[str, Features]) -> None:
        truth = dataset.truth
        if truth is None:
            raise RecipeError(
                "needs a dataset whose truth is known: scenes, corridor, ground-plane, mirrored, joint-parts; "
                "take one, or another diagnostic"
            )
        if truth.made_of not in task.makes():
            raise RecipeError(f"needs a task that makes '{truth.made_of}'; take another diagnostic")
        calibrations = self.calibrated(truth, dataset)
        if not any(each.passes for each in calibrations.values()):
            told = "; ".join(f"{name}: {each.reason}" for name, each in calibrations.items())
            raise RecipeError(f"cannot read these data ({told}); take a larger size or another diagnostic")

    def measure(self, look: Look) -> Mapping[str, float]:
        truth = look.dataset.truth
        assert truth is not None
        calibrations = self.calibrated(truth, look.dataset)
        asked = {name: value for name, value in look.given(self.count).items() if name in look.dataset.fields}
        made = look.fake(self.count, averaged=self.weights == "averaged")[truth.made_of]
        seen = truth.read(made, asked)
        suffix = "" if self.weights == "averaged" else "/raw"
        measured = {f"truth/readable{suffix}": seen.readable}
        for name, calibration in calibrations.items():
            score = seen.scores[name] if calibration.passes else math.nan
            measured[f"truth/{name}{suffix}"] = score
            measured[f"truth/{name}/of-real{suffix}"] = calibration.of_real(score)
            for what, known in vars(calibration).items():
                measured[f"truth/{name}/{what}{suffix}"] = known
        return measured | {f"truth/{name}{suffix}": value for name, value in seen.values.items()}

    def calibrated(self, truth: Truth, dataset: Dataset) -> Mapping[str, Calibration]:
        """How the reader fares on held-out real samples; it is tried once."""
        import torch

        if dataset not in self._calibrated:
            source = dataset.held_out
            rows = source.rows(torch.arange(min(self.count, len(source))), None)
            asked = {name: rows[name] for name in dataset.fields if name != truth.made_of}
            self._calibrated[dataset] = truth.calibrate(rows[truth.made_of], asked)
        return self._calibrated[dataset]
