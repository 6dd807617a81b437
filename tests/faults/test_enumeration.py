"""A small run is made to fail at every disk operation, hook call and signal check in turn, and nothing is lost.

In each case the run goes on, or is started again, until it has finished; then every bit of the game, every line of the
record, every curve and every sheet is what the unbroken run left. Nothing is sampled: every point is a case.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from contextlib import suppress

import pytest

from ganlab import disk
from ganlab.builtin.diagnostics.coverage import Coverage
from ganlab.builtin.losses.non_saturating import NonSaturating
from ganlab.builtin.monitors.lost_coverage import LostCoverage
from ganlab.builtin.reporters.jsonl import JsonLines
from ganlab.builtin.reporters.samples import Samples
from ganlab.builtin.reporters.tensorboard import TensorBoard
from ganlab.builtin.tasks.unconditional import Unconditional
from ganlab.builtin.terms.lecam import LeCam
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.engine.game import Game
from ganlab.engine.health import Health
from ganlab.engine.run import Run
from ganlab.errors import GanlabError, StorageError
from ganlab.values import Ending
from tests.disks import Crash, WatchedDisk, put_in
from tests.engine.toys import ToyPlugins
from tests.faults.lives import RECIPE, Lives

Begin = Callable[..., Lives]

PARTS = 8
"""Each enumeration is cut into so many tests, so that they can be shared out."""

SEEDS = 3
"""Power losses at each operation."""


class Calls:
    """Counts calls, and crashes at one of them."""

    def __init__(self, crash_at: int = 0) -> None:
        self.number, self.crash_at = 0, crash_at

    def __call__(self, *ignored: object, **also: object) -> None:
        self.number += 1
        if self.number == self.crash_at:
            raise Crash


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return {}


def whole(lives: Lives, *, shown: bool = True) -> dict[str, object]:
    """All that must be as in the unbroken run; what is only shown may be missing where a disk refused it."""
    left = {"bits": lives.bits(), "records": lives.records(), "left over": lives.left_over()}
    return left | ({"curves": lives.curves(), "pictures": lives.pictures()} if shown else {})


@pytest.fixture
def expected(begin: Begin, unbroken: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the unbroken run leaves, and how many disk operations it takes."""
    if not unbroken:
        lives = begin("unbroken")
        with monkeypatch.context() as patch:
            watched = WatchedDisk(lives.runs)
            put_in(patch, watched)
            assert lives.live().ending is Ending.FINISHED
        unbroken.update(whole(lives), operations=watched.number)
        assert len(unbroken["records"]["measurements.jsonl"]) == 2  # type: ignore[index]
    return unbroken


def finish(lives: Lives, patch: pytest.MonkeyPatch) -> None:
    """Start again, on a disk that works, until the run has finished."""
    with patch.context() as mended:
        put_in(mended, disk.System())
        assert lives.live().ending is Ending.FINISHED


def same(left: dict[str, object], expected: dict[str, object]) -> bool:
    return all(left[name] == expected[name] for name in left)


