"""The generator makes what gives a discriminator the same features as real data, not only the same logit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class FeatureMatching(ganlab.Term):
    """Distance between a discriminator's features of fakes and of real data, a mean within a layer, a sum over layers.

    `compare = "pairs"`: absolute difference of each fake's features from those of its own real row, where the task has
    pairs (Wang et al. 2018, pix2pixHD, arXiv:1711.11585, section 3.2). `compare = "means"`: squared difference of the
    means over the batch, where it has not (Salimans et al. 2016, arXiv:1606.03498, section 3.1). The cost is a scalar,
    summed over views. The discriminator must answer with a `Verdict` whose `extras["features"]` lists its layers,
    (M, ...) each.
    """

    def __init__(self, *, compare: Literal["pairs", "means"] = "pairs") -> None:
        self.compare = compare

    def cost(self, turn: ganlab.Turn) -> Tensor:
        import torch

        costs = [
            self._distance(fake.float(), real.detach().float())
            for view, shown in turn.views("fake").items()
            if turn.player in shown.against
            for fake, real in zip(features(turn, "fake", view), features(turn, "real", view), strict=True)
        ]
        if not costs:
            raise ganlab.RecipeError(
                f"term 'feature-matching' is charged to '{turn.player}', which no discriminator plays against; "
                "charge a generator"
            )
        return torch.stack(costs).sum()

    def _distance(self, fake: Tensor, real: Tensor) -> Tensor:
        if self.compare == "means":
            return (fake.mean(0) - real.mean(0)).square().mean()
        if fake.shape != real.shape:
            raise ganlab.RecipeError(
                f"term 'feature-matching' compares pairs, but there are features {tuple(fake.shape)} of fakes and "
                f"{tuple(real.shape)} of real data; take compare = 'means'"
            )
        return (fake - real).abs().mean()


def features(turn: ganlab.Turn, side: ganlab.Side, view: str) -> Iterable[Tensor]:
    """The layers of the view's discriminator on that side."""
    try:
        layers: Iterable[Tensor] = turn.verdict(side, view).extras["features"]
    except KeyError:
        raise ganlab.RecipeError(
            f"term 'feature-matching' needs a discriminator that gives its features, and the one of '{view}' does not; "
            "choose an architecture whose verdict has extras['features']"
        ) from None
    return layers
