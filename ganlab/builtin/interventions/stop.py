"""The plainest intervention: stop when a finding says the run is dead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ganlab import Action, Finding, Intervention, Progress, Severity, Stop


class StopOnFinding(Intervention):
    """Ends the run at a critical finding.

    At a new one of `monitors`, or of any monitor if none is named. One that was known when the run was resumed does not
    end it again.
    """

    def __init__(self, *, monitors: tuple[str, ...] = ()) -> None:
        self.monitors = monitors

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        for finding in findings:
            named = not self.monitors or finding.monitor in self.monitors
            if named and finding.severity is Severity.CRITICAL and finding.round == progress.round:
                return [Stop(f"{finding.monitor}: {finding.sentence}")]
        return []
