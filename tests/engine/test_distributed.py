"""Two processes that share each batch play the game one process plays: same costs, same weights, on both."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import json, os, sys
import torch
from ganlab.engine import distributed
from ganlab.engine.loop import play_round
from tests.engine.toys import toy_game, weights

game = toy_game(json.loads(sys.argv[1]))
costs = []
for _ in range(5):
    play_round(game)
    costs.append(game.ledger.read()["cost/point"])
    game.ledger.clear()
told = {"costs": costs, "weights": {name: weights(game, name).tolist() for name in game.players},
        "world": distributed.world_size()}
file = f"{sys.argv[2]}/{distributed.rank()}.json"
distributed.leave()
told["threads"] = [open(f"/proc/self/task/{thread}/comm").read().strip() for thread in os.listdir("/proc/self/task")]
open(file, "w").write(json.dumps(told))
"""
DESERTED = """
import os
from ganlab import PeerError
from ganlab.engine import distributed
from ganlab.engine.loop import play_round
from tests.engine.toys import toy_game

game = toy_game({})
play_round(game)
if distributed.rank() == 1:
    os._exit(3)
try:
    for _ in range(1000):
        play_round(game)
except PeerError as error:
    assert "resume" in str(error)
else:
    raise SystemExit("it played on")
distributed.leave()
"""
RECIPE = {
    "batch_size": 16,
    "terms": [
        {"name": "r1", "on": "point", "weight": 0.5},
        {"name": "gradient-penalty", "on": "point", "weight": 0.5},
    ],
}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def statuses(processes: int, script: str, *arguments: str) -> list[int]:
    """How so many processes ended that play the script together."""
    port = free_port()
    started = []
    for rank in range(processes):
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "WORLD_SIZE": str(processes),
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
        command = [sys.executable, "-c", script, *arguments]
        started.append(subprocess.Popen(command, env=environment, cwd=Path(__file__).parents[2]))
    return [process.wait(timeout=120) for process in started]


def play(processes: int, folder: Path, recipe: dict[str, Any]) -> list[dict[str, Any]]:
    """What each of so many processes saw."""
    folder.mkdir()
    assert statuses(processes, SCRIPT, json.dumps(recipe), str(folder)) == [0] * processes
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(processes)]


def test_two_processes_play_what_one_plays_and_agree_to_the_bit(tmp_path: Path) -> None:
    (alone,) = play(1, tmp_path / "one", RECIPE)
    first, second = play(2, tmp_path / "two", RECIPE)
    assert first["world"] == 2
    assert first["weights"] == second["weights"]
    assert not [name for name in first["threads"] + second["threads"] if name.startswith(("gloo", "pt_"))]
    assert first["costs"] == pytest.approx(alone["costs"], rel=1e-4)
    for name, weights in alone["weights"].items():
        assert first["weights"][name] == pytest.approx(weights, rel=1e-3, abs=1e-5)


def test_the_others_are_told_when_one_is_gone() -> None:
    assert statuses(2, DESERTED) == [0, 3]
