"""`ganlab selftest`: a table, and a status that a script can trust."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Ask

OURS = {"scenes", "corridor", "ground-plane", "mirrored", "joint-parts"}


def test_every_reader_passes_on_this_machine(ask: Ask) -> None:
    answer = ask("selftest", "--json")
    told = answer.json()
    assert (answer.status, told["problems"]) == (0, [])
    assert {each["dataset"] for each in told["calibrations"]} >= OURS
    for each in told["calibrations"]:
        assert each["real"] >= 0.9
        assert each["real"] - each["control"] >= 0.5
        if each["dataset"] in OURS:  # to repeat the last frame of a clip keeps what its shapes are
            assert each["real"] - each["baseline"] >= 0.5


def test_one_dataset_is_tried_alone_and_the_table_is_narrow(ask: Ask) -> None:
    answer = ask("selftest", "corridor")
    lines = answer.out.splitlines()
    assert answer.status == 0
    assert lines[0].split() == ["dataset", "property", "real", "control", "baseline", "reader"]
    assert lines[-1] == "all 1 readers pass"
    assert max(map(len, lines)) <= 80


def test_a_reader_that_cannot_see_is_one_line_and_status_five(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganlab.builtin.truths.corridor.CONSISTENT", 10.0)
    answer = ask("selftest", "corridor")
    assert answer.status == 5
    (line,) = answer.problems
    assert "vanishing-point of 'corridor': real samples score 1.000 and broken ones 0.99" in line
    assert "FAILS" in answer.out


def test_a_dataset_without_truth_or_that_there_is_not_is_refused(ask: Ask) -> None:
    answer = ask("selftest", "ring")
    assert answer.status == 2
    assert "'ring' has no truth to read; those that have: corridor, ground-plane, joint-parts" in answer.problems[0]
    assert ask("selftest", "nonesuch").status == 5
