"""Which parameter decides whether a setting is good: PED-ANOVA (Watanabe et al. 2023, arXiv:2304.10255) by Optuna.

It asks how much the best tenth differs from all that were played, parameter by parameter. It needs no more than an
order, so what was given up takes part: it comes after all that was played with all seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ganlab.tune import storage
from ganlab.tune.result import COMPLETE, PRUNED
from ganlab.tune.row import Row

BEST = 0.1
"""The share of trials that counts as good; Optuna's default."""

ENOUGH = 5
"""So many good ones make it steady (Optuna's advice); with one there is nothing to see."""


@dataclass(frozen=True)
class Importance:
    """`shares` sum to 1, largest first; empty if too few were played, as `caution` says."""

    shares: dict[str, float]
    caution: str = ""


def importance(rows: Sequence[Row]) -> Importance:
    """Of every parameter of the study."""
    played = [row for row in rows if row.state in (COMPLETE, PRUNED) and row.distributions]
    good, whole = math.ceil(BEST * len(played)), sum(_whole(row) for row in played)
    if good < 2 or whole < good:
        return Importance(
            {},
            f"Too few trials: the best tenth is compared with all, and of {len(played)} that were played {whole} came "
            f"to a healthy end; {max(2, good)} are needed, and {math.floor(1 / BEST) + 1} in all.",
        )
    shares = _by_optuna(played)
    if good < ENOUGH:
        return Importance(
            shares, f"A hint only: the best tenth are {good} trials; with {ENOUGH} or more the order is steady."
        )
    return Importance(shares)


def _whole(row: Row) -> bool:
    return row.state == COMPLETE and row.feasible


def _by_optuna(played: Sequence[Row]) -> dict[str, float]:
    import optuna

    ranked = sorted(played, key=_order)
    places = {row.number: place if _whole(row) else len(ranked) for place, row in enumerate(ranked)}
    with storage.quiet():
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        study.add_trials(
            [
                optuna.create_trial(
                    params=row.params, distributions=dict(row.distributions), value=float(places[row.number])
                )
                for row in played
            ]
        )
        return dict(optuna.importance.get_param_importances(study))


def _order(row: Row) -> tuple[bool, float]:
    return not _whole(row), math.inf if row.score is None else row.score
