"""Workers as jobs of a cluster, through submitit (extra `slurm`): SLURM where there is one, else processes here."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganlab.errors import PluginError, RecipeError
from ganlab.recipe.layers import value_of
from ganlab.tune.address import VARIABLE
from ganlab.tune.lead import PROGRAM

LOOK_SECONDS = 2.0

log = logging.getLogger("ganlab")


class Work:
    """What a job does. submitit keeps it in a file: the address of the storage, which may hold a password, is not in it
    but in the environment, which SLURM hands on."""

    def __init__(self, arguments: Sequence[str], folder: Path) -> None:
        self.arguments = list(arguments)
        self.folder = str(folder)

    def __call__(self) -> int:
        """Work until the study has enough."""
        return subprocess.run(self.arguments, cwd=self.folder, check=False).returncode

    def checkpoint(self, *arguments: Any) -> Any:
        """A job that is preempted is queued again; its trial is gone on with."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class Jobs:
    """`count` workers of the study at `url`; what submitit and the cluster write lies in `folder`. `options` are
    `KEY=VALUE` for submitit. Raises `PluginError` if it is not installed, `RecipeError` for a bad option."""

    def __init__(self, arguments: Sequence[str], folder: Path, count: int, url: str, options: Sequence[str]) -> None:
        try:
            import submitit
        except ImportError:
            raise PluginError("--launcher submitit needs the package submitit: pip install ganlab[slurm]") from None
        executor = submitit.AutoExecutor(folder)
        try:
            executor.update_parameters(name="ganlab-tune", **dict(map(_option, options)))
        except (NameError, TypeError, ValueError, AssertionError) as error:
            raise RecipeError(f"--job: {' '.join(str(error).split())}") from None
        with _environment(VARIABLE, url):
            self._jobs = [
                executor.submit(Work([*PROGRAM, *arguments, "--number", str(number)], Path.cwd()))
                for number in range(count)
            ]
        self._told = f"{executor.cluster} job {', '.join(str(each.job_id) for each in self._jobs)}"

    def watch(self, look: Callable[[], object]) -> int:
        """Wait until all have ended; the exit status of the first that ended with an error, 0 if none did. `look` is
        called now and then. If this process ends before, the jobs do."""
        try:
            while not all(each.done() for each in self._jobs):
                time.sleep(LOOK_SECONDS)
                look()
        except BaseException:
            for each in self._jobs:
                each.cancel()
            raise
        for each in self._jobs:
            if each.exception() is not None or each.result():
                log.warning("job %s has failed: %s", each.job_id, each.paths.stderr)
                return 1 if each.exception() is not None else int(each.result())
        return 0


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise RecipeError(f"--job {shlex.quote(text)}: expected KEY=VALUE, such as slurm_partition=gpu")
    return key, value_of(value)
