"""Whatever is measured, every monitor says a trouble once, ends what it began, and bears a restart."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping

import pytest

from ganlab import Finding, Monitor, Progress
from ganlab.answers import checked_findings
from ganlab.builtin.monitors import ganlab_register_monitors
from ganlab.testing.state import check_plain

MONITORS = ganlab_register_monitors()

NAMES = """coverage@net coverage/raw@net coverage-training@net coverage/b@net cost/image cost/generator cost/image/real
gradient-norm/image gradient-norm/generator update/image update/generator learning-rate/image learning-rate/generator
balance/image/auc balance/image/logit-gap balance/image/sign-real balance/image/accuracy-real
balance/image/accuracy-held-out balance/image/over-fit balance/image/class/auc probe-gap/image ndb-under@net
nearest-ratio@net ct@net authenticity@net oscillation/hop@net oscillation/progress@net frechet-excess@net
frechet-floor@net kid@net truth/mirror/of-real truth/readable""".split()

ODD = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300, 5e-324)


def wild_run(seed: int, ticks: int = 60) -> list[dict[str, float]]:
    """Every number keeps to a level of its own for some ticks, goes to another, is odd now and then, or missing."""
    draw = random.Random(seed)
    levels = {name: 10 ** draw.uniform(-8, 3) for name in NAMES}
    run = []
    for _ in range(ticks):
        for name in NAMES:
            if draw.random() < 0.1:
                levels[name] = draw.choice((-1, 1, 1, 1)) * 10 ** draw.uniform(-8, 3)
        shown = {name: draw.choice(ODD) if draw.random() < 0.03 else levels[name] for name in NAMES}
        run.append({name: value for name, value in shown.items() if draw.random() > 0.05})
    return run


def judged(monitor: Monitor, run: list[dict[str, float]], first: int = 0) -> list[Finding]:
    said: list[Finding] = []
    for tick, measurements in enumerate(run, start=first):
        said += checked_findings(monitor.judge(measurements, Progress(10 * tick, 1000 * tick, tick / 60)))
    return said


@pytest.mark.parametrize("name", MONITORS)
@pytest.mark.parametrize("seed", range(20))
def test_a_trouble_begins_once_and_ends_once(name: str, seed: int) -> None:
    standing: set[str] = set()
    for finding in judged(MONITORS[name](), wild_run(seed)):
        assert finding.monitor == name
        assert (finding.subject in standing) is finding.over
        (standing.remove if finding.over else standing.add)(finding.subject)
        assert finding.began_kimg <= finding.kimg
        assert finding.over or (finding.causes and finding.advice)
        assert "nan" not in finding.sentence or name == "non-finite"


@pytest.mark.parametrize("name", MONITORS)
def test_a_restart_anywhere_in_a_wild_run_changes_nothing(name: str) -> None:
    for seed in range(5):
        run = wild_run(seed)
        whole = [told(each) for each in judged(MONITORS[name](), run)]
        for cut in range(0, len(run), 7):
            before, after = MONITORS[name](), MONITORS[name]()
            said = judged(before, run[:cut])
            check_plain(before.state())
            after.restore(json.loads(json.dumps(before.state())))
            assert [told(each) for each in said + judged(after, run[cut:], first=cut)] == whole


def told(finding: Finding) -> str:
    """All of it as text, since NaN is not equal to itself."""
    return repr(finding)


def test_wild_runs_make_every_monitor_speak() -> None:
    """Else the tests above prove nothing."""

    def speaks(make: Callable[..., Monitor], runs: Mapping[int, list[dict[str, float]]]) -> bool:
        return any(judged(make(), run) for run in runs.values())

    runs = {seed: wild_run(seed) for seed in range(60)}
    assert [name for name, make in MONITORS.items() if not speaks(make, runs)] == []
