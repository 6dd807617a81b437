"""Let a player move more or less often while a finding stands: n_critic as a cure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Action, Finding, Intervention, Progress
from ganlab import SetTurns as Turns

Count = Annotated[int, Option(ge=0, le=1000)]


class SetTurns(Intervention):
    """Lets a player move more or less often while a finding stands.

    Lets `player` move `turns` times a round as soon as one of `monitors` has a finding, and `afterwards` times when
    none stands any more; without `afterwards` it stays as it is.
    """

    def __init__(
        self, *, player: str, turns: Count, monitors: tuple[str, ...], afterwards: Count | None = None
    ) -> None:
        self.player = player
        self.turns = turns
        self.monitors = monitors
        self.afterwards = afterwards
        self.changed = False

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        if findings and not self.changed:
            self.changed = True
            return [Turns(self.player, self.turns)]
        if self.changed and not findings and self.afterwards is not None:
            self.changed = False
            return [Turns(self.player, self.afterwards)]
        return []

    def may_ask(self) -> Iterable[Action]:
        return [Turns(self.player, self.turns)]

    def state(self) -> Mapping[str, Any]:
        return {"changed": self.changed}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.changed = bool(state["changed"])
