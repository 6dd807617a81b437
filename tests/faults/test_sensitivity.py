"""The comparison that kills are judged by feels every part of a checkpoint.

The parts are found by walking through a checkpoint of the game that has everything on. Each in turn is put back to what
it was in the first checkpoint, or to nothing; then the run must go on otherwise than it did, or refuse. So a part that
is new has a case at once, and one that nobody would miss fails here.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from torch import Tensor

from ganlab import disk
from ganlab.assemble import provenance
from ganlab.builtin.reporters import samples, tensorboard
from ganlab.disk import System
from ganlab.engine import container, ledger, loop
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.engine.game import Game
from ganlab.engine.health import Health
from ganlab.errors import GanlabError, StorageError
from ganlab.values import Ending
from tests.disks import put_in
from tests.engine.toys import ToyPlugins
from tests.faults.everything import PLUGINS, RECIPE, left
from tests.faults.lives import Lives, tiny

PARTS = 4
"""The cases are cut into so many tests, so that they can be shared out."""

CUT = 9
"""The round after which the checkpoint is: a tick was just before, the next is two rounds away, and half of the pairs
of normal numbers that Python and numpy draw at once is still to come."""

HALFWAY = 5
LONG_AGO = 1000.0
"""Seconds that the run seems to have taken by then."""

COPIED = "buffers are copied from the network in every round"

COMPUTED = "spectral norm computes it anew from _v before it is used in the next round"

JUDGING = "a restart at any tick changes nothing it says: held by the conformance tests of monitors"

INTERVENING = "what stands, who acted and where to go back to: held by tests/engine/test_intervening.py"

UNFELT = {
    "identity": "who the run is: what a resume asks of it is held by tests/cli/test_resume.py",
    "game/clock/budget_samples": "the recipe's",
    "game/clock/budget_rounds": "the recipe's",
    "game/players/generator/scaler": "of float16, on a GPU",
    "game/players/image/scaler": "of float16, on a GPU",
    "game/players/image/average": "it has none",
    "game/players/generator/average/2.num_batches_tracked": COPIED,
    "game/players/generator/average/2.running_mean": COPIED,
    "game/players/generator/average/2.running_var": COPIED,
    "game/random/cuda": "of a GPU",
    "game/components/monitors/lost-coverage": JUDGING,
    "game/components/monitors/never-covered": JUDGING,
    "game/health": INTERVENING,
    "game/interventions": INTERVENING,
    "game/snapshots": INTERVENING,
    "game/players/image/network/layers.0.parametrizations.weight.0._u": COMPUTED,
    "game/players/image/network/layers.4.parametrizations.weight.0._u": COMPUTED,
}
"""What makes no difference here, and why."""

TOGETHER = {("game", "random", "python", 1), ("run", "reporters", "tensorboard", "groups")}
"""Lists that are one leaf, and not one for each entry."""

Where = tuple[Any, ...]

MISSING = object()


def walk(node: Any, where: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Every leaf and the keys that lead to it. A component that remembers nothing has none."""
    entries: Any = ()
    if isinstance(node, dict):
        entries = node.items()
    elif isinstance(node, list | tuple) and node and where not in TOGETHER:
        entries = enumerate(node)
    else:
        yield where, node
    for key, each in entries:
        yield from walk(each, (*where, key))


def parts(tree: dict[str, Any]) -> list[tuple[str, list[Where]]]:
    """The leaves of each part, by its name. What an optimiser remembers is one part for all parameters of a player, and
    what the ledger has summed, counted and not yet summed one for all names."""
    found: dict[str, list[Where]] = {}
    for where, value in walk(tree):
        name = "/".join(map(str, where))
        if any(name == each or name.startswith(f"{each}/") for each in UNFELT):
            continue
        if where[:2] == ("game", "ledger"):
            if value is None or (isinstance(value, int) and not value):
                continue
            name = f"game/ledger/*/{where[-1]}"
        elif where[:2] == ("game", "players") and where[3] == "optimizer":
            name = f"game/players/{where[2]}/optimizer/*/{where[-1]}"
        found.setdefault(name, []).append(where)
    return sorted(found.items())


def put_back(node: Any, where: Where, before: Any) -> Any:
    """The tree with that leaf as it was in the tree before, or forgotten if it was not there, or was the same."""
    if not where:
        same = before is MISSING or container.pack({"": before}) == container.pack({"": node})
        return nothing(node) if same else before
    try:
        earlier = before[where[0]]
    except (KeyError, IndexError, TypeError):
        earlier = MISSING
    changed = dict(node) if isinstance(node, dict) else list(node)
    changed[where[0]] = put_back(node[where[0]], where[1:], earlier)
    return tuple(changed) if isinstance(node, tuple) else changed


