"""As much augmentation as the discriminator needs to stop learning its data by heart, and no more.

When it takes nearly all training data for real (r_t = E sign D(x) over 0.6), it knows them, and is shown augmented ones
more often; when it takes few for real, less often. The x are as it is trained on them: the more of them are augmented,
the fewer it knows, until the probability settles. Source: Karras et al. 2020 (arXiv:2006.06676), section 3.1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Action, Finding, Intervention, Progress, SetProbability, clamp_finite
from ganlab.builtin.interventions.choosing import Positive, Probability


class AdaptAugmentation(Intervention):
    """Adapts how often an augmentation acts to how well the discriminator knows its data (ADA).

    Moves the probability of `augmentation` up while r_t, the mean of `sign-real/<view>` over all views, is over
    `target`, and down while it is under, at a pace that goes from 0 to 1 in `kimg`; never over `most`.

    It steers a little at every tick: at more than a few hundredths of `kimg` a tick it overshoots and swings. 500 kimg,
    the paper's pace, are more than a short run has. A probability that runs away (6.5 in a published run) heals
    nothing, hence `most`.
    The augmentation stands in the recipe, with the probability to begin with.
    """

    steady = True

    def __init__(
        self,
        *,
        augmentation: str = "ada",
        target: Annotated[float, Option(gt=-1, lt=1)] = 0.6,
        kimg: Positive = 500.0,
        most: Probability = 0.8,
    ) -> None:
        self.augmentation = augmentation
        self.target = target
        self.kimg = kimg
        self.most = most
        self.last: float | None = None
        """The kimg at which it last knew r_t."""

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        signs = [
            value for name, value in measurements.items() if name.startswith("sign-real/") and math.isfinite(value)
        ]
        now = measurements.get(f"probability/{self.augmentation}")
        if not signs or now is None:
            return []
        last, self.last = self.last, progress.kimg
        if last is None:
            return []
        over = sum(signs) / len(signs) - self.target
        step = math.copysign((progress.kimg - last) / self.kimg, over) if over else 0.0
        probability = clamp_finite(now + step, 0.0, self.most, f"the probability of '{self.augmentation}'")
        return [SetProbability(self.augmentation, probability)] if probability != now else []

    def may_ask(self) -> Iterable[Action]:
        return [SetProbability(self.augmentation, 0.0)]

    def state(self) -> Mapping[str, Any]:
        return {"last": self.last}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.last = state["last"]
