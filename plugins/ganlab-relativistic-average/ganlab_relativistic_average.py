"""A sample is judged beside the average of the other side: real data must look more real than the usual fake.

With few samples a discriminator stays useful for longer when it cannot simply remember which ones are real. The loss
of ESRGAN (Wang et al. 2018, arXiv:1809.00219, section 3.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class RelativisticAverage(ganlab.Loss):
    """Logits are centred on the other side's average, then charged as `kind` says; the generator pays for both sides.

    logistic: softplus(-x); hinge: max(0, 1 - x); least-squares: (x - 1)^2, where x is how much more real a real
    sample, or less real a fake, is than the other side's average; for the generator, the other way round.
    The average is over the part of the batch at hand: a batch divided over processes averages over fewer.
    Source: Jolicoeur-Martineau 2018 (arXiv:1807.00734), section 4.2 and appendix; RaSGAN, RaHingeGAN, RaLSGAN.
    """

    compares = True

    def __init__(self, *, kind: Literal["logistic", "hinge", "least-squares"] = "logistic") -> None:
        self.kind = kind

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        return self._cost(real - average(fake)), self._cost(average(real) - fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        assert real is not None  # Promised by `compares`.
        return self._cost(fake - average(real)) + average(self._cost(average(fake) - real))

    def _cost(self, lead: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        if self.kind == "logistic":
            return softplus(-lead)
        return (1 - lead).relu() if self.kind == "hinge" else (lead - 1).square()


def average(logits: Tensor) -> Tensor:
    """The mean; over nothing (a view without rows) it is zero and not NaN."""
    return logits.mean() if logits.numel() else logits.sum()


@ganlab.hookimpl
def ganlab_register_losses() -> dict[str, type[ganlab.Loss]]:
    return {"relativistic-average": RelativisticAverage}
