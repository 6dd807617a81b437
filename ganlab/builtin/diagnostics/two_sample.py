"""Whether fakes can be told from real data at all: a discriminator that begins from nothing tries it.

The classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv:1610.06545) with the game's own architecture. Where the
game's discriminator cannot tell and a new one can, the game's has got stuck; where neither can, the fakes are good.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, Look

if TYPE_CHECKING:
    from torch.nn import Module


class TwoSample(Diagnostic):
    """For each discriminator, what a copy with new weights learns by `steps` steps of Adam, each on `batch` of the
    first half of `count` training samples and as many fakes of the raw generator, and says of the second half:

    `two-sample/<player>/auc` = P(D(x) > D(G(z))), `two-sample/<player>/accuracy`; 0.5: it cannot tell. Costly: some 250
    turns of the discriminator. Ask for it at every 10th tick or so.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=1_000_000)] = 512,
        steps: Annotated[int, Option(ge=2, le=100_000)] = 100,
        batch: Annotated[int, Option(ge=1, le=1_000_000)] = 64,
        lr: Annotated[float, Option(gt=0, le=1)] = 2e-3,
    ) -> None:
        self.count = count
        self.steps = steps
        self.batch = batch
        self.lr = lr

    def measure(self, look: Look) -> Mapping[str, float]:
        from statistics import fmean

        from ganlab.builtin.diagnostics.balance import compare
        from ganlab.builtin.diagnostics.shown import as_played, shown
        from ganlab.builtin.diagnostics.student import Schooling, taught

        how = Schooling(self.steps, self.lr, self.batch)
        networks = look.networks(averaged=False)
        measured = {}
        for player, pairs in shown(look, self.count).items():
            start, student = (forgotten(as_played(networks[player], free=True)) for _ in range(2))
            says = taught(start, student, pairs, self.count, how).says
            told = [compare(*pair) for pair in says.values()] or [dict.fromkeys(WANTED, float("nan"))]
            measured[f"two-sample/{player}/auc"] = fmean(each["auc"] for each in told)
            measured[f"two-sample/{player}/accuracy"] = fmean(
                (each["accuracy-real"] + each["accuracy-fake"]) / 2 for each in told
            )
        return measured


WANTED = ("auc", "accuracy-real", "accuracy-fake")


def forgotten(network: Module) -> Module:
    """The network with new weights, always the same: matrices and kernels normal by their fan-in, gains 1, biases 0."""
    import torch

    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.dim() < 2:
                weight.fill_(0.0 if name.rpartition(".")[2].startswith("bias") else 1.0)
            elif weight.is_floating_point() and weight.numel():
                deviation = (2 * weight.shape[0] / weight.numel()) ** 0.5
                weight.copy_(deviation * torch.randn(weight.shape, generator=draws))
    return network
