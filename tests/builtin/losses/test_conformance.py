"""Every built-in loss keeps what `ganlab.testing` asks of a stranger's."""

from __future__ import annotations

from ganlab.builtin.losses import ganlab_register_losses
from ganlab.testing import LossConformance

LOSSES = dict(ganlab_register_losses())


class TestLeastSquares(LossConformance):
    def make(self):
        return LOSSES["least-squares"]()

    def logits(self, *args, **options):
        """Between its targets 0 and 1: beyond them a fake that looks less real costs more."""
        return tuple(0.5 + 0.1 * each for each in super().logits(*args, **options))


for factory in LOSSES.values():
    case = f"Test{factory.__name__}"
    globals().setdefault(case, type(case, (LossConformance,), {"make": lambda self, factory=factory: factory()}))
