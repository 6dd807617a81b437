"""A diagnosis in plain words, for a terminal of any width, and as JSON."""

from __future__ import annotations

import json
import shlex
import shutil
import textwrap
from collections.abc import Iterator
from typing import Any

from ganlab.assemble.diagnosis import Diagnosis, changed_since
from ganlab.assemble.history import Moment
from ganlab.assemble.judging import Spell
from ganlab.assemble.quality import Best
from ganlab.assemble.run_directory import RunDirectory
from ganlab.cli.parameters import RUNS
from ganlab.cli.words import number, on_one_line
from ganlab.recipe import Recipe
from ganlab.values import Ending
from ganlab.words import duration

HEADS = 12
"""Letters of the column in which it stands what a line tells."""

NARROWEST, WIDEST = 40, 100
MOST_NOTES = 10


def lines(diagnosis: Diagnosis, directory: RunDirectory | None) -> Iterator[str]:
    """The diagnosis for a person: the verdict first, what to do last."""
    history = diagnosis.history
    yield from wrapped(f"{history.name}: {history.kind}, {history.place(diagnosis.end.at)}{trained(diagnosis)}")
    yield from wrapped(on_one_line(diagnosis.verdict))
    if diagnosis.first_bad is not None:
        yield from told("first bad", place(diagnosis, diagnosis.first_bad))
    if diagnosis.best is not None:
        yield from told("best", best_line(diagnosis, diagnosis.best))
        yield from told("after it", after_best(diagnosis))
    for each in diagnosis.checkpoints:
        state = "damaged" if not each.whole else "healthy" if each.healthy else "sick"
        doubt = ", but its own monitors found nothing" if each.whole and not each.healthy and each.tagged else ""
        yield from told("checkpoint", f"{each.name}, {each.kimg:g} kimg: {state}{doubt}")
    for spell in diagnosis.spells:
        yield ""
        yield from finding_lines(diagnosis, spell)
    for note in diagnosis.notes[:MOST_NOTES]:
        yield from told("note", on_one_line(note))
    if len(diagnosis.notes) > MOST_NOTES:
        yield from told("note", f"and {len(diagnosis.notes) - MOST_NOTES} more, see --json")
    yield ""
    step = next_step(diagnosis, directory)
    yield from [f"  {step}"] if directory is not None else wrapped(step, "  ", "  ")


def trained(diagnosis: Diagnosis) -> str:
    """How long it was trained."""
    return "" if diagnosis.seconds is None else f" in {duration(diagnosis.seconds)}"


def place(diagnosis: Diagnosis, moment: Moment) -> str:
    """Where something was: kimg, round and time."""
    words = [diagnosis.history.place(moment.at)]
    words += [f"round {moment.round}"] if not diagnosis.history.foreign else []
    words += [f"after {duration(moment.seconds)}"] if moment.seconds is not None else []
    return ", ".join(words)


def best_line(diagnosis: Diagnosis, best: Best) -> str:
    """What was best, and where, and which checkpoint is of there."""
    end = f"; {number(best.last)} at the end" if best.end is not best.moment else ", at the end"
    kept = f" ({diagnosis.best_checkpoint})" if diagnosis.best_checkpoint else ""
    return f"{best.measurement} {number(best.value)} at {place(diagnosis, best.moment)}{kept}{end}"


def after_best(diagnosis: Diagnosis) -> str:
    """How much of the training came after the best."""
    share = diagnosis.share_after_best
    words = "" if share is None else f"{share:.0%}"
    if diagnosis.seconds_after_best is None or diagnosis.seconds is None:
        return f"{words} of the training" if words else "nobody knows how much of the training"
    after, whole = duration(diagnosis.seconds_after_best), duration(diagnosis.seconds)
    return f"{after} of {whole}, {words} of the time" if words else f"{after} of {whole}"


def finding_lines(diagnosis: Diagnosis, spell: Spell) -> Iterator[str]:
    """One trouble: how grave, from where to where, what, why, and what to do."""
    finding = spell.finding
    until = f"to {diagnosis.history.place(spell.ended)}" if spell.ended is not None else "to the end"
    about = f" ({finding.subject})" if finding.subject else ""
    since = diagnosis.history.place(finding.began_kimg)
    yield from told(finding.severity.value, f"{finding.monitor}{about}, from {since} {until}")
    yield from told("", on_one_line(finding.sentence))
    if finding.causes:
        yield from told("likely", on_one_line("; or ".join(finding.causes)))
    if finding.advice and spell.stands:
        yield from told("do", on_one_line(finding.advice))


