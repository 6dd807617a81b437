"""Which troubles the monitors have found, which of them stand, and when they were.

A trouble is known later than it began, so a checkpoint that was written in between is judged with hindsight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ganlab.answers import WrongAnswer, checked_findings
from ganlab.errors import CheckpointError
from ganlab.values import Finding, Severity

MOST_REMEMBERED = 1000
"""Spells of sickness that are remembered, the latest."""

PROVEN_TICKS = 3
"""So many ticks later a trouble would have been found."""


@dataclass(frozen=True)
class Spell:
    """A critical trouble, from where it began to where it was over; still open without an end."""

    monitor: str
    subject: str
    began_kimg: float
    ended_kimg: float | None = None

    def holds(self, kimg: float) -> bool:
        """True if the run was in this trouble there."""
        return self.began_kimg <= kimg and (self.ended_kimg is None or kimg < self.ended_kimg)


class Health:
    """Findings that are not over, by monitor and subject, and the spells of those that are critical."""

    def __init__(self) -> None:
        self._standing: dict[tuple[str, str], Finding] = {}
        self._spells: deque[Spell] = deque(maxlen=MOST_REMEMBERED)
        self._ticks: deque[float] = deque(maxlen=PROVEN_TICKS)

    @property
    def standing(self) -> tuple[Finding, ...]:
        """What was found and is not over, as it was found, in that order."""
        return tuple(self._standing.values())

    def standing_after(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """What would stand if these had been heard too."""
        standing = dict(self._standing)
        for finding in findings:
            standing.pop((finding.monitor, finding.subject), None)
            if not finding.over:
                standing[finding.monitor, finding.subject] = finding
        return tuple(standing.values())

    @property
    def healthy(self) -> bool:
        """True while no critical finding stands."""
        return all(each.severity is not Severity.CRITICAL for each in self._standing.values())

    def hear(self, findings: Sequence[Finding], kimg: float) -> None:
        """What the monitors say at the tick at `kimg`."""
        self._ticks.append(kimg)
        self._standing = {(each.monitor, each.subject): each for each in self.standing_after(findings)}
        for finding in findings:
            key = (finding.monitor, finding.subject)
            self._end(key, kimg)
            if finding.severity is Severity.CRITICAL and not finding.over:
                self._spells.append(Spell(*key, finding.began_kimg))

    def sick_at(self, kimg: float) -> bool:
        """True if the run was in a critical trouble there, as far as is known now."""
        return any(spell.holds(kimg) for spell in self._spells)

    def proven_at(self, kimg: float) -> bool:
        """True if it was not, and a trouble would have been found by now."""
        return len(self._ticks) == PROVEN_TICKS and kimg <= self._ticks[0] and not self.sick_at(kimg)

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "standing": [plain(each) for each in self._standing.values()],
            "spells": [[each.monitor, each.subject, each.began_kimg, each.ended_kimg] for each in self._spells],
            "ticks": list(self._ticks),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned. Raises `CheckpointError` if it did not return that."""
        try:
            standing = checked_findings([as_finding(each) for each in state["standing"]])
            spells = [
                Spell(str(monitor), str(subject), float(began), None if ended is None else float(ended))
                for monitor, subject, began, ended in state["spells"]
            ]
            ticks = [float(each) for each in state["ticks"]]
        except (KeyError, TypeError, ValueError, WrongAnswer) as error:
            raise CheckpointError(
                f"the checkpoint does not tell the run's health ({type(error).__name__}); take another"
            ) from None
        self._standing = {(each.monitor, each.subject): each for each in standing}
        self._spells = deque(spells, maxlen=MOST_REMEMBERED)
        self._ticks = deque(ticks, maxlen=PROVEN_TICKS)

    def _end(self, key: tuple[str, str], kimg: float) -> None:
        for index, spell in enumerate(self._spells):
            if (spell.monitor, spell.subject) == key and spell.ended_kimg is None:
                self._spells[index] = Spell(*key, spell.began_kimg, kimg)


def plain(finding: Finding) -> dict[str, Any]:
    """The finding as a table."""
    kept = {each.name: getattr(finding, each.name) for each in fields(finding)}
    return kept | {
        "severity": finding.severity.value,
        "evidence": dict(finding.evidence),
        "causes": list(finding.causes),
    }


def as_finding(table: Mapping[str, Any]) -> Finding:
    """The finding in such a table. Raises `TypeError` or `ValueError` if there is none in it."""
    causes: Sequence[Any] = table.get("causes", ())
    return Finding(**{**table, "severity": Severity(table["severity"]), "causes": tuple(map(str, causes))})
