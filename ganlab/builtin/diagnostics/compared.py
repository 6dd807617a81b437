"""Real and generated points side by side: what the diagnostics of quality and diversity have in common.

Each says which numbers it gives and how they come from two sets of points. What cannot be compared (no held-out
samples, fewer than two, a point that is not finite) gives NaN under the same names: whoever watches the run is told
that the number is missing, and the run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ganlab import FeatureChoice, Features, Look, Part, RecipeError

if TYPE_CHECKING:
    from torch import Tensor

Of: TypeAlias = Literal["held-out", "training"]
"""Which real samples: those kept apart, or those the generator learns from."""

Weights: TypeAlias = Literal["averaged", "raw"]
"""Whose samples: those of the moving average where there is one, or those of the weights as they are."""


@dataclass(frozen=True)
class Comparison:
    """What is compared with what: `count` samples made by those weights with as many real ones of that part, as points
    of a feature network."""

    features: FeatureChoice
    count: int
    of: Of
    weights: Weights


@dataclass(frozen=True)
class Pair:
    """Points (N, D) of real and (M, D) of generated samples of one field, in one feature network."""

    look: Look
    real: Tensor
    fake: Tensor
    field: str
    suffix: str
    key: str

    def named(self, what: str) -> str:
        """The full name of a measurement: `recall` becomes `recall/raw@flatten`."""
        return f"{what}{self.field}{self.suffix}"

    def once(self, what: str, make: Callable[[], Any]) -> Any:
        """`make()`, kept for the run: what depends on the real points alone."""
        return self.look.once(f"{what}/{self.key}", make)


def measured(
    look: Look, comparison: Comparison, names: Sequence[str], numbers: Callable[[Pair], Sequence[float]]
) -> dict[str, float]:
    """What `numbers` says, in the order of `names`, of each field the task makes."""
    found: dict[str, float] = {}
    for pair in pairs(look, comparison):
        fine = comparable(pair.real) and comparable(pair.fake)
        values = numbers(pair) if fine else [float("nan")] * len(names)
        found.update((pair.named(name), float(value)) for name, value in zip(names, values, strict=True))
    return found


def pairs(look: Look, comparison: Comparison) -> Iterator[Pair]:
    """One for each field the task makes."""
    features, count, of, weights = comparison.features, comparison.count, comparison.of, comparison.weights
    fake = look.points(features, count, weights)
    real = real_points(look, features, count, of)
    for name, points in fake.items():
        suffix = ("" if of == "held-out" else "-training") + tail(look, features, name, weights)
        key = f"{features}/{name}/{of}/{count}"
        yield Pair(look, real.get(name, points[:0]), points, "" if len(fake) == 1 else f"/{name}", suffix, key)


def real_points(look: Look, features: FeatureChoice, count: int, of: Part) -> Mapping[str, Tensor]:
    """By field; empty if there are no samples in that part."""
    source = look.dataset.held_out if of == "held-out" else look.dataset.train
    return look.points(features, count, of) if len(source) else {}


def tail(look: Look, features: FeatureChoice, field: str, weights: Weights) -> str:
    """What a name ends in: whose samples, and the feature network."""
    return ("" if weights == "averaged" else "/raw") + f"@{look.features(features, field).name}"


def classifying(networks: Mapping[str, Features]) -> None:
    """Raise `RecipeError` for a feature network that does not classify."""
    for network in networks.values():
        if network.classes is None:
            raise RecipeError(f"needs a feature network that classifies, such as digits-cnn; {network.name} does not")


def comparable(points: Tensor) -> bool:
    """True for two points or more, all finite."""
    from ganlab.builtin.metrics.points import usable

    return usable(points)
