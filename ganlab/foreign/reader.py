"""From a .pt file of a stranger to a safetensors file, by a child process that may die of it.

Whatever becomes of the child, here it is one `CheckpointError`, and nothing but a whole file that says what it holds
takes the name it was to have.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from ganlab import disk
from ganlab.errors import CheckpointError, RecipeError, StorageError, nearest
from ganlab.foreign.header import Stored, read_header

SECONDS = 120
"""How long any file may take; each 10 MB of it give one more."""

MOST_TOLD = 16 << 20

KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "HOME", "TMPDIR")
"""What the child is told of our environment: secrets may be in the rest."""

START = "import sys; sys.path[:] = sys.argv[5:]; from ganlab.foreign.child import main; main(sys.argv[1:5])"


@dataclass(frozen=True)
class Imported:
    """What a file held: the tensors that were written, what else there was, and what a user should know."""

    tensors: dict[str, Stored]
    left_out: list[str]
    not_finite: list[str]
    checked: bool
    """False if the file was saved without checksums, so that damage could not be seen."""


def import_weights(path: Path, target: Path, key: str = "", seconds: float | None = None) -> Imported:
    """Write what the .pt file holds at the dotted `key` to `target`, which is not there yet.

    Raises `CheckpointError` for a file that is not taken, `RecipeError` for a key that is not there, `StorageError`
    if the disk refuses. `target` is there only if all went well.
    """
    with _opened(path) as (source, size), _growing(target) as (written, temporary):
        told = _child(path.name, source, written, key, SECONDS + size / 1e7 if seconds is None else seconds)
        if "no_such_key" in told:
            known = str(told["no_such_key"])
            raise RecipeError(f"--key {key}: not in {path.name}.{nearest(key, known.split(', '))} It has: {known}")
        if "storage" in told:
            raise StorageError(f"{target}: cannot be written ({told['storage']}); make room or choose another place")
        if "refused" in told:
            raise CheckpointError(f"{path.name}: {' '.join(str(told['refused']).split())[:400]}")
        with temporary.open("rb") as file:
            try:
                tensors = read_header(file, os.fstat(file.fileno()).st_size)
            except ValueError as error:
                raise CheckpointError(f"{path.name}: what came of it is no safetensors file ({error})") from None
    return Imported(
        tensors, _texts(told.get("left_out")), _texts(told.get("not_finite")), told.get("checked") is not False
    )


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int, int]]:
    """The file by number, and its size. Raises `CheckpointError` for what is no file, without waiting for it."""
    try:
        source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror}); ask its owner") from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        status = os.fstat(source)
        if not stat.S_ISREG(status.st_mode):
            raise CheckpointError(f"{path}: is no plain file; give one of torch.save")
        if not status.st_size:
            raise CheckpointError(f"{path}: is empty; give one of torch.save")
        yield source, status.st_size
    finally:
        os.close(source)


@contextmanager
def _growing(target: Path) -> Iterator[tuple[int, Path]]:
    """A new file by number and by a name of its own; it takes the name of `target` if all went well inside."""
    temporary = target.with_name(f"{target.name}.tmp.{os.getpid()}")
    try:
        temporary.unlink(missing_ok=True)  # of an earlier process with this number
        file = disk.system.create(temporary)
        try:
            yield file, temporary
            disk.system.sync(file)
        finally:
            disk.system.close(file)
        disk.system.rename(temporary, target)
        disk.system.sync_folder(target.parent)
    except OSError as error:
        raise StorageError(
            f"{target}: cannot be written ({error.strerror}); make room or choose another place"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _child(name: str, source: int, written: int, key: str, seconds: float) -> dict[str, Any]:
    """What the child tells of the file. Raises `CheckpointError` if it did not live to tell."""
    command = [sys.executable, "-I", "-c", START, str(source), str(written), str(int(seconds) + 1), key]
    environment = {each: os.environ[each] for each in KEPT if each in os.environ} | {"OMP_NUM_THREADS": "1"}
    folders = [os.path.abspath(each) for each in sys.path if each]
    with TemporaryFile() as told:
        child = subprocess.Popen(
            [*command, *folders],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.DEVNULL,
            pass_fds=(source, written),
            env=environment,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for the parent
        )
        try:
            status = child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise CheckpointError(
                f"{name}: took longer than {seconds:.0f} s to read; nobody's weights need that"
            ) from None
        finally:
            child.kill()
            child.wait()
        told.seek(0)
        try:
            answer = json.loads(told.read(MOST_TOLD)) if status == 0 else None
        except (ValueError, RecursionError):
            answer = None
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        raise CheckpointError(f"{name}: took more time or memory than its weights need; its reader was stopped")
    if not isinstance(answer, dict):
        how = f"was ended by signal {-status}; the file is malformed" if status < 0 else f"failed (status {status})"
        raise CheckpointError(f"{name}: its reader {how}")
    return answer


def _texts(told: Any) -> list[str]:
    return [str(each) for each in told] if isinstance(told, list) else []
