"""A diary tells a run from its beginning to its end, and goes on where the run goes on."""

import pytest

from ganlab import Ending, Finding, Outcome, Progress, RunInfo, ScaleLearningRate, Severity, Tick
from ganlab.plugins import Plugins


@pytest.fixture
def run(tmp_path):
    return RunInfo("first", tmp_path, "", 10.0, ("generator", "image"), "cpu")


@pytest.fixture
def observers():
    return Plugins().observers(["run-diary"])


def written(run):
    return (run.directory / "diary.txt").read_text(encoding="utf-8").splitlines()


def at(kimg):
    return Progress(round=int(10 * kimg), samples=int(1000 * kimg), fraction=kimg / 10)


def test_a_whole_run_is_told_in_order(run, observers):
    finding = Finding("lost", "it collapsed", Severity.CRITICAL, 2.0, 20, 1.0, {}, "stop")
    observers.ganlab_run_started(run=run)
    observers.ganlab_tick(run=run, tick=Tick(at(1), {"coverage": 0.25, "cost/image": 1.4}, seconds=3.0))
    observers.ganlab_finding(run=run, finding=finding)
    observers.ganlab_action(run=run, action=ScaleLearningRate("image", 2.0))
    observers.ganlab_run_ended(run=run, outcome=Outcome(Ending.STOPPED, "told to stop.", at(2), 5.0))
    assert written(run) == [
        "Run 'first' begins on cpu: generator against image, for 10 kimg.",
        "1 kimg (10%), round 10, after 3 s: coverage 0.25.",
        "At 2 kimg, lost (critical): it collapsed. It began at 1 kimg. Advice: stop.",
        "Done about it: ScaleLearningRate(player='image', factor=2.0).",
        "The run stopped: told to stop. 2 kimg (20%), round 20.",
    ]
    assert observers.switched_off == {}


def test_the_measurements_are_told_ten_times_however_many_ticks_there_are(run, observers):
    observers.ganlab_run_started(run=run)
    for tick in range(1, 101):
        observers.ganlab_tick(run=run, tick=Tick(at(tick / 10), {}))
    assert len(written(run)) == 1 + 10


def test_a_run_that_goes_on_goes_on_in_its_diary(run, observers):
    observers.ganlab_run_started(run=run)
    Plugins().observers(["run-diary"]).ganlab_run_started(run=run)
    assert written(run)[1:] == ["The run goes on, on cpu."]
