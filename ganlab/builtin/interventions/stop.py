"""The plainest intervention: stop when a finding says the run is dead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field as Option

from ganlab import Action, Finding, Intervention, Progress, Severity, Stop

Share = Annotated[float, Option(ge=0, lt=1)]


class StopOnFinding(Intervention):
    """Ends the run at a critical finding.

    At a new one of `monitors`, or of any monitor if none is named. One that was known when the run was resumed does not
    end it again. With `lasting`, a share of the budget, at one that has stood for so long: a game may lose its way
    for a moment and find it again.
    """

    def __init__(self, *, monitors: tuple[str, ...] = (), lasting: Share = 0.0) -> None:
        self.monitors = monitors
        self.lasting = lasting

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        for finding in findings:
            named = not self.monitors or finding.monitor in self.monitors
            if named and finding.severity is Severity.CRITICAL and self._long_enough(finding, progress):
                return [Stop(f"{finding.monitor}: {finding.sentence}")]
        return []

    def _long_enough(self, finding: Finding, progress: Progress) -> bool:
        if not self.lasting:
            return finding.round == progress.round
        return progress.kimg > 0 and (1 - finding.kimg / progress.kimg) * progress.fraction >= self.lasting
