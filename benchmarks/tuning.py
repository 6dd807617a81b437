"""Does `ganlab tune` find as good a setting with less training, and does what it finds hold on seeds it has not seen?

    python benchmarks/tuning.py play --seeds 0-4     studies by ganlab, Hyperband and Median pruning; goes on
    python benchmarks/tuning.py fresh --seeds 0-4    what each returns, and the median of the space, on ten new seeds
    python benchmarks/tuning.py judge --seeds 0-4

One thread, equal numbers of trials, the same space (`studies/stability_ring.py`), game, seeds in a trial and score
(mean and one deviation over seeds). Hyperband and Median pruning are Optuna's, with its default sampler (TPE): a trial
plays its seeds one after another and reports, at every tick, the mean over its seeds so far of the objective. `ganlab
tune` plays all seeds but the first together, and the best setting again with fresh seeds, which comes after and is not
counted. Counted are the seconds of training, wall clock, one method after another on the
same machine; and the kimg, which no load of the machine changes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

import optuna
from detectors import seeds

from ganlab import Action, Ending, Intervention, Progress, Stop
from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.cli.tune import planned
from ganlab.engine import train
from ganlab.engine.game import Intervening
from ganlab.engine.run import Run
from ganlab.errors import DivergedError
from ganlab.plugins import Plugins
from ganlab.recipe import override
from ganlab.recipe.settings import as_settings
from ganlab.tune.plan import Plan
from ganlab.tune.score import LAST, WORST, score

HERE = Path(__file__).parent
KEPT = HERE / "results" / "tuning"
STUDY = HERE.parent / "studies" / "stability_ring.py"

SMALLER = (
    "budget_rounds=1000",
    "players.generator.architecture.width=32",
    "players.point.architecture.width=32",
    "watch.diagnostics.probe-gap.every=1000",
    "watch.tick_kimg=5.12",
    "watch.diagnostics.modes.every=25",
)
"""The study's game, made cheap enough to search it fifteen times: at every 40th round it is looked at, and the modes,
which say at the end whether a run has collapsed, are counted once."""

TRIALS, SEEDS, TICKS = 24, 4, 25
FRESH = range(100, 110)
DRAWS = 31
METHODS = ("ganlab", "hyperband", "median")
COLLAPSED = 0.75
"""A run has collapsed if it ends with at most this share of the ring's modes, as in interventions.py."""


class Curve(Intervention):
    """The objective at every tick, the modes at the last; ends the run when `look` says so."""

    def __init__(self, look: Callable[[int, float], bool]) -> None:
        self.values: list[float] = []
        self.modes = 0.0
        self._look = look

    def answer(self, findings: Any, measurements: Mapping[str, float], progress: Progress) -> Iterable[Action]:
        named = {name.partition("@")[0]: value for name, value in measurements.items()}
        value = named["mmd"]
        self.values.append(value if math.isfinite(value) else WORST)
        self.modes = named.get("modes", 0.0)
        return [Stop("given up")] if self._look(len(self.values), self.values[-1]) else []

    @property
    def final(self) -> float:
        """As a study's: the median of the last ticks."""
        return statistics.median(self.values[-max(1, round(LAST * len(self.values))) :])


def plan() -> Plan:
    """The study, smaller."""
    return planned(str(STUDY), (), SMALLER, Plugins(), seeds=SEEDS, trials=TRIALS)


def run(
    wanted: Plan, settings: Mapping[str, Any], seed: int, plugins: Plugins, look: Callable[[int, float], bool]
) -> Curve:
    """One run, without monitors. Raises `DivergedError`."""
    watch = ["watch.monitors=[]", "watch.interventions=[]", "watch.reporters=[]"]
    recipe = resolve(override(wanted.tree, [*as_settings(settings), f"seed={seed}", *watch]), plugins)
    curve = Curve(look)
    game = build_game(recipe, plugins, "cpu")
    game.watching = replace(game.watching, interventions=[Intervening("curve", curve, limit=1)])
    if train(game, Run()).ending is Ending.DIVERGED:
        raise DivergedError
    return curve


