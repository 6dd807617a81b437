"""What every diagnostic, monitor and intervention must do."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

import torch

from ganlab.answers import WrongAnswer, checked_actions, checked_findings, checked_measurements
from ganlab.interfaces.diagnostic import Diagnostic
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.intervention import Intervention
from ganlab.interfaces.look import Look
from ganlab.interfaces.monitor import Monitor
from ganlab.interfaces.random import Random
from ganlab.testing.state import check_plain, check_taken_back, leaving_all_as_it_was, same, snapshot
from ganlab.testing.toy_look import ToyLook
from ganlab.values import Action, Finding, Given, Networks, Progress, Sample, Severity, Verdict


class DiagnosticConformance:
    """Subclass it, say how the diagnostic is made, and override `look` if it needs another game."""

    def make(self) -> Diagnostic:
        """The diagnostic to be tested."""
        raise NotImplementedError("return your diagnostic from make()")

    def look(self) -> Look:
        """The game at a tick."""
        return ToyLook()

    def test_it_measures_numbers_with_names(self) -> None:
        measured = self.measure(self.make(), self.look())
        assert measured, "nothing was measured"
        accepted(checked_measurements, measured)
        for name, value in measured.items():
            assert isinstance(name, str)
            assert type(value) is float, f"'{name}' is a {type(value).__name__}; call .item() or .tolist() once"
            assert not math.isinf(value), f"'{name}' is infinite"

    def test_looking_disturbs_nothing(self) -> None:
        look = self.look()
        weights, draws = snapshot(look.networks()), torch.random.get_rng_state()
        modes = [module.training for network in look.networks().values() for module in network.modules()]
        self.measure(self.make(), look)
        assert same(snapshot(look.networks()), weights), "a weight or buffer was changed"
        assert same(torch.random.get_rng_state(), draws), "it drew from torch's global generator; use look.random"
        assert modes == [module.training for network in look.networks().values() for module in network.modules()]

    def test_samples_it_is_shown_stay_as_they_were(self) -> None:
        look = Witnessed(self.look())
        self.measure(self.make(), look)
        assert not look.written_on(), "it wrote on samples that others are shown too; work on a copy"

    def test_it_leaves_the_process_as_it_was(self) -> None:
        with leaving_all_as_it_was():
            self.measure(self.make(), self.look())

    def test_the_same_game_measures_the_same(self) -> None:
        first = self.measure(self.make(), self.look())
        torch.manual_seed(1)
        assert same(self.measure(self.make(), self.look()), first)

    def test_names_stay_the_same_from_tick_to_tick(self) -> None:
        diagnostic = self.make()
        first = self.measure(diagnostic, self.look())
        assert list(self.measure(diagnostic, self.look())) == list(first)

    def test_its_state_survives_a_restart(self) -> None:
        worn = self.make()
        self.measure(worn, self.look())
        check_taken_back(worn, self.make())

    def measure(self, diagnostic: Diagnostic, look: Look) -> dict[str, float]:
        """Ask as the engine asks: whether it can measure such a game, and then without gradients."""
        chosen = diagnostic.features
        networks = {} if chosen is None else {name: look.features(chosen, name) for name in look.task.makes()}
        diagnostic.check(look.task, look.dataset, networks)
        with torch.no_grad():
            return dict(diagnostic.measure(look))


class MonitorConformance:
    """Subclass it, say how the monitor is made, and give the measurements of a healthy and of an ill run."""

    healthy: Sequence[Mapping[str, float]] = ()
    """Tick by tick; the monitor must say nothing."""

    ill: Sequence[Mapping[str, float]] = ()
    """Tick by tick; the monitor must say something, once."""

    def make(self) -> Monitor:
        """The monitor to be tested."""
        raise NotImplementedError("return your monitor from make()")

    def test_it_is_silent_while_all_is_well(self) -> None:
        assert self.healthy, "give the measurements of a healthy run"
        assert findings(self.make(), self.healthy) == []

    def test_it_says_once_what_is_wrong(self) -> None:
        assert self.ill, "give the measurements of an ill run"
        said = findings(self.make(), self.ill)
        accepted(checked_findings, said)
        assert len(said) == 1, f"said {len(said)} things; the same trouble is said once, when it begins"
        (finding,) = said
        assert finding.monitor
        assert finding.sentence
        assert isinstance(finding.severity, Severity)
        assert finding.began_kimg <= finding.kimg
        json.dumps(dict(finding.evidence))

    def test_it_leaves_the_process_and_the_measurements_as_they_were(self) -> None:
        monitor = self.make()
        for tick, measurements in enumerate(self.ill):
            shown = dict(measurements)
            with leaving_all_as_it_was():
                list(monitor.judge(shown, progress(tick)))
            assert same(shown, dict(measurements)), "it changed measurements that others read too"

    def test_it_bears_a_tick_without_its_measurement(self) -> None:
        assert findings(self.make(), [{}, {}, {}]) == []

    def test_it_bears_what_is_not_a_number(self) -> None:
        names = {name for measurements in (*self.healthy, *self.ill) for name in measurements}
        findings(self.make(), [dict.fromkeys(names, math.nan)] * 5)

    def test_a_restart_at_any_tick_changes_nothing_it_says(self) -> None:
        for run in (self.healthy, self.ill):
            whole = findings(self.make(), run)
            for cut in range(len(run)):
                before, after = self.make(), self.make()
                said = findings(before, run[:cut])
                check_plain(before.state())
                after.restore(json.loads(json.dumps(before.state())))
                assert said + findings(after, run[cut:], first=cut) == whole, f"restarted after tick {cut}"


class InterventionConformance:
    """Subclass it, say how the intervention is made, and which findings and measurements it answers."""

    findings: tuple[Finding, ...] = ()
    measurements: Mapping[str, float] = {}

    def make(self) -> Intervention:
        """The intervention to be tested."""
        raise NotImplementedError("return your intervention from make()")

    def test_it_answers_with_actions(self) -> None:
        actions = list(self.make().answer(self.findings, self.measurements, progress(3)))
        assert actions, "it did nothing; give the findings and measurements it answers"
        for action in actions:
            assert isinstance(action, get_args(Action)), f"{action!r} is no action the engine knows"
        accepted(checked_actions, actions)

    def test_it_leaves_the_process_as_it_was(self) -> None:
        with leaving_all_as_it_was():
            list(self.make().answer(self.findings, self.measurements, progress(3)))

    def test_it_does_nothing_while_nothing_is_found(self) -> None:
        assert list(self.make().answer((), {}, progress(3))) == []

    def test_its_state_survives_a_restart(self) -> None:
        worn = self.make()
        list(worn.answer(self.findings, self.measurements, progress(3)))
        check_taken_back(worn, self.make())


def accepted(check: Callable[[Any], object], answer: Any) -> None:
    """Raise AssertionError if the engine would not take the answer."""
    try:
        check(answer)
    except WrongAnswer as error:
        raise AssertionError(f"the engine would refuse it: it {error}") from None


class Witnessed(Look):
    """A look that remembers the samples it showed."""

    def __init__(self, look: Look) -> None:
        self.progress, self.task, self.dataset = look.progress, look.task, look.dataset
        self._look = look
        self._shown: list[tuple[torch.Tensor, torch.Tensor]] = []

    def networks(self, *, averaged: bool = True) -> Networks:
        return self._look.networks(averaged=averaged)

    def real(self, count: int, *, held_out: bool = True) -> Sample:
        return self._showing(self._look.real(count, held_out=held_out))

    def real_beside(self, count: int) -> Sample:
        return self._showing(self._look.real_beside(count))

    def fake(self, count: int, *, averaged: bool = True) -> Sample:
        return self._showing(self._look.fake(count, averaged=averaged))

    def given(self, count: int) -> Given:
        return self._showing(self._look.given(count))

    def verdicts(self, sample: Sample, given: Given) -> dict[str, Verdict]:
        return self._look.verdicts(sample, given)

    def random(self, name: str, rows: int) -> Random:
        return self._look.random(name, rows)

    def ledger(self) -> dict[str, float]:
        return self._look.ledger()

    def once(self, name: str, make: Any) -> Any:
        return self._look.once(name, make)

    def this_tick(self, name: str, make: Any) -> Any:
        return self._look.this_tick(name, make)

    def features(self, choice: FeatureChoice, name: str) -> Features:
        return self._look.features(choice, name)

    def written_on(self) -> bool:
        """True if one of the samples is no longer what it was."""
        return not all(same(shown, before) for shown, before in self._shown)

    def _showing(self, sample: Mapping[str, Any]) -> Mapping[str, Any]:
        self._shown += [(each, each.clone()) for each in sample.values() if isinstance(each, torch.Tensor)]
        return sample


def progress(tick: int) -> Progress:
    """A tick every 10 rounds of 100 samples, 100 ticks in all."""
    return Progress(round=10 * tick, samples=1000 * tick, fraction=tick / 100)


def findings(monitor: Monitor, run: Iterable[Mapping[str, float]], first: int = 0) -> list[Finding]:
    """All it says of the run, whose first tick is number `first`."""
    return [
        finding
        for tick, measurements in enumerate(run, start=first)
        for finding in monitor.judge(dict(measurements), progress(tick))
    ]
