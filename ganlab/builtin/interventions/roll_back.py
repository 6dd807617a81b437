"""Go back to before a collapse, and change what led to it: to go back alone is to go wrong again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ganlab import Action, Finding, Intervention, Progress, RollBack, ScaleLearningRate, Severity
from ganlab.builtin.interventions.choosing import Factor, players_at_fault, rates


class RollBackAndSlowDown(Intervention):
    """Goes back to the last healthy tick and slows the players down.

    Puts every player back to the last healthy tick, and multiplies the learning rates of `players` by `factor`, while
    one of `monitors` (any, if none is named) has a critical finding that stands. If no player is named it is the one
    at fault, that the findings are about or that moved too far; all of them where nobody is known to be. What was
    wrong from the beginning has nothing to go back to, and is left to others.

    It keeps the players of the last healthy ticks, in memory and in checkpoints. The recipe's `limit` says how often it
    may go back (3 is plenty), and `cool_down` how many ticks the game has to show that it is healthy again.
    """

    goes_back = True

    def __init__(self, *, factor: Factor = 0.5, players: tuple[str, ...] = (), monitors: tuple[str, ...] = ()) -> None:
        self.factor = factor
        self.players = players
        self.monitors = monitors

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        critical = [each for each in findings if each.severity is Severity.CRITICAL and each.began_kimg > 0]
        if not critical:
            return []
        players = self.players or players_at_fault(tuple(critical), measurements) or rates(measurements)
        slowed = [ScaleLearningRate(player, self.factor) for player in players]
        return [*slowed, RollBack(f"{critical[-1].monitor}: {critical[-1].sentence}")]

    def may_ask(self) -> Iterable[Action]:
        return [ScaleLearningRate(player, self.factor) for player in self.players]
