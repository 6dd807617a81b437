"""How the discriminators stand against the generator: who tells what, how surely, and whether from memory.

None of these numbers tells a collapsed run from a healthy one; they say why a run is what coverage says it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Batch, Diagnostic, Given, Look, Sample
from ganlab.builtin.diagnostics.shown import as_played, judgements

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

SURE = 2.0
"""A difference of means counts from so many of its standard errors on."""


class Balance(Diagnostic):
    """For each view, on `count` training and generated samples of the raw generator:

    `accuracy-real` and `accuracy-fake` (share of logits on the right side of 0), `auc` = P(D(x) > D(G(z))) (0.5: the
    discriminator cannot tell), `logit-gap` = E D(x) - E D(G(z)), and `sign-real` = E sign D(x). (ADA's r_t is the same
    of data as augmented in training; it is always measured, as `sign-real/<view>`.)
    On as many held-out samples h, unless `held_out` is off: `accuracy-held-out`, and `over-fit` = (E D(x) - E D(h)) /
    (E D(x) - E D(G(z))), ADA's r_v: 0, held-out data are as real to it as training data; 1, they are fakes to it.
    """

    def __init__(self, *, count: Annotated[int, Option(ge=8, le=1_000_000)] = 64, held_out: bool = True) -> None:
        self.count = count
        self.held_out = held_out

    def measure(self, look: Look) -> Mapping[str, float]:
        given = look.given(self.count)
        panel = Panel(look)
        fakes = panel.hear(look.fake(self.count, averaged=False), given)
        reals = panel.hear(look.real_beside(self.count), given)
        unseen = unseen_judgements(panel, self.count) if self.held_out else {}
        measured: dict[str, float] = {}
        for view, said in fakes.items():
            for name, logits in said.items():
                key = f"balance/{view}/{name}" if name else f"balance/{view}"
                real = reals[view][name]
                numbers = compare(real, logits)
                if view in unseen:
                    numbers |= remembered(real, logits, unseen[view][name])
                measured.update((f"{key}/{what}", value) for what, value in numbers.items())
        return measured


class Panel:
    """The discriminators of a tick as they play, asked about samples."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.networks = look.networks(averaged=False)
        self.played: dict[str, Module] = {}

    def hear(self, sample: Sample, given: Given) -> dict[str, Mapping[str, Tensor]]:
        """Logits by view and judgement."""
        found: dict[str, Mapping[str, Tensor]] = {}
        for name, view in self.look.task.views(self.networks, sample, given).items():
            judge = view.judge or name
            if judge not in self.played:
                self.played[judge] = as_played(self.networks[judge])
            found[name] = judgements(self.played[judge], view)
        return found


def unseen_judgements(panel: Panel, count: int) -> Mapping[str, Mapping[str, Tensor]]:
    """What the discriminators say of held-out samples beside their own conditions; nothing where a task cannot show
    them so: its samples are no batch to draw conditions from, and it shows conditions beside them."""
    look, sample = panel.look, panel.look.real(count)
    if isinstance(sample, Batch):
        if sample.size == 0:
            return {}
        return panel.hear(sample, look.task.draw(sample, look.random("balance", sample.size)))
    try:
        return panel.hear(sample, {})
    except (LookupError, TypeError, AttributeError):
        return {}


def compare(real: Tensor, fake: Tensor) -> dict[str, float]:
    """The numbers of training and generated samples; a map of logits counts as its mean (for `sign-real`, as its
    logits), nothing as NaN."""
    import torch

    signs = real.float().sign().mean()
    real, fake = each(real), each(fake)
    ordered = real.sort()[0]
    below = (torch.searchsorted(ordered, fake) + torch.searchsorted(ordered, fake, right=True)).float() / 2
    numbers = torch.stack(
        [
            (real > 0).float().mean(),
            (fake < 0).float().mean(),
            1 - below.mean() / len(real),
            real.mean() - fake.mean(),
            signs,
        ]
    )
    names = ("accuracy-real", "accuracy-fake", "auc", "logit-gap", "sign-real")
    return dict(zip(names, numbers.tolist(), strict=True))


def remembered(real: Tensor, fake: Tensor, unseen: Tensor) -> dict[str, float]:
    """The numbers of held-out samples. `over-fit` is NaN where the discriminator does not surely tell fakes from
    training data: there is no gap to be a share of."""
    import torch

    real, fake, unseen = each(real), each(fake), each(unseen)
    gap = real.mean() - fake.mean()
    variances = [(part - part.mean()).square().mean() / max(1, len(part)) for part in (real, fake)]
    error = torch.stack(variances).sum().sqrt()
    numbers = torch.stack([(real.mean() - unseen.mean()) / gap, gap / error, (unseen > 0).float().mean()])
    share, surely, accuracy = numbers.tolist()
    return {
        "accuracy-held-out": accuracy,
        "over-fit": share if surely > SURE and math.isfinite(share) else math.nan,
    }


def each(logits: Tensor) -> Tensor:
    """One number (M,) per row."""
    logits = logits.float()
    return logits.flatten(1).mean(1) if logits.dim() > 1 else logits
