"""Players as they were at the last healthy ticks, for interventions that go back.

They are kept in memory and in every checkpoint, so that a run that was interrupted goes back to the same place; only
where an intervention asks for them, since each is as large as the players.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganlab.engine.health import Health
from ganlab.engine.player import Player
from ganlab.errors import CheckpointError


@dataclass(frozen=True)
class Snapshot:
    """The state of every player at a tick."""

    kimg: float
    players: Mapping[str, Mapping[str, Any]]


class Snapshots:
    """The last `most` of them, the newest last."""

    def __init__(self, most: int) -> None:
        self._kept: deque[Snapshot] = deque(maxlen=most)

    def take(self, players: Mapping[str, Player], kimg: float) -> None:
        """Keep the players as they are now, if any are to be kept."""
        if self._kept.maxlen:
            self._kept.append(Snapshot(kimg, {name: copied(player.state()) for name, player in players.items()}))

    def go_back(self, players: Mapping[str, Player], health: Health) -> float | None:
        """Put the players back to the newest tick that is still believed to have been healthy, and forget later ones.
        Returns where that was, in kimg; None, and nothing happens, if none is kept."""
        while self._kept and health.sick_at(self._kept[-1].kimg):
            self._kept.pop()
        if not self._kept:
            return None
        snapshot = self._kept[-1]
        for name, player in players.items():
            player.restore({**copied(snapshot.players[name]), "learning_rate_factor": player.learning_rate_factor})
        return snapshot.kimg

    def state(self) -> list[dict[str, Any]]:
        """Where each was taken, and the players."""
        return [{"kimg": each.kimg, "players": each.players} for each in self._kept]

    def restore(self, state: Any, players: Mapping[str, Player]) -> None:
        """Take back what `state` returned. Raises `CheckpointError` for what does not fit the players."""
        if not isinstance(state, list):
            raise CheckpointError("the checkpoint's snapshots are no list; take another checkpoint")
        self._kept.clear()
        for each in state:
            kimg, kept = (each.get("kimg"), each.get("players")) if isinstance(each, dict) else (None, None)
            if not isinstance(kimg, float) or not isinstance(kept, dict) or set(kept) != set(players):
                raise CheckpointError("the checkpoint holds a snapshot of other players; take another checkpoint")
            for name, player in players.items():
                player.check_state(kept[name])
            self._kept.append(Snapshot(kimg, kept))


def copied(value: Any) -> Any:
    """A copy that shares no tensor."""
    if isinstance(value, Tensor):
        with torch.no_grad():
            return value.clone()
    if isinstance(value, Mapping):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value
