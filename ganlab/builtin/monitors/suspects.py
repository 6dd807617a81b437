"""Who is likely to be behind a collapse: what the other measurements of the same tick say, the strongest first.

Ranked by how far each number is over what it should be, so that the first cause is the one to look at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganlab.builtin.monitors.reading import by_subject
from ganlab.builtin.monitors.usual import Usual

MOST = 3
"""Causes that are told."""

SLOW = 4.0
"""A discriminator that learns so many times more slowly than the generator is suspect; in a healthy dcgan it is 5."""

FASTER = 3.0
"""A player that moves so many times as far as usual in a step is suspect."""


@dataclass(frozen=True)
class Suspect:
    """What may be behind a trouble: a sentence, what to do about it, and by which factor its number is too large."""

    sentence: str
    advice: str
    weight: float = 1.0


def ranked(suspects: Sequence[Suspect], others: Sequence[Suspect] = ()) -> tuple[tuple[str, ...], str]:
    """The sentences, the likeliest first, and the advice of the first. `others` are possible without any evidence."""
    told = [*sorted(suspects, key=lambda each: -each.weight), *others][:MOST]
    return tuple(each.sentence for each in told), told[0].advice if told else ""


def speeds(measurements: Mapping[str, float], usual: Usual) -> dict[str, float]:
    """How many times as far as usual each player moves in a step."""
    return {
        player: update / before
        for player, update in by_subject(measurements, "update").items()
        if (before := usual.of(f"update/{player}"))
    }


def too_fast(faster: Mapping[str, float]) -> list[Suspect]:
    """Players that moved much farther in a step than they used to."""
    return [
        Suspect(
            f"player '{player}' moved {times:.0f} times as far in a step as it used to",
            f"go back to a checkpoint from before, and lower players.{player}.optimizer.lr",
            times,
        )
        for player, times in faster.items()
        if times > FASTER
    ]


def fallen_behind(measurements: Mapping[str, float]) -> list[Suspect]:
    """Discriminators that a few steps of their own would make much better."""
    return [
        Suspect(
            f"discriminator '{player}' has fallen behind the generator: a few steps of its own would gain it {gap:.2f} "
            "nats",
            f"raise players.{player}.optimizer.lr, lower the generator's, or let '{player}' move more often (phases)",
            gap / 0.3,
        )
        for player, gap in by_subject(measurements, "probe-gap").items()
        if gap > 0.3
    ]


def blind(measurements: Mapping[str, float]) -> list[Suspect]:
    """Discriminators that cannot tell fakes from real data, although the fakes are poor."""
    return [
        Suspect(
            f"discriminator '{view}' cannot tell the fakes from real data (AUC {auc:.2f}), and so teaches nothing",
            f"the discriminator may be starved: raise players.{view}.optimizer.lr to the generator's, or add r1",
            2.0,
        )
        for view, auc in by_subject(measurements, "balance", "auc").items()
        if auc < 0.6
    ]


def starved(measurements: Mapping[str, float]) -> list[Suspect]:
    """Discriminators that learn much more slowly than what they judge."""
    judges = {view.partition("/")[0] for view in by_subject(measurements, "balance", "auc")}
    rates = by_subject(measurements, "learning-rate")
    fastest = sorted([0.0, *(rate for player, rate in rates.items() if player not in judges)])[-1]
    return [
        Suspect(
            f"discriminator '{player}' learns {fastest / rate:.3g} times more slowly than the generator ({rate:.1g})",
            f"the discriminator may be starved: raise players.{player}.optimizer.lr to the generator's, or add r1",
            fastest / rate / SLOW,
        )
        for player, rate in rates.items()
        if player in judges and rate > 0 and fastest > SLOW * rate
    ]


def overwhelming(measurements: Mapping[str, float]) -> list[Suspect]:
    """Discriminators that tell every fake for sure, so that the generator hears only that it is wrong."""
    gaps = by_subject(measurements, "balance", "logit-gap")
    return [
        Suspect(
            f"discriminator '{view}' tells nearly every fake (AUC {auc:.2f}, logits {gaps.get(view, 0.0):.1f} apart)",
            f"lower players.{view}.optimizer.lr, or add or raise terms.r1.weight",
            1.0 + abs(gaps.get(view, 0.0)) / 3,
        )
        for view, auc in by_subject(measurements, "balance", "auc").items()
        if auc > 0.95
    ]


def of_collapse(measurements: Mapping[str, float], faster: Mapping[str, float]) -> list[Suspect]:
    """All that speaks for a reason why the generator collapsed; `faster` is how many times as far as usual each player
    moved in a step when it did."""
    return [
        *too_fast(faster),
        *fallen_behind(measurements),
        *starved(measurements),
        *blind(measurements),
        *overwhelming(measurements),
    ]


def remember(measurements: Mapping[str, float], usual: Usual) -> None:
    """What the players do while all is well."""
    for player, update in by_subject(measurements, "update").items():
        usual.add(f"update/{player}", update)
