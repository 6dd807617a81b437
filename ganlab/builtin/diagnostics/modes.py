"""Which modes of a mixture the generator reaches, and how sharply, where the truth is known.

Counted as in the literature (Srivastava et al. 2017; Lin et al. 2018), but a mode counts only if it gets a tenth of
its share: one lucky sample is not a mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field as Option

from ganlab import Diagnostic, Look, RecipeError


class Modes(Diagnostic):
    """`modes` (0..K), `high-quality` (share of samples within 3 standard deviations of a centre; a perfect generator
    of points in the plane gets 0.989) and `modes/reverse-kl` = KL(shares of the modes || uniform), in nats.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=100, le=10**6)] = 2500,
        weights: Literal["averaged", "raw"] = "averaged",
    ) -> None:
        self.count = count
        self.weights = weights

    def measure(self, look: Look) -> Mapping[str, float]:
        import torch

        centres, sigma = look.dataset.centres, look.dataset.sigma
        if centres is None or sigma is None:
            raise RecipeError("diagnostic 'modes' needs a mixture, such as ring or grid; take another diagnostic")
        sample = look.fake(self.count, averaged=self.weights == "averaged")
        points = sample[next(iter(look.task.makes()))].float()
        distance, mode = torch.cdist(points, centres.to(points.device)).min(1)
        good = mode[distance < 3 * sigma]
        hits = torch.bincount(good, minlength=len(centres)).double()
        expected = (len(good) or 1) / len(centres)
        share = hits / (len(good) or 1)
        kl = float(torch.special.xlogy(share, share * len(centres)).sum()) if len(good) else float("inf")
        suffix = "" if self.weights == "averaged" else "/raw"
        return {
            f"modes{suffix}": float((hits >= 0.1 * expected).sum()) if len(good) else 0.0,
            f"modes/high-quality{suffix}": len(good) / len(points),
            f"modes/reverse-kl{suffix}": kl,
        }
