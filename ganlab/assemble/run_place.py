"""Where a run may live: names that mean the same on every system, paths short enough for all that it will write, and
a folder of runs in which no stranger can put another directory in its place.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from ganlab import disk
from ganlab.errors import RecipeError, StorageError

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")

DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""Names that are devices on Windows, in every folder and with every ending."""

LONGEST = ("samples/fake-raw-000000000.000kimg.png.tmp.4194304", "checkpoints/000000000000.ckpt.tmp.4194304")
"""The longest names that a run writes below its directory."""

FEWEST_BLOCKS = 4
"""Blocks of a disk that the small files of a run need before it begins."""


def is_name(text: str) -> bool:
    """True if a run may be called so."""
    return NAME.fullmatch(text) is not None and not DEVICES.fullmatch(text)


def check_name(name: str) -> None:
    """Raise `RecipeError` unless a run may be called so."""
    if DEVICES.fullmatch(name):
        raise RecipeError(f"--name {name!r} is a device on Windows, where the run could not be opened; take another")
    if not is_name(name):
        raise RecipeError(
            f"--name {name!r} is no name for a run; expected at most 64 letters, digits, '.', '_' and '-', "
            "a letter or a digit first, and no '.' last"
        )


def check_length(run: Path) -> None:
    """Raise `RecipeError` if the system would refuse a file of the run for the length of its path."""
    whole = os.path.abspath(run)
    there = whole
    while not os.path.exists(there):
        there = os.path.dirname(there)
    most, most_of_a_part = os.pathconf(there, "PC_PATH_MAX"), os.pathconf(there, "PC_NAME_MAX")
    for name in LONGEST:
        path = os.fsencode(f"{whole}/{name}")
        if len(path) >= most:  # the system counts the NUL at the end
            raise RecipeError(
                f"--runs leads too deep: files of the run would have paths of up to {len(path)} bytes, "
                f"and this disk takes {most - 1}; choose another place"
            )
        if longer := [part for part in path.split(b"/") if len(part) > most_of_a_part]:
            raise RecipeError(
                f"--runs: a name of {len(longer[0])} bytes is in its path, and this disk takes {most_of_a_part}; "
                "choose another place"
            )


def check_place(runs: Path, name: str | None) -> None:
    """Whether a run of that name could be begun there, before anything is loaded or made. Raises `RecipeError` for a
    name or a path that cannot be, `StorageError` for a folder that is closed, none, or on a full disk."""
    if name is not None:
        check_name(name)
    check_length(runs / (name or "x" * 64))
    there = runs
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        why = "is no folder"
    elif os.access(there, os.W_OK | os.X_OK):
        if there == runs:
            check_runs(runs)
        check_room(there)
        return
    else:
        why = "is read-only" if os.statvfs(there).f_flag & os.ST_RDONLY else "is closed to you"
    raise StorageError(f"{runs}: cannot hold a run ('{there}' {why}); choose another place with --runs")


def make_runs(runs: Path) -> None:
    """The folder of runs and those above it, as the umask has it, safely on the disk. Raises `OSError`."""
    if runs.is_dir():
        return
    if runs.parent != runs:
        make_runs(runs.parent)
    runs.mkdir(exist_ok=True)
    disk.system.sync_folder(runs.parent)


def check_runs(runs: Path) -> None:
    """Raise `StorageError` if anybody may rename what is in the folder of runs; such a folder is no safe place."""
    mode = runs.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise StorageError(
            f"{runs}: anybody may put another directory in a run's place (mode {stat.S_IMODE(mode):o}); "
            "say 'chmod o-w' or 'chmod +t', or choose another place with --runs"
        )


def check_room(runs: Path) -> None:
    """Raise `StorageError` if the disk is full."""
    space = os.statvfs(runs)
    if space.f_blocks and space.f_bavail < FEWEST_BLOCKS:
        raise StorageError(f"{runs}: the disk is full; make room or choose another place with --runs")
