"""The folder of checkpoints: whatever is missing, damaged, renamed or put there, the newest whole one is found, and at
least two whole ones are kept."""

from __future__ import annotations

import errno
import math
import os
import random
from pathlib import Path
from typing import Any

import pytest

from ganlab import CheckpointError, StorageError
from ganlab.engine import container
from ganlab.engine.checkpoint import check_publishable, game_state, restore_game
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round, train
from ganlab.engine.run import Run
from ganlab.errors import DivergedError
from ganlab.interfaces.reporter import RunInfo
from ganlab.values import Ending
from tests.engine.forging import GOOD, sealed
from tests.engine.toys import player, toy_game


def tree(samples: int) -> dict[str, Any]:
    return {"game": {"clock": {"samples": samples}}}


def put(folder: CheckpointFolder, samples: int) -> Path:
    """A whole checkpoint, without the care for older ones."""
    folder.directory.mkdir(exist_ok=True)
    path = folder.directory / f"{samples:012d}.ckpt"
    path.write_bytes(container.pack(tree(samples)))
    return path


def spoil(path: Path, chance: random.Random) -> None:
    raw = bytearray(path.read_bytes())
    if chance.random() < 0.3:
        del raw[chance.randrange(len(raw)) :]
    else:
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(raw))


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "run" / "checkpoints")


def test_whichever_are_gone_or_damaged_the_newest_whole_one_is_found(tmp_path: Path) -> None:
    chance = random.Random(0)
    for number in range(200):
        folder = CheckpointFolder(tmp_path / str(number))
        names = [chance.randrange(10**6) for _ in range(6)]
        paths = {samples: put(folder, samples) for samples in names}
        for path in chance.sample(list(paths.values()), chance.randrange(len(paths))):
            path.unlink()
        there = {samples: path for samples, path in paths.items() if path.exists()}
        bad = [samples for samples in there if chance.random() < 0.4]
        for samples in bad:
            spoil(there[samples], chance)
        whole = [samples for samples in there if samples not in bad]
        if not whole:
            with pytest.raises(CheckpointError, match="has no whole checkpoint"):
                folder.newest()
            continue
        found, path, problems = folder.newest(mend=True)
        assert found == tree(max(whole))
        assert path == there[max(whole)]
        newer = sorted((samples for samples in bad if samples > max(whole)), reverse=True)
        assert [each.split(":")[0] for each in problems] == [there[samples].name for samples in newer]
        for samples in newer:
            assert not there[samples].exists()
            assert there[samples].with_name(f"{there[samples].name}.damaged").exists()
        assert folder.newest() == (found, path, [])


def test_however_one_of_them_rots_two_whole_ones_are_kept_and_the_damaged_newest_is_set_aside(
    folder: CheckpointFolder,
) -> None:
    chance = random.Random(0)
    folder.directory.parent.mkdir()
    spoilt = []
    for samples in range(1, 300):
        folder.save(tree(samples), samples)
        there = folder.generations()
        assert there[0].name == f"{samples:012d}.ckpt"
        assert [container.is_whole(each) for each in there] == [True, True][:samples]
        assert sorted(folder.directory.glob("*.damaged")) == spoilt
        if samples > 1 and (which := chance.randrange(4)) < 2:
            spoil(there[which], chance)
            spoilt += [there[0].with_name(f"{there[0].name}.damaged")] if which == 0 else []
    assert len(spoilt) > 50


def test_what_others_put_there_is_neither_taken_nor_removed(folder: CheckpointFolder) -> None:
    folder.directory.mkdir(parents=True)
    names = [
        "backup.ckpt",
        "zzz.ckpt",
        ".ckpt",
        "12.ckpt",
        "9" * 30 + ".ckpt",
        "000000000001.ckpt.damaged",
        "notes.txt",
    ]
    for name in names:
        (folder.directory / name).write_bytes(container.pack(tree(1)))
    with pytest.raises(CheckpointError, match=r"no checkpoint was written yet \('.+' is no name of one"):
        folder.newest()
    for samples in range(1, 6):
        folder.save(tree(samples), samples)
    assert folder.newest()[0] == tree(5)
    assert sorted(os.listdir(folder.directory)) == sorted([*names, "000000000004.ckpt", "000000000005.ckpt"])


