"""The inception score, for feature networks that classify (Salimans et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field as Option

from ganlab import Dataset, Diagnostic, FeatureChoice, Features, Look, RecipeError, Task
from ganlab.builtin.diagnostics.compared import Weights, classifying, tail


class InceptionScore(Diagnostic):
    """`inception-score`: 1 (one class, or never sure) to the number of classes (sure, and all of them), the mean over
    `splits` parts. Knows no real sample, and cannot see that a class has one picture.

    NaN for probabilities that are not finite.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=100_000)] = 1024,
        splits: Annotated[int, Option(ge=1, le=100)] = 1,
        weights: Weights = "averaged",
        features: FeatureChoice,
    ) -> None:
        if splits > count:
            raise RecipeError(f"{count} samples cannot be split into {splits} parts; ask for fewer, or raise count")
        self.count = count
        self.splits = splits
        self.weights: Weights = weights
        self.features = features

    def check(self, task: Task, dataset: Dataset, networks: Mapping[str, Features]) -> None:
        classifying(networks)

    def measure(self, look: Look) -> Mapping[str, float]:
        from ganlab.builtin.metrics.inception import inception_score

        made = look.task.makes()
        sample = look.samples(self.count, self.weights)
        found = {}
        for name in made:
            network = look.features(self.features, name)
            place = ("" if len(made) == 1 else f"/{name}") + tail(look, self.features, name, self.weights)
            found[f"inception-score{place}"] = inception_score(network.probabilities(sample[name]), splits=self.splits)
        return found
