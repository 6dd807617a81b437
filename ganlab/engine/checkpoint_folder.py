"""The folder of a run's checkpoints: the last few generations, and one or two to go back to if the run falls ill.

The newest valid file is found by looking, never by a pointer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganlab import disk
from ganlab.disk import make_folder, publish
from ganlab.engine import container
from ganlab.engine.container import one_line
from ganlab.engine.health import Health
from ganlab.errors import CheckpointError

KEPT = 2

NAME = re.compile(r"[0-9]{12,18}\.ckpt")


class CheckpointFolder:
    """`checkpoints/` of a run: the newest valid file is found by looking, never by a pointer."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def save(self, tree: Mapping[str, Any], samples: int, health: Health | None = None) -> Path:
        """Publish a new generation; when it is safe, let go of all but the last few and those that a run goes back to
        when it falls ill. Raises `StorageError`."""
        make_folder(self.directory)
        path = self.directory / f"{samples:012d}.ckpt"
        publish(container.pack(tree), path)
        with suppress(OSError):  # what cannot be removed now is removed by the next save
            self._let_go(samples, health)
        return path

    def _let_go(self, samples: int, health: Health | None) -> None:
        """Remove what was followed by enough generations that are whole. A newer one is not ours to judge."""
        older = [each for each in self.generations() if _samples(each) < samples]
        refuges = [] if health is None else to_go_back_to(older, health)
        kept = 1
        for path in older:
            if kept < KEPT:
                if container.is_whole(path):
                    kept += 1
                else:
                    set_aside(path)
            elif path not in refuges:
                disk.system.remove(path)

    def generations(self) -> list[Path]:
        """Checkpoint files, newest first. What has another name was put there by somebody else."""
        found = [each for each in self.directory.glob("*.ckpt") if NAME.fullmatch(each.name)]
        return sorted(found, key=_samples, reverse=True)

    def newest(self, *, mend: bool = False) -> tuple[dict[str, Any], Path, list[str]]:
        """The newest checkpoint that is whole, its path, and what was wrong with newer ones.

        With `mend`, for the run's owner alone, newer ones are set aside as `*.ckpt.damaged`, where they take no whole
        one's place. Raises `CheckpointError` if there is none.
        """
        damaged: list[Path] = []
        renamed: list[tuple[dict[str, Any], Path]] = []
        problems: list[str] = []
        for path in self.generations():
            try:
                tree = container.read(path)
            except container.NewerFormat:
                raise
            except CheckpointError as error:
                if os.path.lexists(path):  # else a newer one has taken its place meanwhile
                    problems.append(str(error))
                    damaged.append(path)
                continue
            held = samples_in(tree)
            if held is not None and not (isinstance(held, int) and held == _samples(path)):
                problems.append(f"{path.name}: holds sample {one_line(held, 20)}, so it was renamed")
                renamed.append((tree, path))
                continue
            for each in damaged if mend else []:
                set_aside(each)
            return tree, path, problems
        if renamed:
            return *renamed[0], problems
        told = "; ".join(problems) or f"no checkpoint was written yet{self._strangers()}"
        raise CheckpointError(
            f"run '{self.directory.parent.name}' has no whole checkpoint: {told}; put a copy of one back, or begin anew"
        )

    def newest_healthy(self) -> tuple[dict[str, Any], Path, list[str]]:
        """The newest checkpoint from a tick at which, as is known by now, no critical trouble stood, and what `newest`
        says beside. Raises `CheckpointError` if none is left."""
        newest, path, problems = self.newest()
        health = Health()
        health.restore(newest["game"]["health"])
        for each in [path, *(older for older in self.generations() if _samples(older) < _samples(path))]:
            if not health.sick_at(_samples(each) / 1000):
                try:
                    return container.read(each), each, problems
                except CheckpointError as error:
                    problems.append(str(error))
        told = ", ".join(dict.fromkeys(finding.monitor for finding in health.standing))
        raise CheckpointError(
            f"run '{self.directory.parent.name}' has no checkpoint left from before its trouble ({told}); "
            "begin another with what was learnt"
        )

    def leave_behind(self, path: Path) -> None:
        """Set those aside that are newer than `path`, as `*.ckpt.sick`. Only for the run's owner."""
        for each in self.generations():
            if _samples(each) > _samples(path):
                set_aside(each, "sick")

    def _strangers(self) -> str:
        """What a person may take for a checkpoint."""
        others = sorted(each.name for each in self.directory.glob("*.ckpt*") if ".tmp." not in each.name)
        return (
            f" ({one_line(repr(others[0]))} is no name of one, which says its samples in 12 digits)" if others else ""
        )


def to_go_back_to(newest_first: Sequence[Path], health: Health) -> list[Path]:
    """The newest checkpoint that is proven to be from a healthy run and, of those that wait to be, the oldest, which
    will be proven first."""
    proven = next((each for each in newest_first if health.proven_at(_samples(each) / 1000)), None)
    since = -1 if proven is None else _samples(proven)
    waiting = [each for each in newest_first if _samples(each) > since and not health.sick_at(_samples(each) / 1000)]
    return [*([proven] if proven else []), *waiting[-1:]]


def set_aside(path: Path, why: str = "damaged") -> None:
    """Take a checkpoint out of the row, for whoever wants to look at it. Where the disk refuses, it stays."""
    with suppress(OSError):
        disk.system.rename(path, path.with_name(f"{path.name}.{why}"))


def samples_in(tree: Mapping[str, Any]) -> Any:
    """How many samples had been shown, as the game's clock says; None if there is no game in it."""
    node: Any = tree
    for part in ("game", "clock", "samples"):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _samples(path: Path) -> int:
    """How many samples had been shown, as the name says."""
    return int(path.stem)
