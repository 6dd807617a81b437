"""The plainest intervention: stop when a finding says the run is dead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ganlab import Action, Finding, Intervention, Progress, Severity, Stop


class StopOnFinding(Intervention):
    """Stops at the first critical finding of one of `monitors`, or of any if none is named."""

    def __init__(self, *, monitors: tuple[str, ...] = ()) -> None:
        self.monitors = monitors

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        for finding in findings:
            if finding.severity is Severity.CRITICAL and (not self.monitors or finding.monitor in self.monitors):
                return [Stop(f"{finding.monitor}: {finding.sentence}")]
        return []
