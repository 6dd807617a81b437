"""Where the truth is known: the generator makes things that look right and are wrong.

It may draw the wrong number of shapes, lines that meet nowhere, halves that do not belong together. The share that is
right, relative to real data, is read exactly from the samples (diagnostic `truth`), so no other number stands for it.
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

ABOUT = {
    "count": "counting: there are too many things, or too few, or what is none",
    "shapes": "things are none that the data have",
    "position": "placing: things lie where none should",
    "spacing": "placing: things lie too near to each other",
    "vanishing-point": "perspective: lines do not meet where they should",
    "size-law": "perspective: sizes do not follow the distance",
    "mirror": "global structure: the halves do not mirror each other",
    "rule": "global structure: parts that must agree do not",
    "free": "diversity: what is free to vary does not",
}
"""What it means that a property is wrong."""


class FailingTruth(Monitor):
    """Finds properties that samples get wrong, where the truth is known.

    A finding for each property of the truth that, after the share `grace` of the budget, is right in less than
    `level` of what real data score, for `patience` ticks.
    """

    def __init__(self, *, level: Share = 0.5, grace: Share = 0.6, patience: Patience = 3) -> None:
        self.level = level
        self.grace = grace
        self.wrong = Lasting(patience)

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        if progress.fraction < self.grace:
            return []
        found = []
        told = bare(measurements)
        for called, share in by_subject(told, "truth", "of-real").items():
            change = self.wrong.hear(share < self.level, progress.kimg, called)
            if change is None:
                continue
            began = self.wrong.began(called)
            beside = (
                f"truth/{called}/of-real",
                f"truth/{called}/baseline",
                f"truth/{called}/control",
                "truth/readable",
            )
            evidence = {name: told[name] for name in beside if name in told}
            readable = told.get("truth/readable")
            if change is Change.ENDED:
                sentence = f"{called} is right again: in {share:.0%} of what real data score"
                found.append(over("failing-truth", sentence, progress, began, evidence=evidence, subject=called))
                continue
            about = ABOUT.get(called, "")
            unreadable = "the samples are too blurred or broken to be read: the generator has not learnt the parts yet"
            causes = [
                "the generator and the discriminator see too small a part of the picture at once to agree on the whole",
                "the budget is too short: parts are learnt before the whole",
                "the discriminator does not punish it: the parts alone already tell real from fake",
            ]
            found.append(
                trouble(
                    "failing-truth",
                    f"the generator gets {called} wrong: {share:.0%} of what real data score"
                    + (f" ({about})" if about else ""),
                    Severity.WARNING,
                    progress,
                    began,
                    evidence=evidence,
                    causes=tuple([unreadable, *causes] if readable is not None and readable < 0.5 else causes)[:3],
                    advice="look at the samples; give deeper networks or attention (architecture), or a larger "
                    "budget_kimg",
                    subject=called,
                )
            )
        return found

    def state(self) -> Mapping[str, Any]:
        return {"wrong": self.wrong.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.wrong.restore(state["wrong"])


def bare(measurements: Mapping[str, float]) -> dict[str, float]:
    """The measurements, of averaged or of raw weights alike; of the averaged ones where there are both."""
    raw = {name.removesuffix("/raw"): value for name, value in measurements.items() if name.endswith("/raw")}
    return raw | {name: value for name, value in measurements.items() if not name.endswith("/raw")}