def never(tick: int, now: float) -> bool:
    return False


def play_optuna(method: str, number: int, wanted: Plan, plugins: Plugins) -> list[dict[str, Any]]:
    """Optuna's pruner on the same study; a record for each trial."""
    ticks = TICKS * SEEDS
    pruner: optuna.pruners.BasePruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=5)
    if method == "hyperband":
        pruner = optuna.pruners.HyperbandPruner(min_resource=ticks // 27, max_resource=ticks, reduction_factor=3)
    study = optuna.create_study(pruner=pruner, study_name=f"{method}-{number}")
    study.enqueue_trial(dict(wanted.baseline or {}))
    records = []
    for _ in range(TRIALS):
        drawing = zlib.crc32(f"{number} 0 {len(study.trials)}".encode())
        study.sampler = optuna.samplers.TPESampler(seed=drawing, group=True)
        records.append(tried(study, wanted, plugins))
    return records


def tried(study: optuna.Study, wanted: Plan, plugins: Plugins) -> dict[str, Any]:
    """One trial of Optuna's."""
    trial = study.ask()
    settings = wanted.space(trial)
    done: list[float] = []
    ticks = [0] * SEEDS
    given_up: list[bool] = []
    began = time.monotonic()
    state, value = optuna.trial.TrialState.PRUNED, None

    def look(tick: int, now: float) -> bool:
        trial.report(statistics.fmean([*done, now]), len(done) * TICKS + tick)
        ticks[len(done)] = tick
        given_up.append(trial.should_prune())
        return given_up[-1]

    try:
        for seed in range(SEEDS):
            curve = run(wanted, settings, seed, plugins, look)
            if given_up[-1]:
                break
            done.append(curve.final)
        else:
            state, value = optuna.trial.TrialState.COMPLETE, score(done)
    except DivergedError:
        pass
    study.tell(trial, value, state)
    budget = resolve(override(wanted.tree, as_settings(settings)), plugins).kimg
    seconds = time.monotonic() - began
    return {"score": value, "kimg": sum(ticks) * budget / TICKS, "seconds": seconds, "settings": settings}


def play_ganlab(number: int, wanted: Plan) -> list[dict[str, Any]]:
    """`ganlab tune`, by one worker."""
    place = KEPT / "runs"
    name = f"ganlab-{number}"
    script = (
        "import sys; from dataclasses import replace; import ganlab.cli.tune as tune; planned = tune.planned; "
        f"tune.planned = lambda *a, **k: replace(planned(*a, **k), seed={number}); "
        "from ganlab.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    settings = [part for each in SMALLER for part in ("--set", each)]
    common = ["--name", name, "--out", str(place), "--seeds", str(SEEDS), "--trials", str(TRIALS), "--together"]
    subprocess.run([sys.executable, "-c", script, "tune", str(STUDY), *settings, *common], check=True)
    told = subprocess.run(
        [sys.executable, "-m", "ganlab", "tune", "status", str(place / name), "--json"], check=True, capture_output=True
    )
    found = json.loads(told.stdout)
    rows, returned = found["rows"], found["best"]
    return [
        {
            "score": row["score"] if row["state"] == "complete" and row["feasible"] else None,
            "kimg": row["kimg"],
            "seconds": row["seconds"],
            "settings": row["settings"],
            "dead": row["dead"] > 0,
            "returned": returned is not None and row["number"] == returned["number"],
        }
        for row in rows
        if row["state"] in ("complete", "pruned")
    ]


def best(records: list[dict[str, Any]]) -> dict[str, Any]:
    return min((each for each in records if each["score"] is not None), key=lambda each: each["score"])


def returned(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The setting that a search would go on with: what it says, or else the best."""
    return next((each for each in records if each.get("returned")), None) or best(records)


def kept(method: str, number: int) -> Path:
    return KEPT / f"{method}-{number}.json"


def play(numbers: list[int], methods: Sequence[str]) -> None:
    wanted, plugins = plan(), Plugins()
    KEPT.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        for method in methods:
            path = kept(method, number)
            if path.exists():
                continue
            theirs = replace(wanted, seed=number)
            records = (
                play_ganlab(number, theirs) if method == "ganlab" else play_optuna(method, number, theirs, plugins)
            )
            path.write_text(json.dumps(records))
            print(
                method,
                number,
                f"{best(records)['score']:.5f}",
                f"{sum(each['kimg'] for each in records):.0f} kimg",
                flush=True,
            )


def fresh(numbers: list[int]) -> None:
    """Collapses among ten new seeds: of the setting that each search returns, and of the median of the space."""
    wanted, plugins = plan(), Plugins()
    middle = median_setting(wanted, plugins)
    chosen = {
        f"{method}-{number}": returned(json.loads(kept(method, number).read_text()))["settings"]
        for number in numbers
        for method in METHODS
        if kept(method, number).exists()
    }
    path = KEPT / "fresh.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    for name, settings in {**chosen, "median": middle}.items():
        for seed in FRESH:
            if f"{name} {seed}" in found:
                continue
            try:
                found[f"{name} {seed}"] = run(wanted, settings, seed, plugins, never).modes
            except DivergedError:
                found[f"{name} {seed}"] = 0.0
            path.write_text(json.dumps(found))
        print(name, [found[f"{name} {seed}"] for seed in FRESH], flush=True)


def median_setting(wanted: Plan, plugins: Plugins) -> dict[str, Any]:
    """The middle one, by its value on seed 0, of `DRAWS` random settings; and says how many of them collapse."""
    path = KEPT / "random.json"
    drawn = json.loads(path.read_text()) if path.exists() else []
    for number in range(len(drawn), DRAWS):
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=number))
        settings = wanted.space(study.ask())
        try:
            curve = run(wanted, settings, 0, plugins, never)
            drawn.append({"value": curve.final, "modes": curve.modes, "settings": settings})
        except DivergedError:
            drawn.append({"value": WORST, "modes": 0.0, "settings": settings})
        path.write_text(json.dumps(drawn))
    print(f"{sum(each['modes'] <= 8 * COLLAPSED for each in drawn)} of {DRAWS} random settings collapse")
    return sorted(drawn, key=lambda each: each["value"])[DRAWS // 2]["settings"]


def judge(numbers: list[int]) -> None:
    print("| study seed | method | best score | kimg | seconds | ganlab gets there after, kimg | seconds |")
    print("|---|---|---|---|---|---|---|")
    for number in numbers:
        for method in METHODS:
            if not kept(method, number).exists():
                continue
            ours = json.loads(kept("ganlab", number).read_text())
            records = json.loads(kept(method, number).read_text())
            target = best(records)["score"]
            reached = next((n for n, each in enumerate(ours, 1) if (each["score"] or math.inf) <= target), None)
            cells = [str(number), method, f"{target:.5f}"]
            for unit in ("kimg", "seconds"):
                cells.append(f"{sum(each[unit] for each in records):.0f}")
            for unit in ("kimg", "seconds"):
                whole = sum(each[unit] for each in records)
                spent = None if reached is None else sum(each[unit] for each in ours[:reached])
                cells.append("never" if spent is None else f"{spent:.0f} ({spent / whole:.0%})")
            print(f"| {' | '.join(cells)} |")
    path = KEPT / "fresh.json"
    if path.exists():
        found = json.loads(path.read_text())
        for name in dict.fromkeys(key.rpartition(" ")[0] for key in found):
            modes = [found[f"{name} {seed}"] for seed in FRESH if f"{name} {seed}" in found]
            print(f"{name}: {sum(each <= 8 * COLLAPSED for each in modes)} of {len(modes)} collapsed")


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("play", "fresh", "judge"))
    parser.add_argument("--seeds", type=seeds, default=seeds("0-4"), help="of studies")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS, help="that are played")
    arguments = parser.parse_args()
    numbers = list(arguments.seeds)
    if arguments.what == "play":
        play(numbers, arguments.methods)
    else:
        {"fresh": fresh, "judge": judge}[arguments.what](numbers)


if __name__ == "__main__":
    main()
