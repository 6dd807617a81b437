"""The directory of a study: the plan, the recipe, a directory for each trial, and who is at work.

study.db recipe.toml plan.json study.py place lead.lock/ queue.lock/
trials/0007/{trial.json, lock, seed-0/, seed-0.log, seed-1/, ...}
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path

from ganlab.assemble.run_lock import Lock, held, owner_here
from ganlab.assemble.run_place import check_length, make_runs
from ganlab.disk import publish
from ganlab.errors import BusyError, StorageError
from ganlab.tune.plan import Plan

QUEUE_SECONDS = 120.0


class Home:
    """One study on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def plan_text(self) -> str | None:
        """The plan as it was kept; None if there is none."""
        path = self.path / "plan.json"
        return path.read_text(encoding="utf-8") if path.is_file() else None

    @property
    def place(self) -> str:
        """What no other directory of a study is called: who sees the same sees the same locks, on whatever machine, and
        may judge by them who is alive. Only inside the queue."""
        path = self.path / "place"
        if not path.exists():
            publish(secrets.token_hex(8).encode(), path)
        return path.read_text()

    @property
    def trials(self) -> Path:
        """Where the trials' directories are."""
        return self.path / "trials"

    def make(self, plan: Plan) -> None:
        """Make the directory, and keep the plan in it. Raises `StorageError`."""
        check_length(self.trials / "00000" / "seed-000")
        try:
            make_runs(self.path)
            make_runs(self.trials)
            publish(plan.recipe.encode(), self.path / "recipe.toml")
            publish(plan.told().encode(), self.path / "plan.json")
        except OSError as error:
            raise StorageError(f"{self.path}: cannot hold a study ({error.strerror}); choose another --out") from error

    def trial(self, name: str) -> Path:
        """The directory of the trial of that name, which is made if it is not here."""
        path = self.trials / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def new_trial(self, number: int) -> str:
        """The name of a directory that is made for that trial; nobody has played in it, in no study of this place."""
        names = chain([f"{number:04d}"], (f"{number:04d}-{attempt}" for attempt in count(2)))
        while True:
            name = next(names)
            with suppress(FileExistsError):
                (self.trials / name).mkdir(mode=0o700)
                return name

    @contextmanager
    def led(self) -> Iterator[None]:
        """Inside, this process leads the study. Raises `BusyError` if another does."""
        lock = Lock(self._place("lead"))
        try:
            lock.take()
        except BusyError:
            leader = owner_here(lock.path)
            who = f"process {leader}" if leader else "a process of another machine"
            raise BusyError(
                f"study '{self.path.name}' is led by {who}; join it with 'ganlab tune worker {self.path}', "
                f"or look at it with 'ganlab tune status {self.path}'"
            ) from None
        try:
            yield
        finally:
            lock.leave()

    @property
    def is_led(self) -> bool:
        """True if a process leads it."""
        return held(self.path / "lead.lock" / "lock")

    @contextmanager
    def queue(self) -> Iterator[None]:
        """Inside, no other worker of this directory takes trials or gives them back."""
        lock = Lock(self._place("queue"))
        deadline = time.monotonic() + QUEUE_SECONDS
        while True:
            try:
                lock.take()
                break
            except BusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        try:
            yield
        finally:
            lock.leave()

    def _place(self, name: str) -> Path:
        folder = self.path / f"{name}.lock"
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return folder / "lock"
