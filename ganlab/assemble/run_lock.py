"""Who plays in a run's directory: the one process that holds an `fcntl.lockf` lock on the file `lock` in it.

The system frees the lock when its owner dies, however it dies; a forked child that lives on does not keep it, as it
would with `flock`. The price: an owner loses it as soon as it closes any descriptor of that file. So an owner never
opens the file a second time, and what this process owns is answered from memory.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path

from ganlab.errors import BusyError, StorageError

OWNED: set[tuple[int, int]] = set()
"""Device and number of each lock file that this process owns."""

PATIENCE_SECONDS = 1.0
"""How long an owner may take from the lock to its signature."""

ATTEMPTS = 10


class Lock:
    """The lock of one run directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._place = (0, 0)

    def take(self) -> None:
        """Own it until `leave` or the end of the process.

        Raises `BusyError` naming who owns it, `FileNotFoundError` if the directory is gone, and `StorageError` if what
        stands there is no plain file or the disk refuses.
        """
        if _place(self.path) in OWNED:
            raise BusyError(f"run '{self.path.parent.name}' is being played by this very process; wait for it")
        for _ in range(ATTEMPTS):
            try:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
                descriptor = os.open(self.path, flags, 0o600)
                try:
                    self._place = self._locked(descriptor)
                except BaseException:
                    os.close(descriptor)
                    raise
            except FileNotFoundError:
                raise
            except OSError as error:
                told = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
                raise StorageError(f"{self.path}: cannot be locked ({told}); expected a plain file of yours") from error
            if self._place == _place(self.path):
                OWNED.add(self._place)
                self._descriptor = descriptor
                return
            os.close(descriptor)  # its owner had just given the directory up and taken the file away
        raise StorageError(f"{self.path}: is taken away again and again; choose another --name")

    def leave(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            OWNED.discard(self._place)
            os.close(self._descriptor)
            self._descriptor = None

    def _locked(self, descriptor: int) -> tuple[int, int]:
        """Lock the file and sign it; where it is."""
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            raise BusyError(
                f"run '{self.path.parent.name}' is being played by {_owner(descriptor)}; "
                "wait for it, or begin another run with 'ganlab run'"
            ) from None
        # Written over the last owner's signature before the file is cut: a full disk has that much room.
        signature = f"process {os.getpid()} on {socket.gethostname()}\n".encode()
        os.pwrite(descriptor, signature, 0)
        os.ftruncate(descriptor, len(signature))
        return status.st_dev, status.st_ino


def held(path: Path) -> bool:
    """True if a process owns the lock. One that cannot be looked at counts as free."""
    if _place(path) in OWNED:
        return True
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EAGAIN)
    finally:
        os.close(descriptor)
    return False


def _place(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _owner(descriptor: int) -> str:
    """Who signed the file: not one who is dead, for the owner may be about to sign."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        signature = os.pread(descriptor, 200, 0).decode(errors="replace").partition("\n")[0]
        if signature and not _dead(signature):
            return signature
        if time.monotonic() > deadline:
            return "another process"
        time.sleep(0.01)


def owner_here(path: Path) -> int | None:
    """The process of this machine that owns the lock; None if none does, or one of another machine."""
    if not held(path):
        return None
    signed = _signed(path.read_text(errors="replace").partition("\n")[0])
    return signed if signed != os.getpid() else None


def _signed(signature: str) -> int | None:
    """The process of this machine that signed."""
    signed = re.fullmatch(r"process (\d{1,9}) on (.*)", signature)
    return int(signed[1]) if signed is not None and signed[2] == socket.gethostname() else None


def _dead(signature: str) -> bool:
    """True if a process of this machine signed, and is no more."""
    number = _signed(signature)
    if number is None:
        return False
    with suppress(PermissionError):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
    return False
