"""One trial: a setting, played seed by seed until all are played or it is given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.assemble.resolution import resolve
from ganlab.assemble.run_directory import RunDirectory
from ganlab.errors import GanlabError
from ganlab.recipe import override
from ganlab.recipe.settings import as_settings
from ganlab.tune.child import Child, ChildFailed
from ganlab.tune.giving_up import collapsed, constraints, falls_behind, hopeless, others_at, rung_key, rung_values
from ganlab.tune.plan import Plan
from ganlab.tune.result import BASELINE, COMPLETE, CONFIRMATION, FAILED, INVALID, PRUNED, TrialResult, scored
from ganlab.tune.score import SeedResult, is_measured
from ganlab.tune.storage import patient
from ganlab.tune.tensorboard import write_columns, write_trial
from ganlab.tune.together import play_together

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from ganlab.plugins import Plugins

LOOK_SECONDS = 0.25


class Trial:
    """The trial that the study asks for, in its directory. `beat` is called often while it is played."""

    def __init__(
        self,
        plan: Plan,
        study: optuna.Study,
        trial: optuna.Trial,
        directory: Path,
        plugins: Plugins,
        beat: Callable[[], None],
        silent: float,
    ) -> None:
        self._plan = plan
        self._study = study
        self._trial = trial
        self._directory = directory
        self._recipe = directory.parent.parent / "recipe.toml"
        self._plugins = plugins
        self._beat = beat
        self._silent = silent
        self._origin = str(trial.user_attrs.get("origin", ""))
        self._again = self._origin.startswith(CONFIRMATION)
        self._seeds = range(plan.seeds, plan.seeds + plan.fresh_seeds) if self._again else range(plan.seeds)
        self._results: list[SeedResult] = []
        self._together: Sequence[int] = ()
        self._commands: list[str] = []
        self._settings: dict[str, Any] = {}
        self._budget = 0.0
        self._diagnostics: list[str] = []

    def play(self) -> TrialResult:
        """Play it, or what is left of it. Its result is on disk before this returns."""
        kept = TrialResult.kept(self._directory)
        if kept is not None:
            return kept
        try:
            self._settings = self._chosen()
            recipe = resolve(override(self._plan.tree, as_settings(self._settings)), self._plugins)
        except GanlabError as error:
            return self._ended(INVALID, str(error).partition("\n")[0])
        self._budget = recipe.kimg
        self._diagnostics = [each.name for each in recipe.watch.diagnostics]
        try:
            reason = self._played(self._seeds[0])
            for seed in self._rest() if reason is None else ():
                reason = self._played(seed)
                if reason is not None:
                    break
        except ChildFailed as error:
            return self._ended(FAILED, f"seed {self._seeds[len(self._results)]}: {error}")
        return self._ended(COMPLETE if reason is None else PRUNED, reason or "")

    @property
    def _first(self) -> int:
        return self._seeds[0]

    @property
    def _exempt(self) -> bool:
        """True if it is compared with no other trial."""
        return self._again or self._origin == BASELINE

    @property
    def _confirmed(self) -> FrozenTrial:
        """The trial whose setting is played again."""
        directory = self._origin.removeprefix(CONFIRMATION)
        trials = patient(lambda: self._study.get_trials(deepcopy=False))
        return next(each for each in trials if each.user_attrs.get("directory") == directory)

    def _chosen(self) -> dict[str, Any]:
        if self._origin == BASELINE and self._plan.baseline is None:
            return {}
        if self._again and not self._confirmed.params:
            return {}
        return patient(lambda: self._plan.space(self._trial))

    def _played(self, seed: int) -> str | None:
        """Why the trial is given up after this seed, or within it; None if it is not."""
        settings = [*as_settings(self._settings), f"seed={seed}"]
        child = Child(self._directory / f"seed-{seed}", self._recipe, settings, silent=self._silent)
        self._commands.append(child.command)
        passed: dict[float, float] = {}
        measured = seed != self._first
        try:
            while child.poll() is None:
                measured = measured or is_measured(child.directory, self._plan.objective, self._diagnostics)
                if seed == self._first and (reason := self._at_rungs(child, passed)) is not None:
                    child.end()
                    self._take(self._result(seed))
                    return reason
                self._beat()
                time.sleep(LOOK_SECONDS)
        except BaseException:
            child.end()
            raise
        if seed == self._first:
            self._note_rungs(child, passed)
        self._take(self._result(seed))
        if (reason := collapsed(self._results, self._plan.tolerance, len(self._seeds))) is not None:
            return reason
        if seed == self._first and (reason := self._after_first()) is not None:
            return reason
        return None if self._again or len(self._results) == self._plan.seeds else self._over_seeds()

    def _over_seeds(self) -> str | None:
        """Why it is given up before its other seeds are played."""
        after = f"after {len(self._results)} seed{'s' * (len(self._results) != 1)}"
        if self._plan.rungs and not self._exempt:
            trials = patient(lambda: self._study.get_trials(deepcopy=False))
            better = hopeless(trials, self._results)
            if better is not None:
                return f"hardly to be better than trial {better}, {after}"
        if patient(self._trial.should_prune):
            return f"probably worse than trial {patient(lambda: self._study.best_trial).number}, {after}"
        return None

    def _rest(self) -> list[int]:
        """The seeds but the first; if the plan says so played at once. Those that died come first, for they decide."""
        seeds = self._seeds[1:]
        died: list[int] = []

        def look(dead: list[int]) -> bool:
            self._beat()
            died[:] = dead
            return len(dead) <= self._plan.tolerance * len(self._seeds)

        if self._plan.together and len(seeds) > 1:
            self._together = seeds
            settings = as_settings(self._settings)
            play_together(
                self._directory, self._recipe, settings, seeds, look=look, every=LOOK_SECONDS, silent=self._silent
            )
        return [*died, *(seed for seed in seeds if seed not in died)]

    def _result(self, seed: int) -> SeedResult:
        """How that seed ended. What was played together took its time together."""
        run = RunDirectory(self._directory / f"seed-{seed}")
        result = SeedResult.of(seed, run, self._plan.objective)
        shared = len(self._together) if seed in self._together else 1
        return replace(result, seconds=result.seconds / shared)

    def _take(self, result: SeedResult) -> None:
        self._results.append(result)
        patient(lambda: self._trial.report(result.value, result.seed))

    def _note_rungs(self, child: Child, passed: dict[float, float]) -> dict[float, float]:
        """Tell the others what it was at rungs that it has newly passed."""
        if self._again or not self._plan.rungs:
            return {}
        found = rung_values(child.directory, self._plan.objective, self._plan.rungs, self._budget)
        new = {rung: value for rung, value in found.items() if rung not in passed}
        passed |= new
        for rung, value in new.items():
            self._set(rung_key(rung), value)
        return new

    def _at_rungs(self, child: Child, passed: dict[float, float]) -> str | None:
        """Why it is given up at a rung it has just come to."""
        if self._exempt or len(passed) == len(self._plan.rungs):
            return None
        for rung, value in self._note_rungs(child, passed).items():
            if self._behind(rung, value):
                return f"not among the best at {rung:.0%} of the budget ({value:.4g})"
        return None

    def _after_first(self) -> str | None:
        """Why it is given up after its first seed, the last rung."""
        value = self._results[0].value
        if not self._again:
            self._set(rung_key(1.0), value)
        if self._exempt or self._plan.seeds == 1 or not self._plan.rungs or not self._behind(1.0, value):
            return None
        return f"not among the best after its first seed ({value:.4g})"

    def _behind(self, rung: float, value: float) -> bool:
        others = patient(partial(others_at, self._study, self._trial.number, rung))
        return falls_behind(value, others, [*self._plan.rungs, 1.0].index(rung))

    def _ended(self, state: str, reason: str) -> TrialResult:
        import optuna

        trials = patient(lambda: self._study.get_trials(deepcopy=False))
        frozen = trials[self._trial.number]
        result = TrialResult(
            state=state,
            origin=self._origin,
            reason=reason,
            value=scored(self._results),
            constraints=constraints(self._results, self._plan.tolerance, len(self._seeds)) if self._results else {},
            settings=self._settings,
            seeds=tuple(self._results),
            beside=tuple(self._beside()),
            commands=tuple(self._commands),
            params=frozen.params,
            distributions={
                name: optuna.distributions.distribution_to_json(each) for name, each in frozen.distributions.items()
            },
        )
        write_trial(self._directory, self._plan.name, frozen, result)
        write_columns(self._directory.parent.parent, self._plan.space, trials)
        result.save(self._directory)
        return result

    def _beside(self) -> Iterator[SeedResult]:
        """What was played together with the seeds that decided."""
        counted = {each.seed for each in self._results}
        for seed in self._seeds:
            if seed not in counted and (self._directory / f"seed-{seed}" / "outcome.json").exists():
                yield self._result(seed)

    def _set(self, name: str, value: Any) -> None:
        patient(lambda: self._trial.set_user_attr(name, value))
