"""What a checkpoint holds, and the folder that keeps the last few."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch

from ganlab import disk
from ganlab.disk import make_folder, publish
from ganlab.engine import container, vetting
from ganlab.engine.container import one_line
from ganlab.engine.controls import reapply
from ganlab.engine.game import Clock, Game
from ganlab.engine.health import Health
from ganlab.engine.intervening import restored
from ganlab.engine.shared_random import check_random, random_state, restore_random
from ganlab.engine.signals import BrokenOff
from ganlab.errors import CheckpointError, DivergedError, GanlabError
from ganlab.interfaces.component import Component

KEPT = 2

NAME = re.compile(r"[0-9]{12,18}\.ckpt")


def game_state(game: Game) -> dict[str, Any]:
    """Everything that decides how the game goes on, except what the recipe says."""
    return {
        "clock": asdict(game.clock),
        "players": {name: player.state() for name, player in game.players.items()},
        "streams": {name: stream.position for name, stream in game.streams.items()},
        "ledger": game.ledger.state(),
        "components": component_states(game.components()),
        "silenced": sorted(game.silenced),
        "health": game.health.state(),
        "snapshots": game.snapshots.state(),
        "interventions": {name: list(each) for name, each in game.acted.items()},
        "actions": game.applied,
        "random": random_state(game.place.device),
    }


def component_states(components: Mapping[str, Component]) -> dict[str, dict[str, Any]]:
    """What each has to remember."""
    return {name: dict(each.state()) for name, each in components.items()}


def restore_game(game: Game, state: Mapping[str, Any], *, allow_nonfinite: bool = False) -> None:
    """Put the game where it was; random state last, so that nothing draws in between.

    Raises `CheckpointError` if the state is another game's, is not what `game_state` makes, or holds weights that are
    not finite and are not allowed.
    """
    try:
        check_state(game, state)
        budget = {"budget_samples": game.clock.budget_samples, "budget_rounds": game.clock.budget_rounds}
        game.clock = Clock(**{**state["clock"], **budget})
        for name, player in game.players.items():
            try:
                player.restore(state["players"][name])
            except CheckpointError as error:
                raise CheckpointError(f"the checkpoint does not fit player '{name}': {error}") from None
            vetting.check_factor(name, player.learning_rate_factor)
        game.nonfinite = allow_nonfinite and not_finite(game) is not None
        if not allow_nonfinite and (told := not_finite(game)) is not None:
            raise CheckpointError(f"{told} holds numbers that are not finite; take an older one, or --allow nonfinite")
        for name, stream in game.streams.items():
            stream.move_to(state["streams"][name])
        game.ledger.restore(state["ledger"])
        game.applied = list(state["actions"])
        game.silenced = set(state.get("silenced", ()))  # format 1 had none
        reapply(game)
        if "health" in state:  # it was not kept at first
            game.health.restore(state["health"])
            game.snapshots.restore(state["snapshots"], game.players)
            game.acted = restored(state["interventions"])
        restore_components(game.components(), state["components"])
        restore_random(state["random"], game.place.device)
    except (CheckpointError, MemoryError, torch.OutOfMemoryError):
        raise
    except GanlabError as error:
        raise CheckpointError(f"the checkpoint does not fit this game: {one_line(error)}") from error
    except Exception as error:  # the hash was right, and still it is not what we write
        raise CheckpointError(
            f"the checkpoint does not hold a game ({type(error).__name__}: {one_line(error)})"
        ) from error


def check_state(game: Game, state: Mapping[str, Any]) -> None:
    """Raise `CheckpointError`, or what Python says of a part that is missing, if the state beside the weights is none
    that this game could have been in."""
    vetting.check_clock(
        vetting.table("clock", state["clock"]),
        [each.name for each in fields(Clock) if not each.name.startswith("budget")],
    )
    vetting.check_same_names("players", state["players"], game.players)
    vetting.check_players(state["players"])
    vetting.check_same_names("streams", state["streams"], game.streams)
    vetting.check_streams(state["streams"])
    vetting.check_ledger(state["ledger"])
    vetting.check_actions(state["actions"])
    vetting.check_components(state["components"])
    vetting.check_words("silenced", state.get("silenced", []))
    check_random(state["random"])


def restore_components(components: Mapping[str, Component], states: Mapping[str, Any]) -> None:
    """Give each what it had to remember; one that is new to the recipe begins anew."""
    for name, each in components.items():
        if name in states:
            try:
                each.restore(states[name])
            except Exception as error:
                told = f"{type(error).__name__}: {one_line(error)}"
                raise CheckpointError(f"{name} cannot take back its state ({told}); was its plugin changed?") from error


@contextmanager
def forgotten_if_broken_off(game: Game) -> Iterator[None]:
    """Inside, the watch looks. If it is broken off, it remembers nothing of this look, and can look again."""
    kept = deepcopy(component_states(game.watchers()))
    silenced = set(game.silenced)
    try:
        yield
    except BrokenOff:
        restore_components(game.watchers(), kept)
        game.silenced = silenced
        raise


def check_publishable(game: Game) -> None:
    """Raise `DivergedError` rather than publish what would be refused when it is taken back."""
    if not game.nonfinite and (told := not_finite(game)) is not None:
        raise DivergedError(f"{told} stopped being finite by round {game.clock.round}; lower its learning rate")


def not_finite(game: Game) -> str | None:
    """Which weight, average or memory of an optimiser is not finite, and whose; None if all are."""
    for player in game.players.values():
        if (name := player.first_not_finite()) is not None:
            return f"{name} of player '{player.name}'"
    return None


class CheckpointFolder:
    """`checkpoints/` of a run: the newest valid file is found by looking, never by a pointer."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def save(self, tree: Mapping[str, Any], samples: int, health: Health | None = None) -> Path:
        """Publish a new generation; when it is safe, let go of all but the last few and those that a run goes back to
        when it falls ill. Raises `StorageError`."""
        make_folder(self.directory)
        path = self.directory / f"{samples:012d}.ckpt"
        publish(container.pack(tree), path)
        with suppress(OSError):  # what cannot be removed now is removed by the next save
            self._let_go(samples, health)
        return path

    def _let_go(self, samples: int, health: Health | None) -> None:
        """Remove what was followed by enough generations that are whole. A newer one is not ours to judge."""
        older = [each for each in self.generations() if _samples(each) < samples]
        refuges = [] if health is None else to_go_back_to(older, health)
        kept = 1
        for path in older:
            if kept < KEPT:
                if container.is_whole(path):
                    kept += 1
                else:
                    set_aside(path)
            elif path not in refuges:
                disk.system.remove(path)

    def generations(self) -> list[Path]:
        """Checkpoint files, newest first. What has another name was put there by somebody else."""
        found = [each for each in self.directory.glob("*.ckpt") if NAME.fullmatch(each.name)]
        return sorted(found, key=_samples, reverse=True)

    def newest(self, *, mend: bool = False) -> tuple[dict[str, Any], Path, list[str]]:
        """The newest checkpoint that is whole, its path, and what was wrong with newer ones.

        With `mend`, for the run's owner alone, newer ones are set aside as `*.ckpt.damaged`, where they take no whole
        one's place. Raises `CheckpointError` if there is none.
        """
        damaged: list[Path] = []
        renamed: list[tuple[dict[str, Any], Path]] = []
        problems: list[str] = []
        for path in self.generations():
            try:
                tree = container.read(path)
            except container.NewerFormat:
                raise
            except CheckpointError as error:
                if os.path.lexists(path):  # else a newer one has taken its place meanwhile
                    problems.append(str(error))
                    damaged.append(path)
                continue
            held = samples_in(tree)
            if held is not None and not (isinstance(held, int) and held == _samples(path)):
                problems.append(f"{path.name}: holds sample {one_line(held, 20)}, so it was renamed")
                renamed.append((tree, path))
                continue
            for each in damaged if mend else []:
                set_aside(each)
            return tree, path, problems
        if renamed:
            return *renamed[0], problems
        told = "; ".join(problems) or f"no checkpoint was written yet{self._strangers()}"
        raise CheckpointError(
            f"run '{self.directory.parent.name}' has no whole checkpoint: {told}; put a copy of one back, or begin anew"
        )

    def newest_healthy(self) -> tuple[dict[str, Any], Path, list[str]]:
        """The newest checkpoint from a tick at which, as is known by now, no critical trouble stood, and what `newest`
        says beside. Raises `CheckpointError` if none is left."""
        newest, path, problems = self.newest()
        health = Health()
        health.restore(newest["game"]["health"])
        for each in [path, *(older for older in self.generations() if _samples(older) < _samples(path))]:
            if not health.sick_at(_samples(each) / 1000):
                try:
                    return container.read(each), each, problems
                except CheckpointError as error:
                    problems.append(str(error))
        told = ", ".join(dict.fromkeys(finding.monitor for finding in health.standing))
        raise CheckpointError(
            f"run '{self.directory.parent.name}' has no checkpoint left from before its trouble ({told}); "
            "begin another with what was learnt"
        )

    def leave_behind(self, path: Path) -> None:
        """Set those aside that are newer than `path`, as `*.ckpt.sick`. Only for the run's owner."""
        for each in self.generations():
            if _samples(each) > _samples(path):
                set_aside(each, "sick")

    def _strangers(self) -> str:
        """What a person may take for a checkpoint."""
        others = sorted(each.name for each in self.directory.glob("*.ckpt*") if ".tmp." not in each.name)
        return (
            f" ({one_line(repr(others[0]))} is no name of one, which says its samples in 12 digits)" if others else ""
        )


def to_go_back_to(newest_first: Sequence[Path], health: Health) -> list[Path]:
    """The newest checkpoint that is proven to be from a healthy run and, of those that wait to be, the oldest, which
    will be proven first."""
    proven = next((each for each in newest_first if health.proven_at(_samples(each) / 1000)), None)
    since = -1 if proven is None else _samples(proven)
    waiting = [each for each in newest_first if _samples(each) > since and not health.sick_at(_samples(each) / 1000)]
    return [*([proven] if proven else []), *waiting[-1:]]


def set_aside(path: Path, why: str = "damaged") -> None:
    """Take a checkpoint out of the row, for whoever wants to look at it. Where the disk refuses, it stays."""
    with suppress(OSError):
        disk.system.rename(path, path.with_name(f"{path.name}.{why}"))


def samples_in(tree: Mapping[str, Any]) -> Any:
    """How many samples had been shown, as the game's clock says; None if there is no game in it."""
    node: Any = tree
    for part in ("game", "clock", "samples"):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _samples(path: Path) -> int:
    """How many samples had been shown, as the name says."""
    return int(path.stem)
