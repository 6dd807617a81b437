"""Findings as monitors say them: a trouble that began, and one that is over."""

from __future__ import annotations

from collections.abc import Mapping

from ganlab import Finding, Progress, Severity


def trouble(
    monitor: str,
    sentence: str,
    severity: Severity,
    progress: Progress,
    began: float,
    *,
    evidence: Mapping[str, float],
    causes: tuple[str, ...] = (),
    advice: str = "",
    subject: str = "",
) -> Finding:
    """A trouble that is known now, and began at `began` kimg."""
    return Finding(
        monitor=monitor,
        sentence=sentence,
        severity=severity,
        kimg=progress.kimg,
        round=progress.round,
        began_kimg=began,
        evidence=dict(evidence),
        advice=advice,
        subject=subject,
        causes=causes,
    )


def over(
    monitor: str,
    sentence: str,
    progress: Progress,
    began: float,
    *,
    evidence: Mapping[str, float],
    subject: str = "",
) -> Finding:
    """The trouble of that monitor and subject, which began at `began` kimg, has ended."""
    return Finding(
        monitor=monitor,
        sentence=sentence,
        severity=Severity.NOTE,
        kimg=progress.kimg,
        round=progress.round,
        began_kimg=began,
        evidence=dict(evidence),
        subject=subject,
        over=True,
    )
