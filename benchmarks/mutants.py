"""Leaves each line that keeps a promise out of a copy of ganlab, and lets ganlab's own tests notice.

    python benchmarks/mutants.py [--only WORD]

The lines are those of tests/faults/test_mutants.py, which has short checks for them; here the tests that hold the
promise from outside must fail: the enumeration of power losses, the sensitivity of checkpoints, the signals, and so on.
Prints a line for each, and ends with 1 if a line is missed by nobody.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["OMP_NUM_THREADS"] = "1"

from ganlab.deadline import TERMINATED
from tests.faults.mutations import without_each
from tests.faults.test_mutants import LINES

ROOT = Path(__file__).parents[1]

POWER = ("tests/faults/test_enumeration.py", "-k", "power")
SAME = ("tests/faults/test_sensitivity.py", "-k", "with_all_its_parts")
FAST = "tests/faults/test_mutants.py"

NOTICED_BY: dict[str, tuple[str, ...]] = {
    "a file's wait": (FAST, "-k", "file and wait"),
    "a folder's wait": (FAST, "-k", "folder and wait"),
    "publishing": POWER,
    "making a folder": POWER,
    "a new record": (FAST, "-k", "new and record"),
    "a record": POWER,
    "the folder of runs": (FAST, "-k", "folder and runs"),
    "a run's directory": (FAST, "-k", "run and directory"),
    "lines before a checkpoint": POWER,
    "curves before a checkpoint": POWER,
    "keeping random states": SAME,
    "taking random states back": SAME,
    "the hash": ("tests/engine/test_damage.py", FAST, "-k", "every_damage or hash"),
    "the flag of a signal": ("tests/faults/test_signals.py", "-k", "once_in_any_phase and turn"),
    "the grace": ("tests/faults/test_signals.py", "-k", "takes_a_minute and turn"),
    "what is overdue": ("tests/faults/test_signals.py", "-k", "takes_a_minute and turn"),
    "names": ("tests/assemble/test_run_directory.py",),
    "what a name may be": (FAST, "-k", "what and name"),
    "the lock": ("tests/assemble/test_run_directory.py",),
    "the lock within a process": ("tests/assemble/test_run_directory.py",),
    "memory": ("tests/faults/test_memory.py", "-k", "in_the_way"),
}
"""Which tests are asked. The short checks are asked of waits that only a real disk would miss; of a new record, which
the enumeration does not miss, since the first save waits for the same folder; and of names that are devices, which
another line refuses too, in other words."""

LIMIT_SECONDS = 400
"""A mutant that hangs is noticed too."""


def main() -> int:
    """Print who noticed what; 1 if a line is missed by nobody."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="WORD", help="lines whose name holds it")
    options = parser.parse_args()
    missed = count = 0
    print(f"load {os.getloadavg()[0]:.1f}\n", flush=True)
    for which, (owner, name, pattern, _) in LINES.items():
        if options.only not in which:
            continue
        function = inspect.unwrap(getattr(owner, name))
        for line, changed in without_each(function, pattern):
            count += 1
            began = time.monotonic()
            told = noticed(function, changed, NOTICED_BY[which])
            missed += not told
            print(f"{told or 'NOBODY':60} {time.monotonic() - began:5.0f} s  {which}: {line[:80]}", flush=True)
    print(f"\n{count} lines left out, {count - missed} noticed; load {os.getloadavg()[0]:.1f}")
    return int(missed > 0 or not count)


def noticed(function: Any, changed: str, tests: tuple[str, ...]) -> str:
    """The test that fails where the function's source is the changed one; empty if none does."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for part in ("ganlab", "tests", "plugins"):
            shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", place)
        change(place, function, changed)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        path = {**os.environ, "PYTHONPATH": str(place)}
        try:
            done = subprocess.run(
                command, cwd=place, env=path, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return "it hangs"
        failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
        if done.returncode == TERMINATED:
            return "the deadline of the process"
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(tests)} could not be asked:\n{done.stdout}{done.stderr}")
        return failed[0].split(" - ")[0].split("::")[-1][:60] if failed else ""


def change(place: Path, function: Any, changed: str) -> None:
    """Put the changed source in the function's place, in the copy."""
    module = importlib.import_module(function.__module__)
    assert module.__file__ is not None
    path = place / Path(module.__file__).relative_to(ROOT)
    source = inspect.getsource(function)
    indent = source[: len(source) - len(source.lstrip())]
    text = path.read_text()
    assert text.count(source) == 1
    path.write_text(text.replace(source, textwrap.indent(changed, indent) + "\n"))


if __name__ == "__main__":
    sys.exit(main())
