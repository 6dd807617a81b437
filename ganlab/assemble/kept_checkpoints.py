"""What became of a run's checkpoints: which are whole, and which are from before a trouble.

A checkpoint knows the troubles that the run's own monitors had found by then; a diagnosis may know more of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganlab.assemble.judging import Spell
from ganlab.assemble.run_directory import RunDirectory
from ganlab.errors import CheckpointError

if TYPE_CHECKING:
    from ganlab.engine.health import Health


@dataclass(frozen=True)
class KeptCheckpoint:
    """One checkpoint: its name, where the run was, and whether it can be gone on from. `tagged` says that the run's own
    monitors think it healthy, None that nobody says."""

    name: str
    kimg: float
    whole: bool
    healthy: bool
    tagged: bool | None = None


def kept_checkpoints(directory: RunDirectory, spells: Sequence[Spell], notes: list[str]) -> list[KeptCheckpoint]:
    """The run's checkpoints, newest first. Loads torch only if there are any."""
    folder = directory.path / "checkpoints"
    if not any(folder.glob("*.ckpt")):
        return []
    from ganlab.engine import container
    from ganlab.engine.checkpoint_folder import CheckpointFolder

    health = None
    found: list[KeptCheckpoint] = []
    for path in CheckpointFolder(folder).generations():
        kimg = int(path.stem) / 1000
        whole = container.is_whole(path)
        if whole and health is None:
            health = told_health(path, notes)
        healthy = not any(each.critical and each.holds(kimg) for each in spells)
        tagged = None if health is None or not whole else not health.sick_at(kimg)
        found.append(KeptCheckpoint(path.name, kimg, whole, healthy, tagged))
        if not whole:
            notes.append(f"checkpoint {path.name} is damaged")
    return found


def told_health(path: Path, notes: list[str]) -> Health | None:
    """The health that the checkpoint tells; None if it does not."""
    from ganlab.engine import container
    from ganlab.engine.health import Health

    health = Health()
    try:
        health.restore(container.read(path)["game"]["health"])
    except (CheckpointError, KeyError, TypeError) as error:
        notes.append(f"checkpoint {path.name} does not say how the run was ({type(error).__name__})")
        return None
    return health
