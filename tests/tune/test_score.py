"""One number for a run, by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ganlab.assemble.history import of_ours
from ganlab.assemble.run_directory import RunDirectory
from ganlab.errors import RecipeError
from ganlab.records import json_line
from ganlab.tune.score import WORST, SeedResult, course, is_measured, measurement, measuring, unhealthy, value, worst

DIAGNOSTICS = ("coverage", "frechet", "frechet-infinity", "mmd", "modes")
NAMES = ("kimg", "mmd@flatten", "kid@a", "kid@b", "coverage@flatten")


def run(
    folder: Path, values: list[Any], ending: str = "finished", findings: list[dict[str, Any]] | None = None
) -> Path:
    """A run of ten kimg, whose `mmd` was as given."""
    step = 10 / len(values)
    lines = [{"kimg": step * tick, "round": tick, "mmd@flatten": each} for tick, each in enumerate(values, 1)]
    (folder / "measurements.jsonl").write_text("".join(map(json_line, lines)))
    (folder / "findings.jsonl").write_text("".join(map(json_line, findings or [])))
    told = {"ending": ending, "sentence": "lost", "kimg": 10.0, "round": len(values), "seconds": 2.0}
    (folder / "outcome.json").write_text(json.dumps(told))
    return folder


def test_a_run_is_worth_the_median_of_its_last_fifth(tmp_path: Path) -> None:
    history = of_ours("x", run(tmp_path, [9.0] * 10 + [7.0, 8.0, 6.0, 5.0, 1.0]), None)
    assert value(history, "mmd") == 5.0
    assert value(history, "-mmd") == -5.0


def test_what_is_not_finite_is_passed_over_and_where_nothing_is_it_is_as_bad_as_can_be(tmp_path: Path) -> None:
    mixed = of_ours("x", run(tmp_path, [3.0, float("nan"), float("inf"), 2.0]), None)
    assert [each for _, each in course(mixed, "mmd")] == [3.0, 2.0]
    assert value(mixed, "mmd") == 2.0
    nothing = of_ours("x", run(tmp_path, [float("nan"), float("inf"), float("-inf")]), None)
    assert value(nothing, "mmd") == worst(nothing, "mmd") == WORST


def test_one_that_collapsed_counts_as_what_it_came_to_and_one_that_diverged_as_the_worst_it_was(tmp_path: Path) -> None:
    stopped = SeedResult.of(3, RunDirectory(run(tmp_path, [9.0, 2.0, 4.0], "stopped")), "mmd")
    assert (stopped.value, stopped.dead, stopped.reason, stopped.seconds) == (4.0, True, "lost", 2.0)
    assert SeedResult.of(3, RunDirectory(run(tmp_path, [2.0, 9.0, 1.0], "diverged")), "mmd").value == 9.0
    alive = SeedResult.of(3, RunDirectory(run(tmp_path, [2.0, 9.0, 1.0])), "mmd")
    assert (alive.value, alive.dead, alive.reason) == (1.0, False, "")
    assert SeedResult.of(0, RunDirectory(run(tmp_path, [1.0], "stopped")), "kid").value == WORST
    with pytest.raises(RecipeError):
        SeedResult.of(0, RunDirectory(run(tmp_path, [1.0])), "kid")


def test_the_share_of_a_run_in_which_it_was_sick(tmp_path: Path) -> None:
    told = {"monitor": "m", "sentence": "s", "severity": "critical", "advice": "", "evidence": {}, "round": 5}
    began = {**told, "kimg": 6.0, "began_kimg": 5.0}
    over = {**told, "kimg": 8.0, "began_kimg": 5.0, "over": True}
    assert unhealthy(of_ours("x", run(tmp_path, [1.0] * 10, findings=[began, over]), None)) == pytest.approx(0.3)
    assert unhealthy(of_ours("x", run(tmp_path, [1.0] * 10, findings=[began]), None)) == pytest.approx(0.6)
    assert unhealthy(of_ours("x", run(tmp_path, [1.0] * 10), None)) == 0.0


def test_an_objective_is_a_measurement_named_without_its_network_where_that_is_clear() -> None:
    assert measurement("mmd", NAMES) == ("mmd@flatten", 1.0)
    assert measurement("-coverage", NAMES) == ("coverage@flatten", -1.0)
    assert measurement("kid@b", NAMES) == ("kid@b", 1.0)


@pytest.mark.parametrize(
    ("objective", "problem"),
    [
        ("kid", "is measured more than once: kid@a, kid@b"),
        ("mdm", "Did you mean 'mmd'?"),
        ("frechet", "no diagnostic of the recipe measures the objective 'frechet'"),
    ],
)
def test_an_objective_that_is_none_is_told(objective: str, problem: str) -> None:
    with pytest.raises(RecipeError) as raised:
        measurement(objective, NAMES)
    assert problem in str(raised.value)


def test_one_that_is_sick_at_its_end_is_as_dead_as_one_that_was_stopped(tmp_path: Path) -> None:
    told = {"monitor": "m", "sentence": "s", "severity": "critical", "advice": "", "evidence": {}, "round": 5}
    finding = {**told, "kimg": 8.0, "began_kimg": 7.0}
    sick = SeedResult.of(0, RunDirectory(run(tmp_path, [1.0, 3.0, 2.0], findings=[finding])), "mmd")
    assert (sick.dead, sick.reason, sick.value) == (True, "m: s", 2.0)
    well = SeedResult.of(0, RunDirectory(run(tmp_path, [1.0], findings=[{**finding, "severity": "warning"}])), "mmd")
    assert not well.dead


@pytest.mark.parametrize(
    ("objective", "diagnostic"),
    [
        ("mmd", "mmd"),
        ("frechet-excess@flatten", "frechet"),
        ("-coverage", "coverage"),
        ("frechet-infinity", "frechet-infinity"),
        ("modes/reverse-kl", "modes"),
        ("kidd", None),
    ],
)
def test_the_diagnostic_of_an_objective_is_found_by_its_name(objective: str, diagnostic: str | None) -> None:
    assert measuring(objective, DIAGNOSTICS) == diagnostic


def test_an_objective_that_nothing_is_called_after_is_refused_at_the_first_tick(tmp_path: Path) -> None:
    begun = RunDirectory(tmp_path)
    assert not is_measured(begun, "kidd", DIAGNOSTICS)
    run(tmp_path, [3.0])
    assert is_measured(begun, "-mmd", DIAGNOSTICS)
    assert not is_measured(begun, "frechet-excess", DIAGNOSTICS)  # its diagnostic may answer later
    with pytest.raises(RecipeError, match="no diagnostic of the recipe measures the objective 'kidd'"):
        is_measured(begun, "kidd", DIAGNOSTICS)
