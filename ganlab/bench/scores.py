"""Means over seeds with their standard errors, whether they meet the bars, and the rows of the table that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan, sqrt
from statistics import fmean, stdev
from typing import Any

from ganlab.bench.plan import Game

AT_MOST = ("reverse-kl",)
"""Of these less is better."""

HEADS = ("game", "seeds", "modes", "high quality", "reverse KL", "bars")

Scores = Mapping[str, Any]


def mean(values: Sequence[float]) -> tuple[float, float]:
    """The mean and its standard error, NaN for fewer than two values."""
    return fmean(values), stdev(values) / sqrt(len(values)) if len(values) > 1 else nan


def summary(game: Game, records: Sequence[Scores]) -> dict[str, Any]:
    """What one player reached over the seeds: mean and standard error of each score, the worst seed's modes, and which
    bars the means meet. Empty if nothing was played."""
    if not records:
        return {}
    found: dict[str, Any] = {"seeds": len(records), "worst modes": min(each["modes"] for each in records)}
    for name in game.scores:
        found[name], found[f"{name}/error"] = mean([each[name] for each in records])
    found["bars"] = {name: meets(name, found[name], bar) for name, bar in game.bars.items()}
    return found


def meets(name: str, value: float, bar: float) -> bool:
    """True if the value is at least the bar; of a divergence, at most."""
    return value <= bar if name in AT_MOST else value >= bar


def rows(game: Game, players: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """A row for each player who has played, from their part of a report."""
    summaries = {name: each["summary"] for name, each in players.items()}
    return [
        [
            game.name if player == "recipe" else f"  {player}",
            str(found["seeds"]),
            told(found, "modes", 1, game.modes),
            told(found, "high-quality", 3),
            told(found, "reverse-kl", 4),
            "" if player != "recipe" else bars(game, found["bars"]),
        ]
        for player, found in summaries.items()
        if found
    ]


def told(found: Mapping[str, Any], name: str, digits: int, of: int | None = None) -> str:
    """`993.2 ± 1.4 of 1000`; a dash for what this game does not measure."""
    if name not in found:
        return "-"
    error = found[f"{name}/error"]
    spread = "" if error != error else f" ± {error:.{digits}f}"
    return f"{found[name]:.{digits}f}{spread}" + ("" if of is None else f" of {of}")


def bars(game: Game, met: Mapping[str, bool]) -> str:
    """`held`, or which is missed: `missed: reverse-kl <= 0.06`."""
    missed = [
        f"{name} {'<=' if name in AT_MOST else '>='} {game.bars[name]:g}"
        for name, reached in met.items()
        if not reached
    ]
    return f"missed: {', '.join(missed)}" if missed else "held"
