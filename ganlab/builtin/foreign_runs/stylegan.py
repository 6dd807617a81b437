"""What StyleGAN2-ADA and StyleGAN3 leave in a run's folder: `stats.jsonl`, a line a tick, and `metric-*.jsonl`.

    {"Progress/kimg": {"num": 1, "mean": 4.0, "std": 0.0}, "Loss/signs/real": {...}, ..., "timestamp": 1624959292.3}
    {"results": {"fid50k_full": 447.9}, "metric": "fid50k_full", "snapshot_pkl": "network-snapshot-000000.pkl", ...}

`Loss/signs/real` is r_t of the ADA paper (arXiv:2006.06676): near 1, the discriminator knows its data by heart.
A statistic of which nothing was collected (num 0) was not measured, and its NaN means nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganlab import ForeignRun, ReadOptions
from ganlab.builtin.foreign_runs.course import Clock, Course, notes
from ganlab.builtin.foreign_runs.opening import number, opened, records
from ganlab.builtin.foreign_runs.tags import kebab

NAMES = {
    "Loss/G/loss": "cost/generator",
    "Loss/D/loss": "cost/discriminator",
    "Loss/signs/real": "sign-real/image",
    "Progress/augment": "augmentation-probability",
}

OWN = re.compile(r"metric-[\w.-]+\.jsonl")
SNAPSHOT = re.compile(r"(\d{4,9})\.pkl$")

LEFT_OUT = ("Progress/tick", "Progress/kimg", "Timing/", "Resources/")
"""What says nothing of how the run is."""


def read(path: Path, options: ReadOptions) -> ForeignRun | None:
    """The folder's run, or that of the folder in which the file lies; None if it is none. Raises `DataError`."""
    if not os.path.isdir(path):
        if path.name != "stats.jsonl" and not OWN.fullmatch(path.name):
            return None
        path = path.parent
    stats = path / "stats.jsonl"
    metrics = sorted(each for each in path.iterdir() if OWN.fullmatch(each.name))
    if not metrics and not os.path.lexists(stats):
        return None
    rows, spoilt = records(stats) if os.path.lexists(stats) else ([], 0)
    course = Course()
    ticks = played(rows, course)
    checkpoints: dict[float, str] = {}
    lost = 0
    for each in metrics:
        found, broken = records(each)
        spoilt += broken
        lost += measured(found, ticks, course, checkpoints)
    told = notes(course, spoilt, {"evaluations do not say of which snapshot they are and are left out": lost})
    series = course.series()
    if not series and not spoilt:
        return None
    return ForeignRun(str(path), "a run of StyleGAN2-ADA or 3", "kimg", series, budget(path), checkpoints, told)


def played(rows: list[dict[str, Any]], course: Course) -> list[tuple[float, float, float | None]]:
    """Take in what was trained; kimg, seconds trained and the time on the wall of each tick."""
    clock = Clock()
    ticks: list[tuple[float, float, float | None]] = []
    for row in rows:
        kimg = mean(row, "Progress/kimg")
        if kimg is None or not 0 <= kimg < 1e12:
            continue
        if ticks and kimg < ticks[-1][0]:
            course.go_back(kimg)
            ticks = [each for each in ticks if each[0] < kimg]
        elapsed = mean(row, "Timing/total_sec")
        seconds = clock.now if elapsed is None else clock.at(elapsed)
        ticks.append((kimg, seconds, number(row.get("timestamp"))))
        for name in row:
            value = None if name.startswith(LEFT_OUT) else mean(row, name)
            if value is not None:
                course.add(NAMES.get(name, kebab(name)), kimg, value, seconds)
        real, fake = mean(row, "Loss/scores/real"), mean(row, "Loss/scores/fake")
        if real is not None and fake is not None:
            course.add("balance/image/logit-gap", kimg, real - fake, seconds)
    return ticks


def mean(row: Mapping[str, Any], name: str) -> float | None:
    """The mean of a statistic; None if nothing was collected."""
    found = row.get(name)
    if not isinstance(found, dict) or found.get("num") == 0:
        return None
    return number(found.get("mean"))


def measured(
    found: list[dict[str, Any]],
    ticks: list[tuple[float, float, float | None]],
    course: Course,
    checkpoints: dict[float, str],
) -> int:
    """Take in evaluations; how many cannot be placed."""
    lost = 0
    first = next((when for each in found if (when := number(each.get("timestamp"))) is not None), None)
    for each in found:
        results, when, snapshot = each.get("results"), number(each.get("timestamp")), each.get("snapshot_pkl")
        told = SNAPSHOT.search(snapshot) if isinstance(snapshot, str) else None
        kimg = float(told[1]) if told else tick_at(when, ticks)
        if kimg is None or not isinstance(results, dict):
            lost += 1
            continue
        seconds = seconds_at(kimg, ticks)
        if seconds is None and when is not None and first is not None:
            seconds = max(0.0, when - first)
        if isinstance(snapshot, str):
            checkpoints[kimg] = os.path.basename(snapshot)
        for name, value in results.items():
            score = number(value)
            if score is not None:
                course.add(score_name(str(name)), kimg, score, seconds)
    return lost


def tick_at(when: float | None, ticks: list[tuple[float, float, float | None]]) -> float | None:
    """The kimg of the tick that was being ended then: statistics are written after its evaluation."""
    if when is None:
        return None
    return next((kimg for kimg, _, wall in ticks if wall is not None and wall >= when), None)


def seconds_at(kimg: float, ticks: list[tuple[float, float, float | None]]) -> float | None:
    """Seconds trained at that kimg, which snapshots round down."""
    return next((seconds for at, seconds, _ in ticks if at >= kimg), None)


def score_name(name: str) -> str:
    """`fid50k_full` as it is, `pr50k3_full_recall` as `recall`, each with its network."""
    for ending in ("precision", "recall"):
        if name.endswith(f"_{ending}"):
            return f"{ending}@vgg-16"
    if name.startswith("is") and name.endswith("_mean"):
        return "inception-score@inception-v3"
    return f"{kebab(name)}@inception-v3" if name.startswith(("fid", "kid")) else kebab(name)


def budget(path: Path) -> float | None:
    """The kimg that were ordered, if `training_options.json` says so."""
    import json

    file = path / "training_options.json"
    if not os.path.isfile(file):
        return None
    try:
        with opened(file) as stream:
            found = json.loads(stream.read(1 << 22))
    except (ValueError, RecursionError, OSError):
        return None
    return number(found.get("total_kimg")) if isinstance(found, dict) else None
