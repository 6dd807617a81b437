"""A discriminator is charged for moving its logits away from where those of the other side have been.

With few data a discriminator learns them by heart and its logits run apart; this holds them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field as Option

import ganlab
from ganlab.builtin.terms.judged import judged

if TYPE_CHECKING:
    from torch import Tensor


class LeCam(ganlab.Term):
    """(D(x) - mean fake logit)^2 + (D(G(z)) - mean real logit)^2, the means taken over past rounds; a scalar.

    `decay` (0..1) is how much of the moving means is kept each time; they begin at the first batch's own. Views and
    judgements are followed apart and their costs summed. Every process of a distributed run follows its own part.
    Source: Tseng et al. 2021 (arXiv:2104.03310), eq. 5.
    """

    def __init__(self, *, decay: Annotated[float, Option(ge=0, lt=1)] = 0.99) -> None:
        self.decay = decay
        self._means: dict[str, Tensor] = {}

    def cost(self, turn: ganlab.Turn) -> Tensor:
        import torch

        costs = []
        for view in judged(turn, "real", "lecam"):
            reals, fakes = turn.verdict("real", view).judgements, turn.verdict("fake", view).judgements
            for judgement in reals:
                real, fake = reals[judgement].float(), fakes[judgement].float()
                real_mean = self._follow(f"{view}/{judgement}/real", real)
                fake_mean = self._follow(f"{view}/{judgement}/fake", fake)
                costs.append(mean_square(real - fake_mean) + mean_square(fake - real_mean))
        return torch.stack(costs).sum()

    def _follow(self, name: str, logits: Tensor) -> Tensor:
        """The moving mean, after these logits."""
        if not logits.numel():
            return self._means.get(name, logits.new_zeros(()))
        now = logits.detach().mean()
        if name in self._means:
            now = self._means[name].to(now).lerp(now, 1 - self.decay)
        self._means[name] = now
        return now

    def state(self) -> Mapping[str, Any]:
        return {"means": dict(self._means)}

    def restore(self, state: Mapping[str, Any]) -> None:
        for name, mean in state["means"].items():
            if mean.dim() or not mean.is_floating_point():
                raise ValueError(f"the mean of {name} is no number")
        self._means = dict(state["means"])


def mean_square(values: Tensor) -> Tensor:
    """The mean of the squares; zero where there are no values."""
    return values.square().sum() / max(values.numel(), 1)