def test_a_newer_name_given_to_an_older_checkpoint_does_not_lead_back(folder: CheckpointFolder) -> None:
    folder.directory.parent.mkdir()
    put(folder, 2)
    copied = folder.directory / "000000000009.ckpt"
    copied.write_bytes(put(folder, 1).read_bytes())
    found, path, problems = folder.newest(mend=True)
    assert (found, path.name) == (tree(2), "000000000002.ckpt")
    assert problems == ["000000000009.ckpt: holds sample 1, so it was renamed"]
    assert copied.exists()
    folder.save(tree(3), 3)
    folder.save(tree(4), 4)
    assert [each.name[-6:-5] for each in folder.generations()] == ["9", "4", "3"]
    for each in folder.generations()[1:]:
        each.unlink()
    assert folder.newest()[:2] == (tree(1), copied)


def test_a_newer_format_stops_the_search_unless_it_is_damaged(folder: CheckpointFolder) -> None:
    folder.directory.parent.mkdir()
    put(folder, 1)
    newer = folder.directory / "000000000002.ckpt"
    newer.write_bytes(sealed(GOOD, bytes(8), version=3))
    with pytest.raises(container.NewerFormat, match="needs a newer ganlab"):
        folder.newest(mend=True)
    assert newer.exists()
    assert container.is_whole(newer)
    newer.write_bytes(sealed(GOOD, bytes(8), version=3)[:-1])
    assert folder.newest()[0] == tree(1)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_what_is_not_the_file_s_fault_costs_no_generation(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    folder.directory.parent.mkdir()
    put(folder, 1)
    put(folder, 2)

    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(OSError, match=os.strerror(number)):
            folder.newest(mend=True)
    assert len(folder.generations()) == 2


def test_a_disk_that_cannot_read_a_checkpoint_has_lost_it(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.directory.parent.mkdir()
    put(folder, 1)
    newest = put(folder, 2)
    read = os.open

    def refuse(path: Any, *rest: Any) -> int:
        if path == newest:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(path, *rest)

    monkeypatch.setattr(os, "open", refuse)
    found, _, problems = folder.newest()
    assert found == tree(1)
    assert problems == ["000000000002.ckpt: cannot be read (Input/output error)"]


def game(**changes: Any) -> Game:
    adam = {"optimizer": {"name": "adam", "lr": 1e-3}}
    players = {"generator": player(ema_half_life_kimg=0.01, **adam), "point": player(**adam)}
    return toy_game({"budget_rounds": 4, "players": players, "watch": {"reporters": []}, **changes})


@pytest.mark.parametrize("part", ["weight", "average", "memory"])
def test_what_would_be_refused_is_never_published(tmp_path: Path, part: str) -> None:
    played = game()
    played.checkpoint_seconds = 1e-9
    for _ in range(2):
        play_round(played)
    run = Run(RunInfo("toy", tmp_path, "", 1.0, tuple(played.players), "cpu"))
    run.save(played)
    generator = played.players["generator"]
    assert generator.average is not None
    tensor = {
        "weight": next(iter(generator.parameters.values())).detach(),
        "average": next(generator.average.network.parameters()),
        "memory": next(iter(generator.optimizer.state.values()))["exp_avg_sq"],
    }[part]
    tensor.reshape(-1)[0] = math.inf
    with pytest.raises(DivergedError, match="of player 'generator' stopped being finite by round 2"):
        check_publishable(played)
    outcome = train(played, run)
    assert outcome.ending is Ending.DIVERGED
    kept, path, problems = CheckpointFolder(tmp_path / "checkpoints").newest()
    assert (path.name, problems) == ("000000000016.ckpt", [])
    restore_game(game(), kept["game"])


def test_a_run_that_was_allowed_such_numbers_may_keep_them(tmp_path: Path) -> None:
    played = game()
    play_round(played)
    state = container.unpack(container.pack(game_state(played)))
    next(iter(state["players"]["generator"]["optimizer"].values()))["exp_avg_sq"].reshape(-1)[0] = math.inf
    with pytest.raises(CheckpointError, match=r"exp_avg_sq of player 'generator' holds numbers that are not finite"):
        restore_game(game(), state)
    again = game()
    restore_game(again, state, allow_nonfinite=True)
    run = Run(RunInfo("toy", tmp_path, "", 1.0, tuple(again.players), "cpu"))
    assert train(again, run).ending is Ending.FINISHED
    assert CheckpointFolder(tmp_path / "checkpoints").newest()[0]["game"]["clock"]["round"] == 4


def test_what_a_full_disk_refuses_costs_no_generation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.disks import FullDisk, put_in

    folder = CheckpointFolder(tmp_path)
    folder.save(tree(1), 1)
    folder.save(tree(2), 2)
    put_in(monkeypatch, FullDisk(room=30))
    with pytest.raises(StorageError):
        folder.save(tree(3), 3)
    assert [each.name for each in folder.generations()] == ["000000000002.ckpt", "000000000001.ckpt"]
