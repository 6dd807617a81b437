"""How the discriminators stand against the generator: accuracies, AUC, and the gap between their logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, Look

if TYPE_CHECKING:
    from torch import Tensor


class Balance(Diagnostic):
    """For each view, on `count` training and generated samples of the raw generator:

    `accuracy-real` and `accuracy-fake` (share of logits on the right side of 0), `auc` = P(D(x) > D(G(z))) (0.5: the
    discriminator cannot tell), and `logit-gap` = E D(x) - E D(G(z)).
    """

    def __init__(self, *, count: Annotated[int, Option(ge=8, le=1_000_000)] = 128) -> None:
        self.count = count

    def measure(self, look: Look) -> Mapping[str, float]:
        given = look.given(self.count)
        fakes = look.verdicts(look.fake(self.count, averaged=False), given)
        reals = look.verdicts(look.real_beside(self.count), given)
        measured: dict[str, float] = {}
        for view, verdict in fakes.items():
            for name, logits in verdict.judgements.items():
                key = f"balance/{view}/{name}" if name else f"balance/{view}"
                numbers = compare(reals[view].judgements[name], logits)
                measured.update((f"{key}/{what}", value) for what, value in numbers.items())
        return measured


def compare(real: Tensor, fake: Tensor) -> dict[str, float]:
    """The four numbers; a map of logits counts as its mean, nothing as NaN."""
    import torch

    real, fake = real.float().reshape(len(real), -1).mean(1), fake.float().reshape(len(fake), -1).mean(1)
    ordered = real.sort()[0]
    below = (torch.searchsorted(ordered, fake) + torch.searchsorted(ordered, fake, right=True)).float() / 2
    numbers = torch.stack(
        [(real > 0).float().mean(), (fake < 0).float().mean(), 1 - below.mean() / len(real), real.mean() - fake.mean()]
    )
    return dict(zip(("accuracy-real", "accuracy-fake", "auc", "logit-gap"), numbers.tolist(), strict=True))
