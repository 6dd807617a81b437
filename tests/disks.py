"""Disks that fail: full ones, ones that refuse, and one whose power goes at any operation."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from ganlab import disk
from ganlab.disk import System

OPERATIONS = ("create", "open", "write", "cut", "sync", "close", "rename", "remove", "make_folder", "sync_folder")


class Crash(BaseException):
    """The process is gone."""


class FullDisk(System):
    """Takes `room` more bytes, of which the last piece may be a part, and then none, while it is `full`."""

    def __init__(self, room: int = 10, *, full: bool = True) -> None:
        self.room, self.full = room, full

    def write(self, file: int, piece: memoryview) -> int:
        if not self.full:
            return super().write(file, piece)
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = super().write(file, piece[: self.room])
        self.room -= written
        return written


def put_in(patch: pytest.MonkeyPatch, system: System) -> None:
    """Let everything be written through `system`."""
    patch.setattr(disk, "system", system)


class WatchedDisk(System):
    """A disk below `root` that calls `before(number, operation)` before each operation, and remembers, beside what the
    running system sees, what would be left if the power went: contents that were synced, under names that were."""

    def __init__(self, root: Path, before: Callable[[int, str], None] = lambda number, name: None) -> None:
        self.root = root
        self.before = before
        self.number = 0
        self._keys = count()
        self._live: dict[Path, int] = {}
        self._names: dict[Path, int] = {}
        self._contents: dict[int, bytes] = {}
        self._folders: set[Path] = {root}
        self._pending: list[tuple[str, Path, Path | None, int]] = []
        self._open: dict[int, int] = {}
        for path in root.rglob("*"):
            if path.is_dir():
                self._folders.add(path)
            elif path.is_file():
                self._live[path] = self._names[path] = key = next(self._keys)
                self._contents[key] = path.read_bytes()

    def create(self, path: Path) -> int:
        self._count("create")
        file = super().create(path)
        self._live[path] = self._open[file] = key = next(self._keys)
        self._pending.append(("name", path, None, key))
        return file

    def open(self, path: Path) -> int:
        self._count("open")
        new = path not in self._live or not path.exists()
        file = super().open(path)
        if new:
            self._live[path] = next(self._keys)
            self._pending.append(("name", path, None, self._live[path]))
        self._open[file] = self._live[path]
        return file

    def write(self, file: int, piece: memoryview) -> int:
        self._count("write")
        return super().write(file, piece)

    def cut(self, file: int, size: int) -> None:
        self._count("cut")
        super().cut(file, size)

    def sync(self, file: int) -> None:
        self._count("sync")  # and no real one: what it is good for is modelled here
        self._contents[self._open[file]] = Path(f"/proc/self/fd/{file}").read_bytes()

    def close(self, file: int) -> None:
        try:
            self._count("close")
        finally:
            self._open.pop(file, None)
            super().close(file)

    def rename(self, source: Path, target: Path) -> None:
        self._count("rename")
        super().rename(source, target)
        key = self._live[target] = self._live.pop(source)
        self._pending.append(("rename", target, source, key))

    def remove(self, path: Path) -> None:
        self._count("remove")
        super().remove(path)
        self._live.pop(path, None)
        self._pending.append(("remove", path, None, -1))

    def make_folder(self, path: Path) -> None:
        self._count("make_folder")
        super().make_folder(path)
        self._pending.append(("folder", path, None, -1))

    def sync_folder(self, path: Path) -> None:
        self._count("sync_folder")
        here = [each for each in self._pending if each[1].parent == path]
        self._pending = [each for each in self._pending if each[1].parent != path]
        for each in here:
            self._reach(*each)

    def forget(self) -> None:
        """Close what a process that is gone had open."""
        for file in self._open:
            os.close(file)
        self._open.clear()

    def lose_power(self, seed: int) -> None:
        """Leave below `root` what a disk might hold after a power loss: each name that was not synced may be there or
        not, and of each content that was not, some first part."""
        chance = random.Random(seed)
        lived = {key: path.read_bytes() for path, key in self._live.items() if path.is_file()}
        for each in self._pending:
            if chance.random() < 0.5:
                self._reach(*each)
        shutil.rmtree(self.root)
        for folder in sorted(self._folders):
            if folder.parent.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        for path, key in self._names.items():
            content = self._contents.get(key, b"")
            newer = lived.get(key, content)
            if newer != content and chance.random() < 0.5:  # what both have is safe
                shorter = min(len(content), len(newer))
                common = next((at for at in range(shorter) if content[at] != newer[at]), shorter)
                content = newer[: chance.randint(common, len(newer))]
            if path.parent.is_dir():
                path.write_bytes(content)

    def _reach(self, kind: str, path: Path, source: Path | None, key: int) -> None:
        if kind == "folder":
            self._folders.add(path)
        elif kind == "remove":
            self._names.pop(path, None)
        else:
            if source is not None:
                self._names.pop(source, None)
            self._names[path] = key

    def _count(self, name: str) -> None:
        self.number += 1
        self.before(self.number, name)
