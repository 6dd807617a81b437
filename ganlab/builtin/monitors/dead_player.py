"""A player that no longer moves, although its learning rate says it should: no gradient reaches it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity, best_of
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.reading import by_subject
from ganlab.builtin.monitors.telling import over, trouble

Tiny = Annotated[float, Option(gt=0, le=1e-2)]

FADED = 0.05
"""A learning rate below so much of its highest has been put to rest by its schedule."""

NO_GRADIENT = 1e-7
"""Adam divides by the gradient's size plus 1e-8: below that, nothing moves."""


class DeadPlayer(Monitor):
    """Finds a player that no longer moves, or gets no gradient.

    A finding for each player whose relative update stays below `update`, or whose gradient's norm below `gradient`,
    for `patience` ticks, unless its schedule has put it to rest. A generator without a gradient is critical: nothing
    can become better any more.
    """

    def __init__(self, *, update: Tiny = 1e-5, gradient: Tiny = NO_GRADIENT, patience: Patience = 3) -> None:
        self.update = update
        self.gradient = gradient
        self.still = Lasting(patience)
        self.highest: dict[str, float] = {}

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        rates = by_subject(measurements, "learning-rate")
        updates = by_subject(measurements, "update")
        gradients = by_subject(measurements, "gradient-norm")
        generators = {view.rpartition("/")[2] for view in by_subject(measurements, "cost") if "/" in view}
        found = []
        for player in {**updates, **gradients}:
            rate = rates.get(player)
            if rate is not None:
                self.highest[player] = best_of(self.highest.get(player, 0.0), rate)
            resting = rate is not None and rate <= FADED * self.highest[player]
            still = player in updates and updates[player] < self.update
            unheard = player in gradients and gradients[player] < self.gradient
            change = self.still.hear(not resting and (still or unheard), progress.kimg, player)
            if change is None:
                continue
            began = self.still.began(player)
            evidence = {
                f"{what}/{player}": values[player]
                for what, values in (("update", updates), ("gradient-norm", gradients), ("learning-rate", rates))
                if player in values
            }
            if change is Change.ENDED:
                sentence = f"'{player}' moves again" if not resting else f"'{player}' is at rest by its schedule"
                found.append(over("dead-player", sentence, progress, began, evidence=evidence, subject=player))
                continue
            found.append(
                trouble(
                    "dead-player",
                    f"'{player}' no longer gets a gradient: it is dead" if unheard else f"'{player}' no longer moves",
                    Severity.CRITICAL if unheard and player in generators else Severity.WARNING,
                    progress,
                    began,
                    evidence=evidence,
                    causes=(
                        (
                            "the discriminator is so sure that the loss lets no gradient through",
                            "all units of a layer are switched off (relu), after too large a step",
                            "its terms have weight 0, or charge something it does not make",
                        )
                        if unheard
                        else (
                            "its learning rate is far too low for its weights",
                            "a clip_norm cuts its gradient to nothing",
                            "its weights have grown until a step no longer counts",
                        )
                    ),
                    advice=(
                        "lower the discriminator's learning rate, or go back to a checkpoint from before"
                        if unheard
                        else f"raise players.{player}.optimizer.lr"
                    ),
                    subject=player,
                )
            )
        return found

    def state(self) -> Mapping[str, Any]:
        return {"still": self.still.state(), "highest": dict(self.highest)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.still.restore(state["still"])
        self.highest = dict(state["highest"])
