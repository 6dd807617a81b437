"""A copy of a discriminator that goes to school: what it gains is what the original has missed.

Original and student are compared in nats of cross-entropy, whatever the loss of the game: the original after the
calibration of its logits that suits it best, the student from there on. So that a step means the same in every network,
what the student adds is scaled until the first step moves its log odds by `STRIDE`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor

from ganlab.builtin.diagnostics.shown import Answers, Key, Pair, answers, part
from ganlab.builtin.metrics.calibration import calibrated, cross_entropy

if TYPE_CHECKING:
    from torch.nn import Module

Lines: TypeAlias = Mapping[Key, tuple[float, float]]
"""Slope and shift that make a judgement's logits log odds."""

STRIDE = 0.2
"""How far the first step moves the log odds, root mean square."""

SURE = 0.03
"""Nats at which the student has learnt all: further steps only make its weights grow, which a spectral norm that stands
still does not bear."""


@dataclass(frozen=True)
class Schooling:
    """How a student is taught: that many steps of Adam at that rate, on `batch` real and as many fake samples each."""

    steps: int
    lr: float
    batch: int


@dataclass(frozen=True)
class Report:
    """Cross-entropy in nats, 0..log 4 where not worse than blind, on samples nobody was taught with; what the student
    says of them, as log odds."""

    original: float
    student: float
    says: Answers


@torch.no_grad()
def taught(original: Module, student: Module, pairs: list[Pair], count: int, how: Schooling) -> Report:
    """Teach `student`, a twin of `original`, on the first half of the `count` samples, and compare on the second.

    The samples come in their order, so that the same game gives the same report. All is NaN where logits are not
    finite, or a view has no rows.
    """
    half = count // 2
    lessons = [part(pairs, start, min(start + how.batch, half), count) for start in range(0, half, how.batch)]
    exam = [part(pairs, start, min(start + how.batch, count), count) for start in range(half, count, how.batch)]
    known = [answers(original, each) for each in lessons]
    lines = {key: calibrated(*pair) for key, pair in joined(known).items()}
    if not all(math.isfinite(number) for each in lines.values() for number in each):
        return Report(math.nan, math.nan, {})
    wide = {key: spread(pair) for key, pair in joined(known).items()}
    scale = {key: 1 / each if each > 0 else 1.0 for key, each in wide.items()}
    for step in range(how.steps):
        if step < 2:  # what the first step makes of the gradients' size is forgotten
            optimizer = torch.optim.Adam(student.parameters(), how.lr)
        turn = step % len(lessons)
        with torch.enable_grad():
            now = answers(student, lessons[turn])
            if step == 1:
                scale = strides(known[turn], now)
            optimizer.zero_grad()
            cost = nats(log_odds(known[turn], now, lines, scale))
            if float(cost.detach()) < SURE:
                break
            cost.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    before = [answers(original, each) for each in exam]
    learnt = said_by(student, known, lessons, lines, scale)
    says = straightened(said_by(student, before, exam, lines, scale), learnt)
    knew = joined([log_odds(each, each, lines, scale) for each in before])
    return Report(float(nats(knew)), float(nats(says)), says)


def said_by(
    student: Module, before: list[Answers], parts: list[list[Pair]], lines: Lines, scale: Mapping[Key, float]
) -> Answers:
    """The student's log odds of all parts, of which the original said what was `before`."""
    after = [answers(student, each) for each in parts]
    return joined([log_odds(*each, lines, scale) for each in zip(before, after, strict=True)])


def straightened(said: Answers, learnt: Answers) -> Answers:
    """What was said, calibrated on what was `learnt`, as the original's logits are: who has moved too far tells real
    from fake all the same, and is only too sure of it."""
    found: Answers = {}
    for key, (real, fake) in said.items():
        slope, shift = calibrated(*learnt[key])
        found[key] = (slope * real + shift, slope * fake + shift)
    return found


def log_odds(known: Answers, now: Answers, lines: Lines, scale: Mapping[Key, float]) -> Answers:
    """What the student says: the calibrated logits of the original, and the scaled difference to them."""
    found: Answers = {}
    for key, (real, fake) in known.items():
        (slope, shift), far = lines[key], scale[key]
        said = now[key]
        found[key] = (
            slope * real + shift + far * (said[0] - real),
            slope * fake + shift + far * (said[1] - fake),
        )
    return found


def strides(known: Answers, now: Answers) -> dict[Key, float]:
    """By judgement, the factor that makes a change of `STRIDE` of what the first step changed; 1 if that is nothing."""
    found = {}
    for key, pair in known.items():
        moved = torch.cat([(after - before).flatten() for before, after in zip(pair, now[key], strict=True)]).detach()
        length = float(moved.square().mean().sqrt())
        found[key] = STRIDE / length if math.isfinite(length) and length > 0 else 1.0
    return found


def spread(pair: tuple[Tensor, Tensor]) -> float:
    """Standard deviation of all logits of a judgement."""
    return float(torch.cat([each.flatten() for each in pair]).std(correction=0))


def joined(parts: list[Answers]) -> Answers:
    """The answers to several lots of pairs, as one."""
    return {
        key: (torch.cat([each[key][0] for each in parts]), torch.cat([each[key][1] for each in parts]))
        for key in parts[0]
    }


def nats(said: Answers) -> Tensor:
    """Cross-entropy of log odds, the mean over judgements."""
    return torch.stack([cross_entropy(*pair) for pair in said.values()]).mean()
