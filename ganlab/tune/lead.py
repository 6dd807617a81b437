"""The one who makes a study and keeps its workers alive. It takes no part in the game: they go on without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ganlab.disk import publish
from ganlab.errors import RecipeError
from ganlab.tune import storage
from ganlab.tune.address import VARIABLE
from ganlab.tune.home import Home
from ganlab.tune.plan import Plan, differences
from ganlab.tune.queue import enqueue_baseline
from ganlab.tune.study_file import FileSpace

if TYPE_CHECKING:
    import optuna

PROGRAM = (sys.executable, "-m", "ganlab")

LIVES = 20
"""So many processes may take one worker's place, one after another."""

LOOK_SECONDS = 0.5
PARTING_SECONDS = 60.0


def begun(plan: Plan, home: Home, url: str) -> optuna.Study:
    """The study, made or gone on with. Raises `RecipeError`, a line for each difference, if it asked for something else
    before, and `StorageError`. One that could not be played as it was, and has come to nothing, begins anew."""
    kept = storage.connect(url)
    study = storage.patient(lambda: storage.opened(plan.name, kept, make=True))
    before = storage.patient(lambda: study.user_attrs.get("plan"))
    if before is not None and (lines := differences(str(before), plan.told())):
        if not storage.patient(lambda: came_to_nothing(study)):
            raise RecipeError(
                "\n".join(
                    [*lines, f"study '{plan.name}' asks for something else; give another --name to begin a new one"]
                )
            )
        storage.patient(lambda: storage.delete(plan.name, kept))
        study = storage.patient(lambda: storage.opened(plan.name, kept, make=True))
    home.make(plan)
    if isinstance(plan.space, FileSpace):
        publish(plan.space.path.read_bytes(), home.path / "study.py")
    storage.patient(lambda: study.set_user_attr("plan", plan.told()))
    enqueue_baseline(study, plan)
    return study


def came_to_nothing(study: optuna.Study) -> bool:
    """True if a worker refused it, and no trial of it is being played or has ended."""
    from optuna.trial import TrialState

    going = (TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED)
    trials = study.get_trials(deepcopy=False)
    return storage.REFUSED in study.user_attrs and not any(
        each.state in going or "state" in each.user_attrs for each in trials
    )


class Workers:
    """Processes that work for a study, as many as `environments`, each with what stands there beside ours."""

    def __init__(self, arguments: Sequence[str], environments: Sequence[Mapping[str, str]]) -> None:
        self._arguments = arguments
        self._environments = environments
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * len(environments)
        self._lives = [0] * len(environments)

    def watch(self, look: Callable[[], object]) -> int:
        """Keep them alive until all have ended; the exit status of the first that ended with an error, 0 if none did.
        `look` is called now and then."""
        try:
            for number in range(len(self._processes)):
                self._begin(number)
            while any(each is not None for each in self._processes):
                time.sleep(LOOK_SECONDS)
                look()
                for number, process in enumerate(self._processes):
                    status = None if process is None else process.poll()
                    if status is None:
                        continue
                    if status > 0:
                        return status
                    self._processes[number] = None
                    if status < 0 and self._lives[number] < LIVES:
                        self._begin(number)
            return 0
        finally:
            self.end()

    def end(self) -> None:
        """Let them put back what they play, and end."""
        going = [each for each in self._processes if each is not None]
        for each in going:
            with suppress(ProcessLookupError):
                each.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PARTING_SECONDS
        for each in going:
            try:
                each.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()

    def _begin(self, number: int) -> None:
        self._lives[number] += 1
        self._processes[number] = subprocess.Popen(
            [*PROGRAM, *self._arguments, "--number", str(number)],
            stdin=subprocess.DEVNULL,
            env={"OMP_NUM_THREADS": "1", **os.environ, **self._environments[number]},
        )


def environments(workers: int, url: str) -> list[dict[str, str]]:
    """What each worker finds around it: the storage's address, and a GPU of its own where there are some."""
    devices = visible_devices()
    return [
        {VARIABLE: url, **({"CUDA_VISIBLE_DEVICES": devices[number % len(devices)]} if devices else {})}
        for number in range(workers)
    ]


def visible_devices() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them; without loading torch if it can be."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [each.strip() for each in said.split(",") if each.strip() and each.strip() != "-1"]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [str(number) for number, line in enumerate(listed.splitlines()) if line.startswith("GPU")]
