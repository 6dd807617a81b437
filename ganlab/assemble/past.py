"""What a run was when its newest checkpoint was written, and in what it goes on differently.

A checkpoint carries its run's provenance and recipe, guarded by the same hash as its weights, so it is asked, and not
the small files beside it, which anybody may have edited.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganlab.assemble import changes as recipe_changes
from ganlab.assemble.difference import Differences
from ganlab.assemble.provenance import life
from ganlab.assemble.reading import numbers
from ganlab.assemble.resolution import resolve
from ganlab.assemble.run_directory import RunDirectory
from ganlab.engine.checkpoint import restore_game
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.engine.container import one_line
from ganlab.engine.game import Game
from ganlab.engine.run import Run
from ganlab.errors import CheckpointError, DataError, GanlabError, RecipeError
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe

WATCHED = ("ganlab", "python", "machine", "device", "cpu_capability", "threads", "interop_threads", "processes")
GAME = {"clock": dict, "players": dict, "streams": dict, "components": dict, "actions": list, "random": dict}
"""What a checkpoint holds of the game, and as what."""

GROUPS = {"libraries": "{}", "arithmetic": "{}", "plugins": "plugin {}"}
"""What may change bits: keys of a provenance, and tables of such keys."""


@dataclass(frozen=True)
class Past:
    """A whole checkpoint of a run: the newest, unless it `goes_back` to before a trouble. `problems` says what was
    wrong with newer ones."""

    directory: RunDirectory
    path: Path
    state: Mapping[str, Any]
    identity: Mapping[str, Any]
    problems: list[str]
    goes_back: bool = False

    @classmethod
    def read(cls, directory: RunDirectory, *, healthy: bool = False) -> Past:
        """The run's past, up to its newest checkpoint, or to the newest that is `healthy`. Raises `CheckpointError` if
        there is none, or what is whole is no checkpoint of a run."""
        folder = CheckpointFolder(directory.path / "checkpoints")
        state, path, problems = folder.newest_healthy() if healthy else folder.newest()
        identity = state.get("identity")
        if not isinstance(identity, dict) or not isinstance(identity.get("data"), dict):
            raise CheckpointError(f"{path.name}: is whole, but does not say whose it is; take another checkpoint")
        try:
            json.dumps(identity)
        except (TypeError, ValueError, RecursionError):
            raise CheckpointError(f"{path.name}: is whole, but says whose it is in tensors; take another") from None
        for part in ("game", "run"):
            if not isinstance(state.get(part), dict):
                raise CheckpointError(f"{path.name}: is whole, but has no '{part}'; take another checkpoint")
        for part, kind in GAME.items():
            if not isinstance(state["game"].get(part), kind):
                raise CheckpointError(f"{path.name}: is whole, but has no '{part}' of a game; take another checkpoint")
        return cls(directory, path, state, identity, problems, goes_back=healthy)

    @property
    def recipe_text(self) -> str | None:
        """The recipe that was played, as TOML; None if the checkpoint does not hold it."""
        text = self.identity.get("recipe_text")
        return text if isinstance(text, str) else None

    def recipe(self, plugins: Plugins) -> Recipe | None:
        """The same, typed. Raises `CheckpointError` if it is none."""
        if self.recipe_text is None:
            return None
        try:
            return resolve(tomllib.loads(self.recipe_text), plugins)
        except (ValueError, RecursionError, RecipeError) as error:
            told = str(error).splitlines()[0]
            raise CheckpointError(f"{self.path.name}: the recipe in it cannot be used: {told}") from None

    @property
    def lineage(self) -> list[Any]:
        """The lives up to this checkpoint."""
        found = self.identity.get("lineage")
        return list(found) if isinstance(found, list) else []

    def later_lives(self) -> list[dict[str, Any]]:
        """Lives that ended before they wrote a checkpoint, as `provenance.json` remembers them."""
        written = self.directory.provenance()
        found = written.get("lineage")
        if written.get("run_id") != self.identity.get("run_id") or not isinstance(found, list):
            return []
        return [each for each in found[len(self.lineage) :] if isinstance(each, dict)]

    def place(self) -> dict[str, Any]:
        """Which checkpoint this is, and how far the run was."""
        clock = self.state["game"]["clock"]
        if not all(each is None or (isinstance(each, int) and 0 <= each < 2**63) for each in clock.values()):
            raise CheckpointError(f"{self.path.name}: is whole, but its clock does not count; take another")
        if not numbers(clock, "samples", "round"):
            raise CheckpointError(f"{self.path.name}: is whole, but does not say where the run was; take another")
        return {"checkpoint": self.path.name, "kimg": clock["samples"] / 1000, "round": clock["round"]}

    def granted(self, changes: Mapping[str, tuple[Any, Any]]) -> set[str]:
        """Keys that a later life was allowed to change to what they are to be."""
        found = set()
        for each in self.later_lives():
            kept, allowed = each.get("changes"), each.get("allowed")
            if isinstance(kept, dict) and isinstance(allowed, list) and "recipe" in allowed:
                found |= {key for key, values in changes.items() if kept.get(key) == list(values)}
        return found

    def go_on(
        self, record: Mapping[str, Any], recipe: Recipe, plugins: Plugins, allowed: Collection[str]
    ) -> dict[str, Any]:
        """The provenance of the run's next life, which `record` describes: what is not as it was stands in its
        lineage.

        Raises `RecipeError` for a change of recipe or device and `DataError` for other samples, unless allowed.
        """
        before = self.recipe(plugins)
        changes: Differences = {} if before is None else recipe_changes.changed(before, recipe)
        if before is not None:
            recipe_changes.refuse(changes, before, allowed, self.granted(changes))
        if "device" not in allowed:
            self._refuse_another_device(record)
        if "data" not in allowed and self.identity["data"] != record["data"]:
            raise DataError(
                f"the samples of run '{self.directory.name}' have changed since it began; "
                "restore them, begin another run, or add --allow data"
            )
        notes = [f"{problem}; going on from {self.path.name}" for problem in self.problems]
        if before is not None:
            notes += recipe_changes.notes(changes, before, recipe)
        renamed = any(key.endswith((".name", ".observers")) for key in changes)
        notes += [f"not bit-exact: {each}" for each in differences(self.identity, record, renamed=renamed)]
        entry = life(record, since=self.place(), allowed=allowed, changes=changes, notes=notes)
        kept = {key: self.identity[key] for key in ("run_id", "recipe", "started") if key in self.identity}
        return {**record, **kept, "lineage": [*self.lineage, *self.later_lives(), entry]}

    def _refuse_another_device(self, record: Mapping[str, Any]) -> None:
        told = f"run '{self.directory.name}' was played"
        kind = self.identity.get("device_kind", record["device_kind"])
        if kind != record["device_kind"]:
            raise RecipeError(
                f"{told} on {kind}, this is {record['device_kind']}, where other bits come out; "
                f"say --device {kind}, or add --allow device"
            )
        processes = self.identity.get("processes", record["processes"])
        if processes != record["processes"]:
            how = "without torchrun" if processes == 1 else f"with 'torchrun --nproc-per-node {processes} -m ganlab'"
            raise RecipeError(
                f"{told} by {processes} process{'es' if processes != 1 else ''}, this time there would be "
                f"{record['processes']}; start it {how}, or add --allow device"
            )

    def restore(self, game: Game, run: Run, allowed: Collection[str]) -> None:
        """Put the game and its record where they were. Raises `CheckpointError`."""
        restore_game(game, self.state["game"], allow_nonfinite="nonfinite" in allowed)
        try:
            run.restore(self.state["run"])
        except GanlabError:
            raise
        except Exception as error:  # the hash was right, and still it is not what we write
            raise CheckpointError(
                f"{self.path.name}: its record cannot be gone on with ({type(error).__name__}: {error})"
            ) from error

    def mend(self) -> None:
        """Set newer checkpoints aside: those that are damaged, and those of what is left behind, whose record is kept
        beside the one that goes on. For the run's owner alone, when it goes on."""
        folder = CheckpointFolder(self.directory.path / "checkpoints")
        if self.problems:
            folder.newest(mend=True)
        if self.goes_back and folder.generations()[0] != self.path:
            self.directory.keep_records()
            folder.leave_behind(self.path)


def differences(before: Mapping[str, Any], now: Mapping[str, Any], *, renamed: bool = False) -> Iterator[str]:
    """What is not as it was, and may change bits, key by key. A recipe that names other things (`renamed`) uses other
    plugins, so that one which is in one of the two alone means nothing."""
    for key in WATCHED:
        if before.get(key) != now[key]:
            yield _told(key, before.get(key), now[key])
    for name, fingerprint in now["data"].items():
        if before["data"].get(name) != fingerprint:
            yield f"the samples of '{name}' have changed"
    for group, label in GROUPS.items():
        old, new = before.get(group), now[group]
        old = old if isinstance(old, dict) else {}
        for name in dict.fromkeys([*old, *new]):
            if old.get(name) == new.get(name) or (group == "plugins" and name == "ganlab"):
                continue  # of ganlab's own plugins the version is told already
            if not (renamed and group == "plugins" and (name not in old or name not in new)):
                yield _told(label.format(name), old.get(name), new.get(name))


def _told(name: str, old: Any, new: Any) -> str:
    words = ["absent" if each is None else one_line(each) for each in (old, new)]
    return f"{name} was {words[0]}, is {words[1]}"
