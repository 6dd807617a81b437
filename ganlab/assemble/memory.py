"""How much memory there is, asked before it is taken: a recipe that wants too much is refused, and the machine lives.

A network of 10^12 weights would be filled for minutes and then killed by the system without a word. So a heavy one is
built first on torch's "meta" device, where weights have shapes and no values, and weighed. And while a run is played,
the process may not hold more than the machine has: what is too much then fails in its own allocator, in one line.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.nn import Module
from torch.overrides import TorchFunctionMode

from ganlab.errors import OutOfMemoryError

BYTES_PER_WEIGHT = 16
"""In float32: the weight, its gradient, and the two moments of most optimisers."""

HEAVY = 50_000_000
"""Fewer weights are not worth weighing: to do so takes torch seconds the first time."""

LEAST = 1 << 28
"""No process is held to less than this above what it holds, so that small machines can fail in words too."""

CGROUPS = Path("/sys/fs/cgroup")


MAKERS = frozenset({torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn})
"""Where weights come from."""


class Heavy(BaseException):
    """Many weights have been made: time to weigh. No plugin catches it by mistake."""


class Counting(TorchFunctionMode):
    """Raises `Heavy` once so many numbers have been asked for; they are reserved then, and not yet touched."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._left = most

    def __torch_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), options: Mapping[str, Any] | None = None
    ) -> Any:
        made = function(*arguments, **(options or {}))
        if function in MAKERS:
            self._left -= made.numel()
            if self._left < 0:
                raise Heavy
        return made


def weighed(player: str, build: Callable[[], Module]) -> Module:
    """What `build` makes. Raises `OutOfMemoryError` if it could not be trained in the memory there is, before any of it
    is filled. May call `build` twice."""
    room = free_memory()
    if room is None:
        return build()
    try:
        with Counting(min(HEAVY, room // BYTES_PER_WEIGHT)):
            return build()
    except Heavy:
        weigh(player, build, room)
    return build()


def weigh(player: str, build: Callable[[], Module], room: int) -> None:
    """Raise `OutOfMemoryError` if the network that `build` makes would not fit into `room` bytes when trained."""
    try:
        with torch.device("meta"):
            weights = sum(each.numel() for each in build().parameters() if each.requires_grad)
    except Exception:  # a network that needs values to be built, or that cannot be built at all: that tells itself
        return
    needed = weights * BYTES_PER_WEIGHT
    if needed > room:
        raise OutOfMemoryError(
            f"player '{player}' would have {weights:,} weights, which take {_gib(needed)} to train, and there are "
            f"{_gib(room)}; take a smaller players.{player}.architecture.width or depth, or a smaller latent or picture"
        )


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Inside, this process cannot take more memory than there is now; what it asks beyond that raises. Only where the
    system tells how much there is, and not beside a GPU, whose driver maps as it likes."""
    room = free_memory()
    if room is None or torch.cuda.is_available():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _held() + max(room, LEAST)
    if before[0] != resource.RLIM_INFINITY:
        wanted = min(wanted, before[0])
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def free_memory() -> int | None:
    """Bytes that this process may still take, by the machine and by its control groups; None if nobody tells."""
    found = [each for each in (_free_of_machine(), *_free_of_groups()) if each is not None]
    return min(found, default=None)


def _free_of_machine() -> int | None:
    lines = _text(Path("/proc/meminfo")).splitlines()
    told = {line.split(":")[0]: line.split() for line in lines}
    return int(told["MemAvailable"][1]) * 1024 if "MemAvailable" in told else None


def _free_of_groups() -> Iterator[int | None]:
    """What is left in each group this process is in, of both versions, from its own up to the outermost."""
    for line in _text(Path("/proc/self/cgroup")).splitlines():
        _, _, rest = line.partition(":")
        kind, _, path = rest.partition(":")
        if kind not in ("", "memory"):
            continue
        root = CGROUPS / "memory" if kind else CGROUPS
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if kind else ("memory.max", "memory.current")
        own = root / path.lstrip("/")
        for folder in [own, *own.parents]:
            if folder.is_relative_to(root):
                yield _left(folder, *names)


def _left(folder: Path, limit: str, usage: str) -> int | None:
    most, used = _text(folder / limit).strip(), _text(folder / usage).strip()
    if not (most.isdecimal() and used.isdecimal()):
        return None
    cached = [
        line.split()[1] for line in _text(folder / "memory.stat").splitlines() if line.startswith("inactive_file ")
    ]
    return max(0, int(most) - int(used) + int(cached[0] if cached else 0))


def _held() -> int:
    """Bytes of this process that the limit counts."""
    for line in _text(Path("/proc/self/status")).splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _gib(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB"
