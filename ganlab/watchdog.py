"""Nobody waits for ever for a plugin.

Calls of plugins are watched. One that takes long is warned of, once, with the stacks of all threads in the run's
`crash.log`. One that is over its limit ends the process: what does not come back cannot be unwound, and the last
checkpoint is safe on the disk. Inside a run, to watch a call costs a few microseconds and to watch rounds nothing.
"""

from __future__ import annotations

import faulthandler
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING

from ganlab.errors import PluginError

if TYPE_CHECKING:
    from ganlab.last_resort import LastResort

LIMIT = "GANLAB_PLUGIN_SECONDS"
"""Environment variable: seconds that a plugin may take to be imported, or for one call; 600 if unset."""

SECONDS = 600.0
MOST_SECONDS = 1e8
LONG = 0.1
"""Share of the limit after which a call is warned of."""

SLOW = 6.0
"""How many times longer a diagnostic may take, and a round: some honest ones take many minutes."""

log = logging.getLogger("ganlab")


def limit() -> float:
    """Seconds that a plugin may take."""
    try:
        seconds = float(os.environ.get(LIMIT, ""))
    except ValueError:
        return SECONDS
    return seconds if math.isfinite(seconds) and 0 < seconds <= MOST_SECONDS else SECONDS


def watched(who: str, *, slow: bool = False) -> AbstractContextManager[None]:
    """Inside, `who` is being called: "importing plugin 'x'"."""
    seconds = limit()
    return DOG.watching(Call(who, seconds * (SLOW if slow else 1.0), seconds * LONG))


def alive(beat: Callable[[], int], blame: Callable[[FrameType], str | None]) -> AbstractContextManager[None]:
    """Inside, `beat` returns a number that grows while all is well. When it has not grown for long, `blame` finds in
    the stack who is at fault; as long as nobody is, the process is warned of and not ended."""
    seconds = limit()
    return DOG.watching(Call("a round", seconds * SLOW, seconds * LONG, beat, blame))


def stacks_in(path: Path) -> AbstractContextManager[None]:
    """Inside, stacks are written to the file at `path`, which is removed at the end if nothing is in it."""
    return DOG.logging_to(path)


@dataclass(eq=False)
class Call:
    """What is going on in a thread, ended after `seconds`, warned of after `long`."""

    who: str
    seconds: float
    long: float
    beat: Callable[[], int] | None = None
    blame: Callable[[FrameType], str | None] | None = None
    thread: int = field(default_factory=threading.get_ident)
    began: float = field(default_factory=time.monotonic)
    counted: int = -1
    warned: bool = False

    def age(self) -> float:
        """Seconds since it began, or since its last beat."""
        if self.beat is not None and (count := self.beat()) != self.counted:
            self.counted, self.began, self.warned = count, time.monotonic(), False
        return time.monotonic() - self.began

    @property
    def pause(self) -> float:
        """Seconds between two looks at it."""
        return 1.0 if self.long >= 10 else self.long / 10


