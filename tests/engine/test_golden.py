"""Checkpoints of every format that was ever written load for ever, with the values they were written with."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.engine import container
from ganlab.engine.checkpoint import restore_game
from ganlab.engine.loop import play
from ganlab.engine.run import Run
from ganlab.plugins import Plugins
from ganlab.recipe import override, read_toml
from ganlab.values import Ending

GOLDEN = Path(__file__).parent / "golden"

FORMATS = range(1, container.VERSION + 1)

WEIGHTS = "abb8c55d0aa928d1c8594d539a1de647b54f1ef4d4d88988ea142b78cafcba3c"
"""SHA-256 of all tensors of the players: the recipe and the seed are one, so both formats hold the same numbers."""


def run(version: int) -> Path:
    return GOLDEN / f"run-format-{version}"


def checkpoint(version: int) -> dict[str, Any]:
    path = run(version) / "checkpoints/000000000640.ckpt"
    assert path.read_bytes()[len(container.MAGIC)] == version
    return container.read(path)


def digest(node: Any) -> str:
    """Names, kinds and bits of all tensors in the tree."""
    found: dict[str, Tensor] = {}

    def walk(each: Any, where: str) -> None:
        if isinstance(each, Tensor):
            found[where] = each
        elif isinstance(each, dict):
            for key, value in each.items():
                walk(value, f"{where}/{key}")

    walk(node, "")
    parts = [f"{name} {each.dtype}".encode() + each.numpy().tobytes() for name, each in sorted(found.items())]
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize("version", FORMATS)
def test_a_tree_of_each_format_has_its_values(version: int) -> None:
    path = GOLDEN / f"format-{version}.ckpt"
    assert path.read_bytes()[len(container.MAGIC)] == version
    tree = container.read(path)
    tensors = tree.pop("tensors")
    assert tree == {
        "identity": {"ganlab": "0.1.0"},
        3: [1, 2.5, None, True, "text"],
        "floats": (math.inf, -0.0, 0.1),
        "empty": {},
    }
    assert math.copysign(1, tree["floats"][1]) == -1
    assert torch.equal(tensors["a/b"], torch.arange(6).reshape(2, 3))
    assert torch.equal(tensors["half"], torch.tensor([0.5, -1.5], dtype=torch.bfloat16))


@pytest.mark.parametrize("version", FORMATS)
def test_a_run_of_each_format_has_its_values(version: int) -> None:
    tree = checkpoint(version)
    game = tree["game"]
    assert digest(game["players"]) == WEIGHTS
    counted = {key: value for key, value in game["clock"].items() if not key.startswith("budget")}
    assert counted == {"round": 10, "samples": 640, "draws": 10, "turns": 20, "stage": 0, "ticks": 4, "last_tick": 640}
    assert game["streams"] == {"": 640}
    assert game["players"]["generator"]["optimizer"]["layers.0.bias"]["step"].item() == 10
    assert set(tree["identity"]["data"]) == {"dataset"}


def test_a_game_of_each_format_plays_on_to_the_same_bits() -> None:
    ends = set()
    plugins = Plugins()
    for version in FORMATS:
        recipe = resolve(override(read_toml(run(version) / "recipe.toml"), ["budget_kimg=0.96"]), plugins)
        game = build_game(recipe, plugins, "cpu")
        restore_game(game, checkpoint(version)["game"])
        assert play(game, Run()).ending is Ending.FINISHED
        assert game.clock.round == 15
        ends.add(digest({name: player.state() for name, player in game.players.items()}))
    assert len(ends) == 1
    assert ends != {WEIGHTS}
