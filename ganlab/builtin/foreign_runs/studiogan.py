"""The text log of StudioGAN (POSTECH-CVLab), of all its years: a line in so many steps, and lines of each evaluation.

    [INFO] 2020-09-17 20:10:00 > Step:    2000 Progress: 2.0% Elapsed: 0:05:38 ... Generator_loss: 3.79393
    [INFO] 2020-09-17 20:11:36 > FID score (Step: 2000, Using test moments): 56.493740972420596

Losses were first called `Discriminator_loss` and `Generator_loss`, later `Dis_loss` and `Gen_loss`. A run that was
resumed goes back to an earlier step and counts its time anew. An evaluation of a step that is not being trained (the
best checkpoint, at the end) is none of the curve.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ganlab import DataError, ForeignRun, ReadOptions
from ganlab.builtin.foreign_runs.course import Clock, Course, notes
from ganlab.builtin.foreign_runs.opening import lines
from ganlab.builtin.foreign_runs.tags import kebab

NUMBER = r"(?:tensor\(|np\.float\d+\()?([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf(?:inity)?))"
DATE = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")
STEP = re.compile(r"\bStep:\s*(\d[\d,]{0,14})\b")
TRAINED = re.compile(r"\b(?:Progress|Elapsed|\w*_?loss):", re.IGNORECASE)
ELAPSED = re.compile(r"\bElapsed:\s*(?:(\d{1,5}) days?,\s*)?(\d{1,6}):(\d\d):(\d\d)")
PROGRESS = re.compile(r"\bProgress:\s*(\d{1,3}(?:\.\d+)?)\s*%")
PAIR = re.compile(rf"\b([A-Za-z][A-Za-z_0-9]*):\s*{NUMBER}(?=[\s,|)]|$)", re.IGNORECASE)
SCORE = re.compile(
    rf"([A-Za-z][\w/. -]{{0,60}}?):?\s{{0,4}}\(Step:\s*(\d{{1,12}})[^)]*\)\s*:\s*{NUMBER}", re.IGNORECASE
)
BARE_SCORE = re.compile(rf"\b(FID|Inception)(?: score)?\s*:\s*{NUMBER}(?=\s|\)|$)", re.IGNORECASE)
LEVEL = re.compile(r"^.*\b(?:INFO|DEBUG|WARNING|ERROR)\b\W*", re.IGNORECASE)
EVALUATION = re.compile(r"Start Evaluation \((\d{1,12}) Step\)")
TOTAL = re.compile(r"['\"]?\btotal_steps?['\"]?\s*[:=]\s*(\d{1,12})\b")
BACKBONE = re.compile(r"['\"]?\beval_backbone['\"]?\s*[:=]\s*['\"]?([\w.-]+)")

NAMES = {
    "discriminator_loss": "cost/discriminator",
    "dis_loss": "cost/discriminator",
    "d_loss": "cost/discriminator",
    "generator_loss": "cost/generator",
    "gen_loss": "cost/generator",
    "g_loss": "cost/generator",
    "cls_loss": "cost/class",
    "ada_p": "augmentation-probability",
    "aa_p": "augmentation-probability",
}
SCORES = {"fid": "fid", "inception": "inception-score", "improved precision": "precision", "improved recall": "recall"}
"""What scores are called here; others keep their name."""

WORDS = (b"tep", b"core", b"backbone")
"""What a line must have to be looked at."""

LOGS = (".log", ".txt")


@dataclass
class Row:
    """One line: a step that was trained, or a score of one."""

    step: int
    trained: bool
    values: dict[str, float]
    date: datetime | None = None
    elapsed: float | None = None
    following: float = math.inf
    """The next step that was trained, if the run did not go back."""

    odd: bool = False


@dataclass
class Log:
    """What stands in the lines."""

    rows: list[Row] = field(default_factory=list)
    total: int | None = None
    progress: tuple[float, int] = (0.0, 0)
    backbone: str = "inception-v3"
    torn: bool = False


def read(path: Path, options: ReadOptions) -> ForeignRun | None:
    """The log at the path, or the only one in the folder. Raises `DataError` if there are several, or it cannot be
    read; None if it is none."""
    if os.path.isdir(path):
        found = [each for each in sorted(path.iterdir()) if each.suffix in LOGS and each.is_file()]
        logs = {each: log for each in found[:100] if (log := parsed(each)).rows}
        if len(logs) > 1:
            names = ", ".join(each.name for each in list(logs)[:5])
            raise DataError(f"'{path}' holds the logs of {len(logs)} runs ({names}); name one of them")
        if not logs:
            return None
        ((path, log),) = logs.items()
    else:
        log = parsed(path)
    return run(path, log, options) if log.rows else None


def parsed(path: Path) -> Log:
    """What stands in the file."""
    log = Log()
    evaluated = None
    for line, whole in lines(path, WORDS):
        if found := EVALUATION.search(line):
            evaluated = int(found[1])
        log.torn |= not whole
        rows = list(rows_of(line, evaluated, whole))
        log.rows += rows
        told = PROGRESS.search(line) if rows and rows[0].trained else None
        if told and 0 < float(told[1]) <= 100:
            log.progress = (float(told[1]), rows[0].step)
        if log.total is None and (total := TOTAL.search(line)):
            log.total = int(total[1]) or None
        if "backbone" in line and (backbone := BACKBONE.search(line)):
            log.backbone = kebab(re.sub(r"_(tf|torch)$", "", backbone[1])).replace("inceptionv3", "inception-v3")
    return log


def rows_of(line: str, evaluated: int | None, whole: bool) -> Iterator[Row]:
    """What a line says. A number at the end of a line that was cut may be cut itself, and is not believed."""
    date = date_of(line)
    if scores := list(SCORE.finditer(line)) if "(Step:" in line else []:
        for found in scores:
            name = score_name(found[1])
            if not name.startswith("best") and (whole or found.end() < len(line)):
                yield Row(int(found[2]), False, {name: float(found[3])}, date)
    elif (step := STEP.search(line)) and TRAINED.search(line, step.end()):
        values = {
            NAMES.get(found[1].lower(), kebab(found[1])): float(found[2])
            for found in PAIR.finditer(line, step.end())
            if found[1].lower() not in ("step", "progress", "elapsed") and (whole or found.end() < len(line))
        }
        at = int(step[1].replace(",", ""))
        if whole or step.end() < len(line):
            yield Row(at, True, values, date, elapsed_in(line))
    elif evaluated is not None and (bare := BARE_SCORE.search(line)) and (whole or bare.end() < len(line)):
        best = re.search(r"\bbest\b", line[: bare.start()], re.IGNORECASE)
        yield from [] if best else [Row(evaluated, False, {SCORES[bare[1].lower()]: float(bare[2])}, date)]


def score_name(words: str) -> str:
    """`FID score` is `fid`, `Top1 acc` is `top1-acc`, `Best FID score` is `best-fid`."""
    told = " ".join(re.sub(r"\bscore\b", "", LEVEL.sub("", words), flags=re.IGNORECASE).lower().split())
    return SCORES.get(told, kebab(told.replace("/", "-")))


def date_of(line: str) -> datetime | None:
    """When the line was written."""
    found = DATE.search(line)
    try:
        return datetime.fromisoformat(f"{found[1]} {found[2]}") if found else None
    except ValueError:
        return None


def elapsed_in(line: str) -> float | None:
    """Seconds since this life of the run began."""
    if not (found := ELAPSED.search(line)):
        return None
    days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def run(path: Path, log: Log, options: ReadOptions) -> ForeignRun:
    """The rows as curves."""
    course, clock = Course(), Clock()
    scale = options.kimg_per_step or 1.0
    odd = mark_odd(log.rows)
    last: Row | None = None
    evaluations = 0
    for row in log.rows:
        if row.odd:
            continue
        if row.trained:
            if last is not None and row.step < last.step:
                course.go_back(row.step * scale)
            seconds = elapsed(row, last, clock)
            last = row
        elif last is not None and row.step != last.step and not last.step < row.step <= last.following:
            evaluations += 1
            continue
        else:
            seconds = spent(row, last, clock)
        for name, value in row.values.items():
            full = name if row.trained else f"{name}@{log.backbone}"
            if row.trained or not course.has(full, row.step * scale):
                course.add(full, row.step * scale, value, seconds)
    more = {
        "evaluations of another checkpoint than the one that was being trained are left out": evaluations,
        "lines with a step that fits nowhere are left out": odd,
    }
    told = notes(course, 0, more) + ["the last line is cut short"] * log.torn
    budget = log.total or (round(log.progress[1] / log.progress[0] * 100) if log.progress[0] >= 10 else None)
    unit = "kimg" if options.kimg_per_step else "step"
    return ForeignRun(
        source=str(path),
        kind="a text log of StudioGAN",
        unit="kimg" if unit == "kimg" else "step",
        series=course.series(),
        budget=None if budget is None else budget * scale,
        notes=told,
    )


def mark_odd(rows: list[Row]) -> int:
    """Mark lines whose step does not fit between those before and after it, and say how many there are: where a run
    goes back, it stays back. Tell the others which step follows."""
    trained = [row for row in rows if row.trained]
    last: Row | None = None
    for row, after in zip(trained, [*trained[1:], None], strict=True):
        if last is not None and after is not None:
            row.odd = row.step < last.step < after.step or last.step < after.step < row.step
        if not row.odd:
            if last is not None and row.step > last.step:
                last.following = row.step
            last = row
    return sum(row.odd for row in trained)


def elapsed(row: Row, last: Row | None, clock: Clock) -> float:
    """Seconds trained at a step: as the line says, or else by the dates."""
    if row.elapsed is not None:
        return clock.at(row.elapsed)
    if last is None or row.date is None or last.date is None or row.step <= last.step:
        return clock.now
    return clock.advance((row.date - last.date).total_seconds())


def spent(row: Row, last: Row | None, clock: Clock) -> float:
    """Seconds trained when a score was written: those of the last step, and what has passed since."""
    if last is None or row.date is None or last.date is None:
        return clock.now
    since = (row.date - last.date).total_seconds()
    return clock.now + (since if 0 <= since < 86400 else 0.0)