class Watchdog:
    """Looks at the innermost of the calls that are going on."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._last_resort: LastResort | None = None
        self._path: Path | None = None
        self._log: IO[str] | None = None
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._looker: threading.Thread | None = None
        self._over = threading.Event()

    @contextmanager
    def watching(self, call: Call) -> Iterator[None]:
        """Inside, the call is going on."""
        try:
            self._calls.append(call)
            self._arm()
            yield
        finally:
            self._calls.remove(call)
            for outer in self._calls:
                outer.began += time.monotonic() - call.began
            if self._calls:
                self._arm()
            else:
                self._rest()

    @contextmanager
    def logging_to(self, path: Path) -> Iterator[None]:
        """Inside, stacks go to the file at `path`."""
        with suppress(OSError):
            self._log = path.open("a", encoding="utf-8")
            self._path = path
        try:
            yield
        finally:
            if self._log is not None:
                self._log.close()
                self._log, self._path = None, None
                with suppress(OSError):
                    if path.stat().st_size == 0:
                        path.unlink()

    def _arm(self) -> None:
        """A thread looks at the innermost call, and keeps putting the last resort off. Among beating calls, which a
        run is full of, that is enough; else the last resort is told at once."""
        with self._lock:
            if not self._calls:  # another thread's call was the last
                return
            call = self._calls[-1]
            if all(each.beat is None for each in self._calls):
                self._put_off(call)
            elif self._last_resort is not None:
                self._last_resort.tell(self._last_words(call))
            if self._looker is None:
                self._over = threading.Event()
                self._looker = threading.Thread(
                    target=self._look, args=[self._over], name="ganlab-watchdog", daemon=True
                )
                self._looker.start()

    def _rest(self) -> None:
        """Nothing is left to look at, so the thread goes, and is waited for: one that lets go of the last tensor of a
        game while Python ends would abort the process."""
        with self._lock:
            if self._calls:
                return
            looker, self._looker = self._looker, None
            self._over.set()
            if self._last_resort is not None:
                self._last_resort.disarm()
        if looker is not None:
            looker.join()

    def _put_off(self, call: Call) -> None:
        """Until well after a look would have ended the call; while a beating call is looked at, Python runs."""
        began = call.began if call.beat is None else time.monotonic()
        left = began + call.seconds + 5 * call.pause - time.monotonic()
        if self._last_resort is None:
            from ganlab.last_resort import LastResort

            self._last_resort = LastResort()
        self._last_resort.arm(left, self._last_words(call), self._log)

    def _last_words(self, call: Call) -> str:
        return self._ended(call.who, call, "") + "; last error of the system"

    def _look(self, over: threading.Event) -> None:
        """Look again and again until it is over."""
        while not over.wait(self._looked()):
            pass

    def _looked(self) -> float:
        """Look at the innermost call. Returns the seconds until the next look."""
        with self._lock:
            if not self._calls:
                return 1.0
            call = self._calls[-1]
            self._put_off(call)
        with suppress(Exception):  # whatever happens to one look, the next must come
            self._look_at(call)
        return call.pause

    def _look_at(self, call: Call) -> None:
        age = call.age()
        if age < call.long or (call.warned and age < call.seconds):
            return
        frame = sys._current_frames().get(call.thread)
        who = call.who if call.blame is None or frame is None else call.blame(frame)
        where = f" (in {frame.f_code.co_qualname}, {frame.f_code.co_filename}:{frame.f_lineno})" if frame else ""
        if age >= call.seconds and who is not None:
            self._write_stacks()
            end(self._ended(who, call, where))
        elif not call.warned:
            call.warned = True
            self._write_stacks()
            log.warning("%s takes long: %.3g seconds so far%s%s", who or call.who, age, where, self._told())

    def _ended(self, who: str, call: Call, where: str) -> str:
        return (
            f"ganlab: error[E-{PluginError.code}]: {who} has not ended in {call.seconds:g} seconds{where}{self._told()}"
            f"; leave it out, or give plugins longer with {LIMIT}={limit() * 2:g}"
        )

    def _told(self) -> str:
        return "" if self._path is None else f"; stacks are in {self._path}"

    def _write_stacks(self) -> None:
        if self._log is not None:
            with suppress(OSError, ValueError):
                faulthandler.dump_traceback(self._log, all_threads=True)
                self._log.write("\n")
                self._log.flush()


def end(line: str) -> None:
    """Say the line and be gone. The one place outside the command line that does: whoever else could is waiting."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in line)
    with suppress(OSError):
        if os.isatty(2):
            os.write(2, b"\r\x1b[K\x1b[?25h")  # a progress line may stand there, and have hidden the cursor
        os.write(2, f"{shown}\n".encode(errors="replace"))
    os._exit(PluginError.exit_code)


DOG = Watchdog()
"""The one watchdog of the process."""
