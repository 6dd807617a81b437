"""The checkpoint's file: what goes in comes out, and a single wrong bit is noticed before anything is parsed."""

from __future__ import annotations

import math
import os
import random
from pathlib import Path

import pytest
import torch

from ganlab import CheckpointError
from ganlab.engine import container
from ganlab.engine.checkpoint_folder import CheckpointFolder

TREE = {
    "tensors": {"a/b": torch.arange(6).reshape(2, 3), "strided": torch.arange(6.0).reshape(2, 3).T},
    3: [1, 2.5, None, True, "text"],
    "floats": (math.inf, -0.0, 0.1),
    "nan": math.nan,
    "empty": {},
}


def test_what_goes_in_comes_out() -> None:
    back = container.unpack(container.pack(TREE))
    assert torch.equal(back["tensors"]["a/b"], TREE["tensors"]["a/b"])  # type: ignore[index]
    assert torch.equal(back["tensors"]["strided"], TREE["tensors"]["strided"])  # type: ignore[index]
    assert back[3] == TREE[3]
    assert back["floats"] == TREE["floats"]
    assert math.copysign(1, back["floats"][1]) == -1
    assert math.isnan(back["nan"])
    assert back["empty"] == {}


def test_what_is_no_plain_value_is_refused_when_saving() -> None:
    with pytest.raises(TypeError, match="/thing: object"):
        container.pack({"thing": object()})


def test_every_damage_is_noticed() -> None:
    raw = container.pack(TREE)
    chance = random.Random(0)
    for _ in range(500):
        damaged = bytearray(raw)
        how = chance.randrange(3)
        if how == 0:
            damaged[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        elif how == 1:
            del damaged[chance.randrange(len(raw)) :]
        else:
            start = chance.randrange(len(raw))
            damaged[start : start + 64] = bytes(len(damaged[start : start + 64]))
        if bytes(damaged) != raw:
            with pytest.raises(CheckpointError):
                container.unpack(bytes(damaged))


def test_what_is_no_checkpoint_is_refused_without_waiting(tmp_path: Path) -> None:
    pickle_bomb = tmp_path / "bomb.ckpt"
    pickle_bomb.write_bytes(b"\x80\x04cos\nsystem\n(S'touch owned'\ntR.")
    pipe = tmp_path / "pipe.ckpt"
    os.mkfifo(pipe)
    for path in (pickle_bomb, pipe, tmp_path, tmp_path / "absent"):
        with pytest.raises(CheckpointError):
            container.read(path)


def test_a_damaged_newest_generation_falls_back_to_the_one_before(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path / "checkpoints")
    for samples in (1, 2, 3):
        path = folder.save({"samples": samples}, samples)
    assert [each.name for each in folder.generations()] == ["000000000003.ckpt", "000000000002.ckpt"]
    path.write_bytes(path.read_bytes()[:-1])
    tree, chosen, problems = folder.newest()
    assert tree == {"samples": 2}
    assert chosen.name == "000000000002.ckpt"
    assert problems == ["000000000003.ckpt: is damaged or cut short (112 bytes, and it should have 113)"]


def test_without_any_checkpoint_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint was written yet"):
        CheckpointFolder(tmp_path / "checkpoints").newest()
