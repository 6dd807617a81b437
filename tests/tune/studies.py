"""Studies of runs that take a tenth of a second."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna

from ganlab.cli.run import find_recipe
from ganlab.plugins import Plugins
from ganlab.recipe import override
from ganlab.tune import child
from ganlab.tune.address import address
from ganlab.tune.design import of_ranges
from ganlab.tune.home import Home
from ganlab.tune.lead import begun
from ganlab.tune.plan import Plan
from ganlab.tune.worker import Pace, work

FAKE = (sys.executable, str(Path(__file__).parent / "fake_run.py"))
RATE = "players.generator.optimizer.lr"
PLUGINS = Plugins()


def plan(
    search: str = "log:1e-5..1e-2", *, seeds: int = 2, trials: int = 4, name: str = "fake", **settings: Any
) -> Plan:
    """The learning rate of the ring's generator, whose budget is 10 kimg; the best is not played again."""
    tree = override(find_recipe("ring", PLUGINS), ["budget_rounds=40", "batch_size=250", *settings.pop("set", ())])
    found = of_ranges("fake", "ring", tree, [f"{RATE}={search}"], PLUGINS)
    return replace(found, seeds=seeds, trials=trials, fresh_seeds=0)


def began(wanted: Plan, folder: Path, url: str | None = None, **pace: int) -> tuple[optuna.Study, Home]:
    """The study, begun below that folder."""
    home = Home(folder / wanted.name)
    home.path.mkdir(parents=True, exist_ok=True)
    return begun(wanted, home, url or address(None, home.path)), home


def played(wanted: Plan, folder: Path, monkeypatch: Any, pace: Pace | None = None) -> tuple[optuna.Study, Home]:
    """The study, played to its end by one worker in this process."""
    monkeypatch.setattr(child, "PROGRAM", FAKE)
    study, home = began(wanted, folder)
    work(study, wanted, home, PLUGINS, pace=pace)
    return study, home
