"""Where a run's numbers come from: versions, plugins, seed, data, device, threads, and every life the run has had."""

from __future__ import annotations

import os
import platform
import re
import secrets
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch

import ganlab
from ganlab.engine import distributed
from ganlab.engine.device import Place
from ganlab.engine.game import Game
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe

LIBRARIES = ("torch", "numpy", "scipy", "pluggy", "pydantic", "safetensors", "pillow", "tensorboard")

SECRET = re.compile(r"(?<=://)[^/@\s]*@|(?<=[?&])(password|passwd|pwd|token|secret|key)=[^&\s]*", re.IGNORECASE)
"""What an address may carry that is nobody's business."""


def provenance(recipe: Recipe, plugins: Plugins, game: Game, recipe_name: str) -> dict[str, Any]:
    """All that may decide a bit of the result, as plain data, and what a list of runs shows. It goes into
    `provenance.json` and into every checkpoint."""
    device = game.place.device
    return {
        "run_id": secrets.token_hex(16),  # from the system: the game's own randomness is not touched
        "recipe": recipe_name,
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "monitors": [each.name for each in recipe.watch.monitors],
        "ganlab": ganlab.__version__,
        "command": [without_secrets(each) for each in ("ganlab", *sys.argv[1:])],
        "plugins": plugins.versions(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device_kind": device.type,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "interop_threads": torch.get_num_interop_threads(),
        "processes": distributed.world_size(),
        "arithmetic": arithmetic(game.place),
        "seed": recipe.seed,
        "data": {name or "dataset": dataset.fingerprint() for name, dataset in game.datasets.items()},
        "git": git_commit(),
    }


def arithmetic(place: Place) -> dict[str, Any]:
    """How numbers are computed, beyond what the device says."""
    return {
        "precision": place.precision,
        "memory_format": place.memory_format,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cudnn_deterministic": torch.backends.cudnn.deterministic,
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "tf32_products": torch.backends.cuda.matmul.allow_tf32,
        "tf32_convolutions": torch.backends.cudnn.allow_tf32,
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
    }


def life(
    record: Mapping[str, Any],
    *,
    since: Mapping[str, Any] | None = None,
    allowed: Collection[str] = (),
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """One entry of the run's lineage: a life is what one process played. `since` says from which checkpoint, `notes`
    what was not as before."""
    return {
        "started": record["started"],
        "command": record["command"],
        "from": since,
        "versions": {"ganlab": record["ganlab"], "python": record["python"], **record["libraries"]},
        "plugins": record["plugins"],
        "device": record["device"],
        "allowed": sorted(allowed),
        "changes": {key: list(values) for key, values in (changes or {}).items()},
        "notes": list(notes),
    }


def without_secrets(text: str) -> str:
    """The text, with the credentials of addresses in it masked."""
    return SECRET.sub(lambda found: f"{found[1]}=***" if found[1] else "***@", text)


def git_commit() -> str | None:
    """The commit of the working directory, if it is a git checkout."""
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=os.getcwd(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None