def points(expected: dict[str, object], part: int) -> range:
    return range(part + 1, int(str(expected["operations"])) + 1, PARTS)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_operation(
    begin: Begin, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    for point in points(expected, part):
        lives = begin(f"kill-{point}")
        published = die_at(point, lives, monkeypatch)
        assert newest(lives) >= published, f"a published checkpoint was lost at operation {point}"
        finish(lives, monkeypatch)
        assert same(whole(lives), expected), f"killed at operation {point}"


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("seed", range(SEEDS))
def test_power_lost_at_any_operation(
    begin: Begin, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch, part: int, seed: int
) -> None:
    for point in points(expected, part):
        lives = begin(f"power-{point}")
        published = die_at(point, lives, monkeypatch, power_seed=seed * 1000 + point)
        assert newest(lives) >= published, f"a published checkpoint was lost at operation {point}"
        finish(lives, monkeypatch)
        assert same(whole(lives), expected), f"power lost at operation {point}"


def die_at(point: int, lives: Lives, monkeypatch: pytest.MonkeyPatch, power_seed: int | None = None) -> int:
    """Live until the operation, and no further; the samples shown at the last checkpoint that was published."""
    published = [-1]
    save = CheckpointFolder.save

    def noted(folder: CheckpointFolder, tree: dict[str, object], samples: int, health: Health) -> object:
        path = save(folder, tree, samples, health)
        published.append(samples)
        return path

    def gone(number: int, name: str) -> None:
        if number >= point:
            raise Crash

    watched = WatchedDisk(lives.runs, gone)
    with monkeypatch.context() as patch:
        put_in(patch, watched)
        patch.setattr(CheckpointFolder, "save", noted)
        try:
            with pytest.raises(Crash):
                lives.live()
        finally:
            watched.forget()
    if power_seed is not None:
        watched.lose_power(power_seed)
    return published[-1]


def newest(lives: Lives) -> int:
    """Samples shown at the newest whole checkpoint; -1 if there is none."""
    try:
        state, _, _ = CheckpointFolder(lives.directory / "checkpoints").newest()
    except GanlabError:
        return -1
    return int(state["game"]["clock"]["samples"])


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_refused_at_any_operation(
    begin: Begin, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch, part: int, number: int, lasting: bool
) -> None:
    for point in points(expected, part):
        lives = begin(f"refused-{point}")

        def refuse(operation: int, name: str, point: int = point) -> None:
            if operation == point or (lasting and operation > point):
                raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            put_in(patch, WatchedDisk(lives.runs, refuse))
            try:
                ended = lives.live().ending
            except StorageError:
                ended = None
        if ended is None:
            finish(lives, monkeypatch)
        else:
            assert ended is Ending.FINISHED
        assert same(whole(lives, shown=False), expected), f"refused at operation {point}"


@pytest.mark.parametrize("part", range(2))
def test_asked_to_end_at_any_signal_check(
    begin: Begin, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    look = Run.asked_to_end
    point = part + 1
    while True:
        calls = Calls()
        lives = begin(f"asked-{point}")

        def asked(run: Run, game: Game, calls: Calls = calls, point: int = point) -> bool:
            calls()
            if calls.number == point:
                os.kill(os.getpid(), signal.SIGTERM)
            return look(run, game)

        with monkeypatch.context() as patch:
            patch.setattr(Run, "asked_to_end", asked)
            ended = lives.live().ending
        if calls.number < point:
            break
        assert ended is Ending.TERMINATED
        finish(lives, monkeypatch)
        assert same(whole(lives), expected), f"asked at check {point}"
        point += 2
    assert point > 2


OBSERVED = ("ganlab_run_started", "ganlab_tick", "ganlab_finding", "ganlab_action", "ganlab_run_ended")

HOOKS: tuple[tuple[type, str], ...] = (
    *(
        (kind, name)
        for kind in (JsonLines, TensorBoard, Samples)
        for name in ("start", "tick", "end", "state", "restore")
    ),
    (Coverage, "measure"),
    (LostCoverage, "judge"),
    (LostCoverage, "state"),
    (LostCoverage, "restore"),
    (LeCam, "cost"),
    (LeCam, "state"),
    (Unconditional, "draw"),
    (Unconditional, "generate"),
    (Unconditional, "views"),
    (Unconditional, "picture"),
    (NonSaturating, "discriminator"),
    (NonSaturating, "generator"),
)
"""What the engine calls of the small run's plugins."""


class Observers:
    """Every observer hook, counted."""

    def __init__(self, calls: Calls) -> None:
        for name in OBSERVED:
            setattr(self, name, calls)


def count_hooks(patch: pytest.MonkeyPatch, calls: Calls) -> None:
    """Count each hook before it is called and after."""

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            calls()
            told = real(*given, **named)
            calls()
            return told

        return call

    for kind, name in HOOKS:
        patch.setattr(kind, name, counted(getattr(kind, name)))
    patch.setattr(ToyPlugins, "observers", lambda plugins, names: Observers(calls))


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_hook_call(
    begin: Begin, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    recipe = {**RECIPE, "watch": {**RECIPE["watch"], "observers": ["toy"]}}
    point = part + 1
    while True:
        calls = Calls(point)
        lives = begin(f"hook-{point}", recipe)
        with monkeypatch.context() as patch:
            count_hooks(patch, calls)
            watched = WatchedDisk(lives.runs)
            put_in(patch, watched)
            with suppress(Crash):
                lives.live()
            watched.forget()
        if calls.number < point:
            break
        with monkeypatch.context() as patch:
            count_hooks(patch, Calls())
            finish(lives, monkeypatch)
        assert same(whole(lives), expected), f"killed at hook call {point}"
        point += PARTS
    assert point > 100


@pytest.mark.parametrize("part", range(PARTS))
def test_power_lost_at_any_operation_of_a_second_life(
    begin: Begin, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    point = part + 1
    while True:
        lives = begin(f"second-{point}")
        first = die_at(int(str(expected["operations"])) * 2 // 3, lives, monkeypatch)
        try:
            published = die_at(point, lives, monkeypatch, power_seed=point)
        except pytest.fail.Exception:  # it finished before that operation
            break
        assert newest(lives) >= published >= -1, f"a published checkpoint was lost at operation {point}"
        assert newest(lives) >= first, f"a checkpoint of the first life was lost at operation {point}"
        finish(lives, monkeypatch)
        assert same(whole(lives), expected), f"power lost at operation {point} of the second life"
        point += PARTS
    assert point > 40
