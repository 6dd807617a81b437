"""Workers that are killed and a storage that goes away while a study is played: nothing is lost, left, or told twice.

In small; `python -m tests.tune.chaos` does the same for as long as you like."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ganlab.tune import child
from ganlab.tune.home import Home
from ganlab.tune.worker import work
from tests.tune import chaos
from tests.tune.studies import FAKE, PLUGINS, began, plan

needs_postgres = pytest.mark.skipif(not chaos.found(), reason="no PostgreSQL here (Debian's package 'postgresql')")


def test_of_killed_workers_nothing_is_lost_in_sqlite(tmp_path: Path) -> None:
    wanted = replace(plan(trials=8), rungs=())
    study, home, kills = chaos.play(tmp_path, wanted, None, kills=5, pause=1.0)
    assert kills >= 3
    chaos.check(study, home, wanted)


@needs_postgres
def test_of_killed_workers_and_a_server_that_is_away_nothing_is_lost_in_postgresql(tmp_path: Path) -> None:
    wanted = replace(plan(trials=8), rungs=())
    with chaos.postgres() as (url, server):
        trouble = chaos.outages(server, 2, 2.0)
        study, home, _ = chaos.play(tmp_path, wanted, url, kills=3, pause=1.0, trouble=trouble)
        chaos.check(study, home, wanted)


def test_a_storage_that_is_locked_for_a_while_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "PROGRAM", FAKE)
    wanted = replace(plan(trials=3), rungs=())
    study, home = began(wanted, tmp_path)

    def lock() -> None:
        with sqlite3.connect(home.path / "study.db", timeout=30) as other:
            for _ in range(2):
                time.sleep(0.7)
                other.execute("BEGIN EXCLUSIVE")
                time.sleep(1.5)
                other.rollback()

    trouble = threading.Thread(target=lock)
    trouble.start()
    work(study, wanted, home, PLUGINS)
    trouble.join()
    chaos.check(study, home.path, wanted)


def test_two_leaders_of_one_study_the_second_is_refused_and_told_how_to_join(tmp_path: Path) -> None:
    from ganlab.errors import BusyError

    home = Home(tmp_path / "study")
    home.path.mkdir()
    with home.led(), pytest.raises(BusyError, match="join it with 'ganlab tune worker"), Home(home.path).led():
        pass
