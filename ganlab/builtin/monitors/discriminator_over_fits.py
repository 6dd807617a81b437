"""A discriminator that knows the training data by heart: real data it has not seen look like fakes to it.

What it then teaches is to copy. Augmentation of what it sees, or a penalty, is the known cure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.reading import by_subject
from ganlab.builtin.monitors.telling import over, trouble

Share = Annotated[float, Option(gt=0, lt=1)]


class DiscriminatorOverFits(Monitor):
    """Finds a discriminator that knows the training data by heart.

    A finding for each view whose discriminator, for `patience` ticks after the share `grace` of the budget, takes at
    least `sign` more training data for real than for fake, takes `drop` less of the held-out data for real than of the
    training data, and puts held-out data at least `over_fit` of the way from training data to fakes.
    """

    def __init__(
        self,
        *,
        sign: Share = 0.6,
        drop: Share = 0.3,
        over_fit: Share = 0.5,
        grace: Share = 0.1,
        patience: Patience = 3,
    ) -> None:
        self.sign = sign
        self.drop = drop
        self.over_fit = over_fit
        self.grace = grace
        self.knowing = Lasting(patience)

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        ways = by_subject(measurements, "balance", "over-fit")
        held_out = by_subject(measurements, "balance", "accuracy-held-out")
        training = by_subject(measurements, "balance", "accuracy-real")
        signs = by_subject(measurements, "balance", "sign-real")
        found = []
        for view in (each for each in ways if each in held_out and each in training):
            sign = signs.get(view, 2 * training[view] - 1)
            drop = training[view] - held_out[view]
            holds = sign >= self.sign and drop >= self.drop and ways[view] >= self.over_fit
            change = self.knowing.hear(holds and progress.fraction >= self.grace, progress.kimg, view)
            if change is None:
                continue
            began, player = self.knowing.began(view), view.partition("/")[0]
            evidence = {
                f"balance/{view}/sign-real": sign,
                f"balance/{view}/accuracy-real": training[view],
                f"balance/{view}/accuracy-held-out": held_out[view],
                f"balance/{view}/over-fit": ways[view],
            }
            if change is Change.ENDED:
                sentence = f"the discriminator '{view}' judges data it has not seen like training data again"
                found.append(
                    over("discriminator-over-fits", sentence, progress, began, evidence=evidence, subject=view)
                )
                continue
            found.append(
                trouble(
                    "discriminator-over-fits",
                    f"the discriminator '{view}' knows the training data by heart: it takes {training[view]:.0%} of "
                    f"them for real, and {held_out[view]:.0%} of real data it has not seen",
                    Severity.WARNING,
                    progress,
                    began,
                    evidence=evidence,
                    causes=(
                        "there are too few training data for so large a discriminator",
                        f"'{player}' learns too fast, or nothing holds it down",
                        "the held-out data are of another kind than the training data",
                    ),
                    advice='add an augmentation ({ name = "ada" } with the intervention adapt-augmentation, or '
                    '"diff-augment"), add terms.lecam, or lower '
                    f"players.{player}.optimizer.lr",
                    subject=view,
                )
            )
        return found

    def state(self) -> Mapping[str, Any]:
        return {"knowing": self.knowing.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.knowing.restore(state["knowing"])
