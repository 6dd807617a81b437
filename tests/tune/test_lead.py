"""The one who keeps workers alive, and what workers find around them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ganlab.tune import lead
from ganlab.tune.address import VARIABLE
from ganlab.tune.lead import Workers, environments
from tests.tune import chaos
from tests.tune.studies import FAKE, RATE

SECRET = "correct-horse"


def test_each_worker_has_a_gpu_of_its_own_as_long_as_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,2")
    found = environments(3, "sqlite://")
    assert [each["CUDA_VISIBLE_DEVICES"] for each in found] == ["0", "2", "0"]
    assert all(each[VARIABLE] == "sqlite://" for each in found)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "CUDA_VISIBLE_DEVICES" not in environments(1, "sqlite://")[0]


def test_a_worker_that_is_killed_is_replaced_and_one_that_fails_ends_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "worker.py"
    script.write_text(
        "import os, signal, sys\n"
        "number = sys.argv[-1]\n"
        "with open(f'{sys.argv[1]}/{number}', 'a') as file: file.write('x')\n"
        "if number == '0' and len(open(f'{sys.argv[1]}/0').read()) < 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.exit(int(sys.argv[2]) if number == '1' else 0)\n"
    )
    monkeypatch.setattr(lead, "PROGRAM", (sys.executable, str(script)))
    monkeypatch.setattr(lead, "LOOK_SECONDS", 0.05)
    assert Workers([str(tmp_path), "0"], [{}, {}]).watch(lambda: None) == 0
    assert (tmp_path / "0").read_text() == "xxx"
    assert (tmp_path / "1").read_text() == "x"
    assert Workers([str(tmp_path), "6"], [{}, {}]).watch(lambda: None) == 6


@pytest.mark.skipif(not chaos.found(), reason="no PostgreSQL here (Debian's package 'postgresql')")
def test_a_password_is_neither_printed_nor_kept_nor_among_the_arguments_of_a_process(tmp_path: Path) -> None:
    script = tmp_path / "faked.py"
    script.write_text(
        "import sys\nfrom ganlab.tune import child, lead\n"
        f"child.PROGRAM = {FAKE!r}\nlead.PROGRAM = (sys.executable, __file__)\n"
        "from ganlab.cli import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    study = ["tune", "ring", "--set", "budget_rounds=40", "--set", "batch_size=250", "--search", RATE]
    with chaos.postgres() as (url, _):
        secret = url.replace("study@", f"study:{SECRET}@")
        process = subprocess.Popen(
            [sys.executable, str(script), *study, "--trials", "2", "--seeds", "1", "--workers", "2"],
            cwd=tmp_path,
            env={**os.environ, VARIABLE: secret},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        seen = set()
        while process.poll() is None:
            seen |= arguments()
        told = process.communicate()[0]
    assert process.returncode == 0, told
    assert any("worker" in each for each in seen)
    assert SECRET not in told
    assert not any(SECRET in each for each in seen)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert kept == []


def arguments() -> set[str]:
    """What `ps` would show of every process."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found
