"""Where a run's numbers come from: versions, plugins, seed, data, device, threads."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch

import ganlab
from ganlab.engine import distributed
from ganlab.engine.game import Game
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe

LIBRARIES = ("torch", "numpy", "scipy", "pluggy", "pydantic", "safetensors", "pillow", "tensorboard")


def provenance(recipe: Recipe, plugins: Plugins, game: Game, recipe_name: str) -> dict[str, Any]:
    """All that may decide a bit of the result, as plain data, and what a list of runs shows."""
    device = game.place.device
    return {
        "recipe": recipe_name,
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "monitors": [each.name for each in recipe.watch.monitors],
        "ganlab": ganlab.__version__,
        "command": ["ganlab", *sys.argv[1:]],
        "plugins": plugins.versions(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "processes": distributed.world_size(),
        "seed": recipe.seed,
        "data": {name or "dataset": dataset.fingerprint() for name, dataset in game.datasets.items()},
        "git": git_commit(),
    }


def git_commit() -> str | None:
    """The commit of the working directory, if it is a git checkout."""
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=os.getcwd(), capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None
