"""The report and the status of a study, as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganlab.tune.address import address
from ganlab.tune.home import Home
from ganlab.tune.lead import begun
from tests.cli.conftest import Ask
from tests.tune.by_hand import PLAN, RATE, behind, dead, healthy, trial


@pytest.fixture
def study(here: Path) -> Path:
    """Of four trials that nobody has played, and the recipe as it is, which waits."""
    home = Home(here / "tune" / PLAN.name)
    home.path.mkdir(parents=True)
    kept = begun(PLAN, home, address(None, home.path))
    kept.add_trials(
        [
            trial(healthy(0, 2.0), dead(1, 4.0), baseline=True),
            trial(healthy(0, 1.0), healthy(1, 1.0), params={RATE: 0.02}),
            trial(behind(0, 3.0), reason="not among the best at 50% of the budget (3)", params={RATE: 0.03}),
            trial(state="failed", reason="seed 0: exit status 9"),
        ]
    )
    return home.path


def test_the_report_lies_in_the_directory_of_the_study_and_its_numbers_are_json(study: Path, ask: Ask) -> None:
    answer = ask("tune", "report", PLAN.name)
    assert (answer.status, answer.out, answer.err) == (0, "tune/by-hand/report.html\n", "")
    assert "trial 3, pruned: 3. not among" in (study / "report.html").read_text()
    told = ask("tune", "report", PLAN.name, "--json").json()
    assert told["report"] == "tune/by-hand/report.html"
    assert (told["best"]["score"], told["best"]["settings"]) == (1.0, {RATE: 0.02})
    assert told["gain"].endswith(" times less")
    assert told["states"] == {"complete": 1, "pruned": 2, "failed": 1, "waiting": 1}
    assert (told["importance"], told["caution"][:14]) == ({}, "Too few trials")
    # 2 seeds of 10 kimg at half a second each: 5 kimg were left to the one, 15 to the other.
    assert told["seconds_saved"] == pytest.approx(5 * 7 / 15 + 15 * 0.5, abs=0.05)


def test_the_report_goes_where_it_is_told(study: Path, ask: Ask) -> None:
    assert ask("tune", "report", study, "--export", "there.html").out == "there.html\n"
    assert Path("there.html").stat().st_mode & 0o777 == 0o600
    answer = ask("tune", "report", study, "--export", "there.toml")
    assert (answer.status, answer.problems) == (
        2,
        ["ganlab: error[E-RECIPE]: --export there.toml: is a page; give a name that ends in .html"],
    )
    answer = ask("tune", "report", study, "--export", "no/such.html")
    assert (answer.status, answer.problems) == (
        6,
        [
            "ganlab: error[E-STORAGE]: no/such.html: cannot be written (No such file or directory); "
            "name another place with --export"
        ],
    )


def test_the_status_fits_into_a_narrow_terminal(study: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ask("tune", "status", PLAN.name).out.splitlines()
    assert whole[0].split() == ["trial", "state", "score", "seeds", "time", "settings", "why"]
    assert whole[3].split() == ["2", "complete", "1", "2", "0:10", "generator.lr=0.02"]
    assert whole[4].endswith("behind at a rung")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("ganlab.cli.output.columns", lambda: 60)
    narrow = ask("tune", "status", PLAN.name).out.splitlines()
    assert narrow[4].endswith("behind at a rung")
    assert all(len(line) <= 60 for line in narrow)
