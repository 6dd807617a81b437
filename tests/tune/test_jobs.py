"""Workers as jobs of a cluster; where there is none, submitit starts processes here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ganlab.errors import RecipeError
from ganlab.tune import jobs
from ganlab.tune.address import VARIABLE
from ganlab.tune.jobs import Jobs


@pytest.mark.parametrize("status", [0, 6])
def test_jobs_find_the_storage_in_their_environment_and_their_statuses_come_back(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "worker.py"
    script.write_text(
        "import os, sys\n"
        f"open(f'{tmp_path}/{{sys.argv[-1]}}', 'w').write(os.environ[{VARIABLE!r}])\n"
        f"sys.exit({status})\n"
    )
    monkeypatch.setattr(jobs, "PROGRAM", (sys.executable, str(script)))
    monkeypatch.setattr(jobs, "LOOK_SECONDS", 0.1)
    monkeypatch.delenv(VARIABLE, raising=False)
    looked: list[int] = []
    found = Jobs(["tune"], tmp_path / "jobs", 2, "sqlite:///secret", ["timeout_min=1"])
    assert VARIABLE not in os.environ
    assert found.watch(lambda: looked.append(1)) == status
    assert [(tmp_path / str(number)).read_text() for number in (0, 1)] == ["sqlite:///secret"] * 2
    assert looked
    assert not any(b"secret" in path.read_bytes() for path in (tmp_path / "jobs").rglob("*") if path.is_file())


@pytest.mark.parametrize("option", ["timeout_min", "no_such_option=1", "a b=1"])
def test_an_option_that_submitit_does_not_know_is_told(option: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="--job"):
        Jobs(["tune"], tmp_path, 1, "sqlite://", [option])
