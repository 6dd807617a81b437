"""Monitors judge a run after it was played: those of its recipe, and every built-in one beside them.

A monitor that finds nothing to judge is silent; one that fails is left out, with a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganlab.answers import WrongAnswer, checked_findings
from ganlab.assemble.history import History
from ganlab.errors import GanlabError
from ganlab.interfaces.monitor import Monitor
from ganlab.plugins import Plugins
from ganlab.recipe import Component
from ganlab.validation import short
from ganlab.values import Finding, Severity

KIND = "monitors"


@dataclass(frozen=True)
class Spell:
    """A trouble from where it began to where it ended, as it was found; open without an end."""

    finding: Finding
    ended: float | None = None

    @property
    def stands(self) -> bool:
        """True if it was never over."""
        return self.ended is None

    @property
    def critical(self) -> bool:
        """True if the run was sick of it."""
        return self.finding.severity is Severity.CRITICAL

    def holds(self, at: float) -> bool:
        """True if the run was in it there."""
        return self.finding.began_kimg <= at and (self.ended is None or at < self.ended)


def monitors(plugins: Plugins, named: Sequence[Component], notes: list[str]) -> list[tuple[str, Monitor]]:
    """The monitors that are `named`, with their options, and the built-in ones that are not. What cannot be made is
    left out, and told in `notes`."""
    made: list[tuple[str, Monitor]] = []
    options: dict[str, Mapping[str, Any]] = {name: {} for name in plugins.names(KIND, third_party=False)}
    labels = [(each.name, each.options) for each in named]
    for name, given in [*labels, *((name, given) for name, given in options.items() if name not in dict(labels))]:
        try:
            made.append((name, plugins.find(KIND, name).create(**given)))
        except GanlabError as error:
            notes.append(f"monitor '{name}' is left out: {short(str(error), 300)}")
    return made


def judged(history: History, judges: Sequence[tuple[str, Monitor]], notes: list[str]) -> list[Finding]:
    """What the monitors find, in the order in which they would have found it."""
    failed: set[int] = set()
    found: list[Finding] = []
    for moment in history.moments:
        progress = history.progress(moment)
        for number, (name, monitor) in enumerate(judges):
            if number in failed:
                continue
            try:
                found += checked_findings(monitor.judge(dict(moment.measurements), progress))
            except (Exception, WrongAnswer) as error:
                failed.add(number)
                told = short(f"{type(error).__name__}: {error}", 200)
                notes.append(f"monitor '{name}' failed at {history.place(moment.at)} and is left out ({told})")
    return [in_steps(each) for each in found] if history.unit == "step" else found


def in_steps(finding: Finding) -> Finding:
    """The finding of a run that counts steps, which the monitor took for kimg."""
    sentence, advice = (re.sub(r"([\d.]+) kimg", r"step \1", each) for each in (finding.sentence, finding.advice))
    return replace(finding, sentence=sentence, advice=advice)


def at_most_warnings(findings: Iterable[Finding]) -> list[Finding]:
    """The same findings, of which none says that the run is sick."""
    return [
        replace(each, severity=Severity.WARNING) if each.severity is Severity.CRITICAL else each for each in findings
    ]


def spells(findings: Iterable[Finding]) -> list[Spell]:
    """What was found, once for each time it began, with where it was over."""
    open_spells: dict[tuple[str, str], int] = {}
    found: list[Spell] = []
    seen: set[tuple[str, str, int, bool, str]] = set()
    for each in sorted(findings, key=lambda finding: (finding.kimg, finding.over)):
        same = (each.monitor, each.subject, each.round, each.over, each.severity.value)
        if same in seen:  # found while it was played, and found again
            continue
        seen.add(same)
        key = (each.monitor, each.subject)
        before = open_spells.pop(key, None)
        if before is not None:
            found[before] = replace(found[before], ended=each.kimg)
        if not each.over:
            open_spells[key] = len(found)
            found.append(Spell(each))
    return joined(found)


def joined(found: Sequence[Spell]) -> list[Spell]:
    """Spells of one trouble that follow each other without a gap are one, as grave as its gravest."""
    grave = list(Severity)
    told: list[Spell] = []
    for each in found:
        key = (each.finding.monitor, each.finding.subject)
        for number, other in enumerate(told):
            if (other.finding.monitor, other.finding.subject) == key and other.ended == each.finding.kimg:
                worse = max(other.finding, each.finding, key=lambda finding: grave.index(finding.severity))
                began = min(other.finding.began_kimg, each.finding.began_kimg)
                told[number] = Spell(replace(worse, began_kimg=began), each.ended)
                break
        else:
            told.append(each)
    return told