def nothing(value: Any) -> Any:
    """What is left of it when it is forgotten."""
    if isinstance(value, Tensor):
        return torch.zeros_like(value)
    return None if value is None else type(value)()


class NoRoomForLines(System):
    """Refuses lines of the record."""

    def write(self, file: int, piece: memoryview) -> int:
        if os.readlink(f"/proc/self/fd/{file}").endswith(".jsonl"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(file, piece)


class Case:
    """A run that was cut in round `CUT`, and what it becomes if it is not."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._plugins = ToyPlugins(**PLUGINS)
        self._number = 0
        whole = self.begin()
        assert whole.live().ending is Ending.FINISHED
        self.expected = left(whole)
        self.cut = self.begin()
        self._live_until(HALFWAY)
        self.first = self.checkpoints[0]
        self._seem_old()
        self._live_until(CUT)
        self.path = max((self.cut.directory / "checkpoints").iterdir())
        self.tree = container.read(self.path)

    def begin(self) -> Lives:
        """An empty place for a run."""
        self._number += 1
        runs = self._place / str(self._number)
        runs.mkdir()
        return Lives(runs, self._plugins, RECIPE)

    def after(self, tree: dict[str, Any]) -> dict[str, Any]:
        """What the cut run becomes if that was in its checkpoint."""
        run = self.begin()
        shutil.copytree(self.cut.directory, run.directory)
        for path in (run.directory / "checkpoints").iterdir():
            path.unlink()
        name = f"{tree['game']['clock']['samples']:012d}.ckpt"
        (run.directory / "checkpoints" / name).write_bytes(container.pack(tree))
        for generator in (random, numpy.random):
            generator.seed(7)
        torch.manual_seed(7)
        try:
            assert run.live().ending is Ending.FINISHED
            return left(run)
        finally:
            shutil.rmtree(run.runs)

    def _live_until(self, last: int) -> None:
        self.checkpoints: list[dict[str, Any]] = []
        play_round, save = loop.play_round, CheckpointFolder.save

        def play(game: Game) -> None:
            play_round(game)
            if game.clock.round == CUT - 1:
                disk.system = NoRoomForLines()
            if game.clock.round == last:
                os.kill(os.getpid(), signal.SIGTERM)

        def keep(folder: CheckpointFolder, tree: dict[str, Any], samples: int, health: Health) -> Path:
            self.checkpoints.append(container.unpack(container.pack(tree)))
            return save(folder, tree, samples, health)

        with pytest.MonkeyPatch.context() as patch:
            put_in(patch, System())
            patch.setattr(loop, "play_round", play)
            patch.setattr(CheckpointFolder, "save", keep)
            with suppress(StorageError):  # of lines that found no room
                assert self.cut.live().ending is Ending.TERMINATED

    def _seem_old(self) -> None:
        path = max((self.cut.directory / "checkpoints").iterdir())
        tree = container.read(path)
        tree["run"]["seconds"] += LONG_AGO
        path.write_bytes(container.pack(tree))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provenance, "git_commit", lambda: None)
        patch.setattr(provenance, "version", cache(provenance.version))
        patch.setattr(ledger, "COMPACT_AT", 2)
        for module in (samples, tensorboard):
            patch.setattr(module, "draw", tiny)
        yield Case(tmp_path_factory.mktemp("sensitivity"))


def differing(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    return [name for name in expected if found[name] != expected[name]]


def test_with_all_its_parts_a_run_goes_on_as_if_never_cut(case: Case) -> None:
    assert differing(case.after(case.tree), case.expected) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_without_any_one_of_them_it_does_not(case: Case, part: int) -> None:
    unfelt = []
    for name, places in parts(case.tree)[part::PARTS]:
        tree = case.tree
        for where in places:
            tree = put_back(tree, where, case.first)
        assert container.pack(tree) != container.pack(case.tree), f"{name} is as at the beginning"
        try:
            if not differing(case.after(tree), case.expected):
                unfelt.append(name)
        except GanlabError:
            continue
    assert unfelt == []


def test_what_is_left_out_is_there_and_the_rest_is_much(case: Case) -> None:
    assert len(parts(case.tree)) >= 90
    leaves = ["/".join(map(str, where)) for where, _ in walk(case.tree)]
    for unfelt in UNFELT:
        assert any(name == unfelt or name.startswith(f"{unfelt}/") for name in leaves), f"there is no {unfelt} any more"


def test_what_plugins_draw_from_shared_generators_follows_from_the_seed(case: Case) -> None:
    for generator in (random, numpy.random):
        generator.seed(8)
    torch.manual_seed(8)
    again = case.begin()
    assert again.live().ending is Ending.FINISHED
    assert differing(left(again), case.expected) == []
