"""How steeply each discriminator's verdict changes with what it judges: its Lipschitz constant, as seen.

A slope that explodes comes before logits that do; one near 0 at the fakes is a generator that hears nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, Look, View

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


class Slope(Diagnostic):
    """For each view whose data are floats, the mean length of the gradient of the verdict with respect to one sample:

    `slope/<view>/real` at `count` training samples, `slope/<view>/fake` at fakes of the raw generator, and
    `slope/<view>/between` at a random place between each of the one and one of the other. Several judgements are
    summed, and a map of logits counts as its mean, as in the terms that charge for the slope.
    """

    def __init__(self, *, count: Annotated[int, Option(ge=1, le=1_000_000)] = 64) -> None:
        self.count = count

    def measure(self, look: Look) -> Mapping[str, float]:
        from ganlab.builtin.diagnostics.shown import as_played

        networks, given = look.networks(averaged=False), look.given(self.count)
        reals = look.task.views(networks, look.real_beside(self.count), given)
        fakes = look.task.views(networks, look.fake(self.count, averaged=False), given)
        measured = {}
        for name, fake in fakes.items():
            real = reals[name]
            if not (is_smooth(real.data) and is_smooth(fake.data)):
                continue
            judge = as_played(networks[fake.judge or name])
            measured[f"slope/{name}/real"] = length(judge, real, real.data)
            measured[f"slope/{name}/fake"] = length(judge, fake, fake.data)
            if real.data.shape == fake.data.shape:
                rows = len(real.data)
                share = look.random("slope", rows).uniform(*[1] * (real.data.dim() - 1)).to(real.data.device)
                measured[f"slope/{name}/between"] = length(judge, real, real.data.lerp(fake.data, share))
        return measured


def is_smooth(data: object) -> bool:
    """True for what a verdict can be differentiated by."""
    import torch

    return isinstance(data, torch.Tensor) and data.is_floating_point()


def length(judge: Module, view: View, data: Tensor) -> float:
    """Mean over rows (M, ...) of the gradient's Euclidean length; NaN if there are none."""
    import torch

    from ganlab.builtin.diagnostics.shown import judgements

    with torch.enable_grad():
        data = data.detach().float().requires_grad_(True)
        said = list(judgements(judge, view.replace(data=data, pooled=False)).values())
        weights = [torch.full_like(logits, 1 / max(1, prod(logits.shape[1:]))) for logits in said]
        (gradient,) = torch.autograd.grad(said, data, weights, allow_unused=True)
    if gradient is None:
        return 0.0
    return float(torch.linalg.vector_norm(gradient.flatten(1), dim=1).mean())