def next_step(diagnosis: Diagnosis, directory: RunDirectory | None) -> str:
    """What to do now: a command that is complete, or a sentence where the run is not ours."""
    if directory is None:
        return foreign_step(diagnosis)
    runs = directory.path.parent
    name = shlex.quote(directory.name if directory.name else str(directory.path))
    elsewhere = "" if runs == RUNS else f" --runs {shlex.quote(str(runs))}"
    kept = diagnosis.newest_healthy
    before = {} if kept is None else changed_since(directory, kept.kimg)
    slower = "".join(f" --set {shlex.quote(f'{key}={json.dumps(value)}')}" for key, value in before.items())
    slower = slower or settings(diagnosis.recipe)
    ending = directory.ending()
    if not diagnosis.sick:
        if ending in (Ending.FINISHED, "playing"):
            return f"ganlab sample {name}{elsewhere} --out {name}.png"
        return f"ganlab resume {name}{elsewhere}"
    if kept is not None and kept.tagged and taken_by_resume(diagnosis) == kept.name:
        return f"ganlab resume {name}{elsewhere} --from healthy --allow recipe{slower or ' --set KEY=VALUE'}"
    recipe = shlex.quote(str(directory.path / "recipe.toml"))
    first = diagnosis.first_bad
    never_well = first is None or first.at <= diagnosis.history.moments[0].at
    changes = penalty(diagnosis.recipe) if never_well else slower
    return f"ganlab run {recipe}{elsewhere}{changes or ' --set KEY=VALUE'}"


def taken_by_resume(diagnosis: Diagnosis) -> str | None:
    """The checkpoint from which `--from healthy` goes on: the newest that the run's own monitors think healthy."""
    return next((each.name for each in diagnosis.checkpoints if each.whole and each.tagged), None)


def settings(recipe: Recipe | None) -> str:
    """Half of every learning rate, as options."""
    if recipe is None:
        return ""
    rates = {name: player.optimizer.options.get("lr") for name, player in recipe.players.items()}
    return "".join(
        f" --set {shlex.quote(f'players.{name}.optimizer.lr={rate / 2:g}')}"
        for name, rate in rates.items()
        if isinstance(rate, float | int)
    )


def penalty(recipe: Recipe | None) -> str:
    """R1 for every discriminator of a recipe that has no term and no stage, as an option."""
    judges = [] if recipe is None or recipe.terms or recipe.stages else [*recipe.players]
    terms = [f'{{name = "r1", on = {json.dumps(name)}, weight = 1.0}}' for name in judges if name != "generator"]
    return f" --set {shlex.quote('terms=[' + ', '.join(terms) + ']')}" if terms else ""


def foreign_step(diagnosis: Diagnosis) -> str:
    """What to do with a run that is not ours."""
    best, history = diagnosis.best, diagnosis.history
    if best is None:
        return "no quality was logged: measure FID or coverage while it trains, losses do not tell how a GAN is"
    which = diagnosis.best_checkpoint or f"the checkpoint of {history.place(best.moment.at)}"
    if diagnosis.sick:
        return f"keep {which}; what came after it is lost time, stop there or go on from it with lower learning rates"
    return f"keep {which}"


def told(head: str, text: str) -> Iterator[str]:
    """A line with what it tells in front, and the lines it is broken into."""
    yield from wrapped(text, f"  {head:<{HEADS}}", " " * (HEADS + 2))


def wrapped(text: str, first: str = "", indent: str = "") -> Iterator[str]:
    """The text in lines that fit."""
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    yield from textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def plain(diagnosis: Diagnosis, directory: RunDirectory | None) -> dict[str, Any]:
    """The diagnosis as JSON holds it. Places are in `unit`: kimg, or steps."""
    best, first = diagnosis.best, diagnosis.first_bad
    return {
        "run": diagnosis.history.name,
        "kind": diagnosis.history.kind,
        "unit": diagnosis.history.unit,
        "sick": diagnosis.sick,
        "verdict": diagnosis.verdict,
        "first_bad": None if first is None else moment(first),
        "end": moment(diagnosis.end) | {"seconds": diagnosis.seconds},
        "best": None
        if best is None
        else {
            "measurement": best.measurement,
            "value": best.value,
            **moment(best.moment),
            "last": best.last,
            "times_worse": best.ratio,
            "checkpoint": diagnosis.best_checkpoint,
            "seconds_after": diagnosis.seconds_after_best,
            "share_after": diagnosis.share_after_best,
        },
        "findings": [spell(each) for each in diagnosis.spells],
        "checkpoints": [vars(each) for each in diagnosis.checkpoints],
        "notes": list(diagnosis.notes),
        "next": next_step(diagnosis, directory),
    }


def moment(told: Moment) -> dict[str, Any]:
    """Where the run was."""
    return {"at": told.at, "round": told.round, "seconds": told.seconds}


def spell(told: Spell) -> dict[str, Any]:
    """One trouble."""
    finding = told.finding
    return {
        "monitor": finding.monitor,
        "subject": finding.subject,
        "severity": finding.severity.value,
        "sentence": finding.sentence,
        "began": finding.began_kimg,
        "found": finding.kimg,
        "ended": told.ended,
        "evidence": dict(finding.evidence),
        "causes": list(finding.causes),
        "advice": finding.advice,
    }
