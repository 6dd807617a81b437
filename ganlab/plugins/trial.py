"""Plugins tried in a process of their own before ours imports them: whatever one does there, it does not do here.

Exceptions can be caught where they are raised; a crash, an exit or a loop without end cannot. One child imports all
that are to be tried, one after the other, and says where it is; where it falls silent, the culprit is known, and
another child goes on with the next. What came through is remembered until it is installed anew or changed.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

from ganlab.errors import PluginError
from ganlab.plugins.contract import full_name
from ganlab.plugins.discovery import Found
from ganlab.plugins.state import PluginState
from ganlab.plugins.vetted import remember, vetted
from ganlab.registry import one_line
from ganlab.watchdog import LIMIT, LONG, limit

if TYPE_CHECKING:
    from ganlab.plugins.door import Plugins

CHILD = "from ganlab.plugins.trial import be_the_child; be_the_child()"

LEAST_SECONDS = 5.0
"""A tenth of the limit is what a plugin gets, and this much at least, unless the limit itself is less."""

START_SECONDS = 60.0
"""How long Python itself, and ganlab, may take to start: nothing of a plugin's runs then."""

Told = dict[str, Any]
"""A plugin's state as plain data."""


def problems(found: Sequence[Found]) -> dict[str, str]:
    """What takes a process down among those plugins, by full name. Those that came through once are not tried again."""
    strange = [each for each in found if not vetted(each)]
    told = tried(strange)
    remember([each for each in strange if not told[full_name(each)]["fatal"]])
    return {name: each["problems"][0] for name, each in told.items() if each["fatal"]}


def tried(found: Sequence[Found]) -> dict[str, Told]:
    """The state of each plugin as a child sees it, by full name. `fatal` is true for one that the child did not survive
    or wait for, and for one that interrupts, as only a person may."""
    left = {full_name(each): each for each in found}
    told: dict[str, Told] = {}
    while left:
        for name, state in _one_child(list(left)):
            told[name] = {**asdict(_state(left.pop(name))), **state}
    return told


def _state(found: Found) -> PluginState:
    origin = found.origin
    return PluginState(origin.plugin, origin.distribution, origin.version, origin.builtin, "broken")


def _one_child(names: list[str]) -> Iterator[tuple[str, Told]]:
    """What one child says of the plugins, until it has seen all or one has stopped it; at least of the first."""
    patience = sorted((limit() * LONG, limit(), LEAST_SECONDS))[1]
    with _child(names) as (child, pipe):
        waiting = select.poll()  # select itself cannot watch a file of a high number
        waiting.register(pipe, select.POLLIN)
        at, buffer = -1, b""  # first of all it says that it is there
        deadline = time.monotonic() + patience + START_SECONDS
        while at < len(names):
            left = deadline - time.monotonic()
            if left <= 0 or not waiting.poll(left * 1000):
                longer = f"{LIMIT}={limit() * 2:g} would wait longer"
                yield names[max(at, 0)], _fatal(f"importing it took longer than {patience:g} seconds; {longer}")
                return
            piece = os.read(pipe.fileno(), 1 << 16)
            if not piece:
                yield names[max(at, 0)], _fatal(f"importing it ended the process ({_ending(child)})")
                return
            *lines, buffer = (buffer + piece).split(b"\n")
            for line in lines[: len(names) - at]:
                told = _read(line)
                if told is None:
                    yield names[max(at, 0)], _fatal("importing it wrote to a file that it had not opened")
                    return
                if at >= 0:
                    yield names[at], told
                at, deadline = at + 1, time.monotonic() + patience


def _read(line: bytes) -> Told | None:
    """What the child wrote; None if somebody else did."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _fatal(problem: str) -> Told:
    return {"fatal": True, "problems": [problem]}


def _ending(child: subprocess.Popen[bytes]) -> str:
    with suppress(subprocess.TimeoutExpired):
        child.wait(5)
    if child.returncode is None:
        return "it no longer answers"
    if child.returncode >= 0:
        return f"exit status {child.returncode}"
    known = {each.value: each.name for each in signal.Signals}
    return known.get(-child.returncode, f"signal {-child.returncode}")


@contextmanager
def _child(names: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A process that tries the plugins and writes a line of JSON on each, and the end of the pipe to read them from.
    It sees what we see, has nobody to ask, and takes all that it started with it."""
    ours, theirs = os.pipe()
    task = json.dumps({"path": sys.path, "names": names, "pipe": theirs})
    nowhere = subprocess.DEVNULL
    with os.fdopen(ours, "rb", buffering=0) as pipe:
        try:
            child = subprocess.Popen(
                [sys.executable, "-c", CHILD, task],
                stdin=nowhere,
                stdout=nowhere,
                stderr=nowhere,
                pass_fds=(theirs,),
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        try:
            yield child, pipe
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def be_the_child() -> None:
    """Try the plugins one by one, all they register and every option looked at, and say what is wrong with each."""
    task = json.loads(sys.argv[1])
    sys.path[:] = task["path"]
    from ganlab.plugins.door import Plugins

    plugins = Plugins()
    _say(task["pipe"], {})
    for name in task["names"]:
        try:
            told = {"fatal": False, **asdict(inspected(plugins, name))}
        except BaseException as error:  # there is no person here who could have interrupted
            told = _fatal(f"importing it raised {one_line(error)}")
        _say(task["pipe"], told)
    os._exit(0)


def _say(pipe: int, told: Told) -> None:
    left = memoryview(json.dumps(told).encode() + b"\n")
    while left:
        left = left[os.write(pipe, left) :]


def inspected(plugins: Plugins, name: str) -> PluginState:
    """The state of the plugin with that full name; factories whose options cannot be read are among its problems."""
    state, entries = plugins.inspect(name)
    for entry in entries:
        if entry.kind != "recipes":
            try:
                entry.options()
            except PluginError as error:
                state.problems.append(str(error))
    return state
