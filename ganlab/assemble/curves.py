"""What the curves of a whole run say without a monitor, once it has ended: that it lost what it had, that a number was
never one again, that a cost ran away, that the data are known by heart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ganlab.assemble.history import History, Moment
from ganlab.assemble.quality import JUDGED, LESS_IS_BETTER, Best, best_of, family
from ganlab.values import Finding, Severity

LOST = 2.0
"""So many times worse than its best, a run has lost what it had."""

WORSE = 1.25
"""So many times worse, it is past its best."""

RAN_AWAY = 100.0
"""So many times its usual size, a cost runs away."""

KNOWN_BY_HEART = 0.9
"""With so much more training data above 0 than below, at the end, the discriminator knows them by heart."""


def findings(history: History, measurement: str | None) -> Iterator[Finding]:
    """What the curves of a run say without a monitor: where it lost its best, and what of it is not finite or ran away
    at its end."""
    if measurement is not None and (best := best_of(history, measurement)) is not None:
        yield from past_its_best(history, best)
    if history.foreign:
        yield from never_finite_again(history, measurement)
        yield from running_away(history, quality=measurement is not None)
        yield from known_by_heart(history)


def past_its_best(history: History, best: Best) -> Iterator[Finding]:
    """A finding if the end is far from the best: critical from twice as bad, in a record of many ticks at the last two
    of them."""
    if not history.foreign and family(best.measurement) not in ("fid", "frechet"):
        return  # monitors watch over the others, and know how they waver
    course = [(moment, value) for moment, value in history.course(best.measurement) if math.isfinite(value)]
    bad = worse_than_before(course, best, LOST)
    if len(bad) >= (1 if history.foreign else 2):
        severity, factor = Severity.CRITICAL, "has lost what it had"
    elif best.ratio >= WORSE and history.foreign:
        severity, factor, bad = Severity.WARNING, "is past its best", worse_than_before(course, best, WORSE)
    else:
        return
    began = bad[0]
    yield Finding(
        monitor="past-its-best",
        sentence=(
            f"the run {factor}: {best.measurement} ended at {best.last:.4g}, {best.ratio:.2g} times worse than its "
            f"best, {best.value:.4g} at {history.place(best.moment.at)}"
        ),
        severity=severity,
        kimg=best.end.at,
        round=best.end.round,
        began_kimg=began.at,
        evidence={"best": best.value, "end": best.last, "times": best.ratio},
        advice="keep the checkpoint of the best, and stop there next time; to go on from it, lower the learning rates",
        subject=best.measurement,
        causes=(
            "the learning rates are too high to stay where it was good",
            "the discriminator has learnt its data by heart, or has won",
        ),
    )


def worse_than_before(course: Sequence[tuple[Moment, float]], best: Best, times: float) -> list[Moment]:
    """The moments at the end of the course that are all so many times worse than the best before them."""
    less = LESS_IS_BETTER.get(family(best.measurement), False)
    if family(best.measurement) not in JUDGED:
        return []
    so_far = math.nan
    bad: list[Moment] = []
    for moment, value in course:
        if math.isnan(so_far) or (value < so_far if less else value > so_far):
            so_far = value
        is_bad = so_far > 0 and (value >= times * so_far if less else value * times <= so_far)
        if is_bad:
            bad.append(moment)
        else:
            bad.clear()
    return bad


def never_finite_again(history: History, measurement: str | None) -> Iterator[Finding]:
    """A finding for the first cost, or the quality, that stopped being a number and never was one again."""
    broken: list[tuple[Moment, str, float]] = []
    for name in history.names():
        if name.startswith(("cost/", "loss/")) or name == measurement:
            course = history.course(name)
            finite = [index for index, (_, value) in enumerate(course) if math.isfinite(value)]
            first = finite[-1] + 1 if finite else 0
            if first < len(course):
                broken.append((course[first][0], name, course[first][1]))
    if broken:
        moment, name, value = min(broken, key=lambda each: each[0].at)
        yield Finding(
            monitor="never-finite-again",
            sentence=f"{name} became {value} at {history.place(moment.at)}, and never was a number again",
            severity=Severity.CRITICAL,
            kimg=moment.at,
            round=moment.round,
            began_kimg=moment.at,
            evidence={name: value},
            advice="go back to a checkpoint from before, and lower the learning rates or add a penalty such as r1",
            subject=name,
            causes=("a learning rate is too high, and a step went too far", "half precision overflowed"),
        )


def running_away(history: History, *, quality: bool) -> Iterator[Finding]:
    """A finding for each cost that ended many times larger than it was in the first half. Where a quality was measured
    it says how the run is, and this warns: the cost of a Wasserstein loss may be of any size."""
    for name in history.names():
        course = [(moment, abs(value)) for moment, value in history.course(name) if math.isfinite(value)]
        if not name.startswith("cost/") or len(course) < 20:
            continue
        usual = median([value for _, value in course[: len(course) // 2]])
        ended = median([value for _, value in course[-max(2, len(course) // 10) :]])
        if ended < RAN_AWAY * max(usual, 1.0):
            continue
        began = course[-1][0]
        for moment, value in reversed(course):
            if value < RAN_AWAY * max(usual, 1.0) / 10:
                break
            began = moment
        yield Finding(
            monitor="running-away",
            sentence=f"{name} runs away: it ended at {ended:.3g}, {ended / max(usual, 1e-12):.0f} times its usual size",
            severity=Severity.WARNING if quality else Severity.CRITICAL,
            kimg=course[-1][0].at,
            round=course[-1][0].round,
            began_kimg=began.at,
            evidence={"usual": usual, "end": ended},
            advice="go back to a checkpoint from before, and lower the learning rates or add a penalty such as r1",
            subject=name,
            causes=("nothing holds the slope of the discriminator down", "a learning rate is too high"),
        )


def known_by_heart(history: History) -> Iterator[Finding]:
    """A warning if r_t, the share of training data above 0 less the share below, stayed near 1 to the end (Karras et
    al., arXiv:2006.06676, section 3)."""
    for name in history.names():
        course = [(moment, value) for moment, value in history.course(name) if math.isfinite(value)]
        if not name.startswith("sign-real/") or len(course) < 10:
            continue
        end = [value for _, value in course[-max(3, len(course) // 10) :]]
        if min(end) >= KNOWN_BY_HEART:
            since = course[-1][0]
            for moment, value in reversed(course):
                if value < KNOWN_BY_HEART:
                    break
                since = moment
            yield Finding(
                monitor="known-by-heart",
                sentence=f"the discriminator knows its training data by heart: r_t is {end[-1]:.2f} at the end",
                severity=Severity.WARNING,
                kimg=course[-1][0].at,
                round=course[-1][0].round,
                began_kimg=since.at,
                evidence={name: end[-1]},
                advice="augment what the discriminator sees (ADA), or take more data",
                subject=name,
                causes=("there are too few training data for this discriminator",),
            )


def median(values: Sequence[float]) -> float:
    """The middle of the values."""
    return sorted(values)[len(values) // 2]
