"""Movement without progress: the fakes hop from place to place, and come no nearer to the data.

Rotation alone is no trouble, since games that end well turn too (Berard et al. 2020, arXiv:1906.04848).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import isfinite, nan
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look


class Oscillation(Diagnostic):
    """In `cells` cells of the training samples, by k-means, of `count` fakes of the raw generator:

    `oscillation/hop`: Jensen-Shannon divergence, in nats, of where they are and where they were when last asked (0:
    they stay; log 2 = 0.69: nothing is where it was). `oscillation/progress`: how much nearer to the data they came
    meanwhile, by the same divergence to where real samples are. Much hop and no progress is to run in circles.
    `oscillation/angle`: radians that the costs of discriminator and generator turn about each other per tick, over the
    last `ticks`; `oscillation/persistence`: by what factor a swing shrinks per tick; NaN until 8 ticks are known.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=16_384)] = 512,
        cells: Annotated[int, Option(ge=2, le=1_000)] = 20,
        ticks: Annotated[int, Option(ge=8, le=10_000)] = 24,
        features: FeatureChoice = "auto",
    ) -> None:
        self.count = count
        self.cells = cells
        self.ticks = ticks
        self.features = features
        self.shares: dict[str, list[float]] = {}
        """By field: the share of the fakes in each cell, when last asked."""
        self.costs: list[list[float]] = []

    def measure(self, look: Look) -> Mapping[str, float]:
        from ganlab.builtin.metrics.rotation import rotation

        measured = {}
        real = look.points(self.features, self.count, "training")
        fake = look.points(self.features, self.count, "raw")
        for name, points in real.items():
            network = look.features(self.features, name).name
            field = f"/{name}" if len(real) > 1 else ""
            hop, progress = self._moved(look, name, points, fake[name])
            measured[f"oscillation/hop{field}@{network}"] = hop
            measured[f"oscillation/progress{field}@{network}"] = progress
        self._hear(look)
        turning = rotation(as_path(self.costs))
        return measured | {
            "oscillation/angle": turning.angle,
            "oscillation/persistence": turning.persistence,
        }

    def _moved(self, look: Look, name: str, real: Any, fake: Any) -> tuple[float, float]:
        """Hop and progress since the last time; this time is remembered."""
        import torch

        from ganlab.builtin.metrics.bins import jensen_shannon
        from ganlab.builtin.metrics.cells import k_means
        from ganlab.builtin.metrics.points import usable

        if not usable(real, fake):
            self.shares.pop(name, None)
            return nan, nan
        key = f"oscillation/{self.features}/{name}/{self.count}/{self.cells}"
        centres = look.once(key, partial(k_means, real, self.cells))
        target, now = share(real, centres), share(fake, centres)
        before = torch.tensor(self.shares.get(name, []), dtype=now.dtype)
        self.shares[name] = now.tolist()
        if len(before) != len(now):
            return nan, nan
        return jensen_shannon(before, now), jensen_shannon(before, target) - jensen_shannon(now, target)

    def _hear(self, look: Look) -> None:
        """Remember the costs of one judge and one of the others, where both have moved since the last tick."""
        costs = {name: value for name, value in look.ledger().items() if name.startswith("cost/")}
        networks, given = look.networks(averaged=False), look.given(self.count)
        views = look.task.views(networks, look.fake(self.count, averaged=False), given)
        judges = [view.judge or name for name, view in views.items()]
        against = [player for view in views.values() for player in view.against]
        pair = [next((costs[f"cost/{p}"] for p in side if f"cost/{p}" in costs), nan) for side in (judges, against)]
        if all(map(isfinite, pair)):
            self.costs = [*self.costs, pair][-self.ticks :]

    def state(self) -> Mapping[str, Any]:
        return {"shares": {name: list(each) for name, each in self.shares.items()}, "costs": [*map(list, self.costs)]}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.shares = {name: list(each) for name, each in state["shares"].items()}
        self.costs = [list(each) for each in state["costs"]]


def share(points: Any, centres: Any) -> Any:
    """How much of the points lies in each cell (K,)."""
    import torch

    from ganlab.builtin.metrics.cells import cell_of

    return torch.bincount(cell_of(points, centres), minlength=len(centres)).double().cpu() / len(points)


def as_path(costs: list[list[float]]) -> Any:
    """Costs as points (T, 2)."""
    import torch

    return torch.tensor(costs, dtype=torch.float64).reshape(-1, 2)
