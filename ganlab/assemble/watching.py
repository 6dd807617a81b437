"""From a recipe's [watch] to those who look at the game, judge and answer; and whether what they may do can be done."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from ganlab.answers import checked_actions
from ganlab.assemble.builder import Builder
from ganlab.assemble.features import FeatureNetworks
from ganlab.calling import apart
from ganlab.engine.blame import reason
from ganlab.engine.controls import check
from ganlab.engine.game import Game, Intervening, Watching
from ganlab.errors import GanlabError, PluginError, RecipeError
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.diagnostic import Diagnostic
from ganlab.interfaces.intervention import Intervention
from ganlab.interfaces.task import Task
from ganlab.recipe import Component
from ganlab.recipe.watch import InterventionSetting

log = logging.getLogger("ganlab")

LIMIT, COOL_DOWN = 10, 2
"""How often an intervention may act, and for how many ticks it then waits, unless the recipe says."""


def check_reach(game: Game, each: Intervening) -> None:
    """Raise `RecipeError` if the intervention would move what is not in the game; warn if nobody speaks to it."""
    who = f"intervention '{each.name}'"
    heard = each.intervention.monitors
    if heard and not any(monitor in heard for monitor, _ in game.watching.monitors):
        log.warning("%s answers %s, which is not in watch.monitors: it will do nothing", who, " and ".join(heard))
    with asking(who, "what it may do"):
        actions = checked_actions(each.intervention.may_ask())
    try:
        for action in actions:
            check(game, action)
    except PluginError as error:
        raise RecipeError(str(error).replace("an intervention", f"watch.interventions: '{each.name}'", 1)) from None


def check_diagnostics(
    diagnostics: Mapping[str, Diagnostic],
    games: Sequence[tuple[Task, Dataset]],
    features: FeatureNetworks,
    where: str = "watch.diagnostics.",
) -> None:
    """Raise `RecipeError`, or what is wrong with a feature network, if a diagnostic cannot measure one of the games.

    All networks that will be asked for are made, so that one that is missing is missed before the first round.
    """
    for name, diagnostic in diagnostics.items():
        for task, dataset in games:
            chosen = diagnostic.features
            with placed(f"{where}{name}.features"):
                made = task.makes() if chosen is not None else {}
                networks = {field: features.find(chosen or "", kind) for field, kind in made.items()}
            with placed(f"{where}{name}"), asking(f"diagnostic '{name}'", "whether it can measure this game"):
                diagnostic.check(task, dataset, networks)


@contextmanager
def placed(where: str) -> Iterator[None]:
    """Inside, what is refused is told with its place in the recipe."""
    try:
        yield
    except GanlabError as error:
        raise type(error)(f"{where}: {error}") from None


@contextmanager
def asking(who: str, what: str) -> Iterator[None]:
    """Inside, a component is asked something before the first round. Raises `PluginError` if it fails to answer."""
    try:
        with apart(who):
            yield
    except GanlabError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(f"{who} {reason(error)}, asked {what}; tell its author") from error


def build_watching(builder: Builder, tick_samples: int, features: FeatureNetworks) -> Watching:
    """Who looks at the game, who judges and who answers, as the recipe says."""
    watch = builder.recipe.watch

    def called(items: Sequence[Component]) -> list[str]:
        """A name for each that is its own even where one component stands twice."""
        names = [each.model_dump().get("label") or each.name for each in items]
        return [
            name if names.count(name) == 1 else f"{name}-{names[: index + 1].count(name)}"
            for index, name in enumerate(names)
        ]

    return Watching(
        tick_samples=tick_samples,
        diagnostics=[
            (name, each.every, builder.create("diagnostics", each))
            for name, each in zip(called(watch.diagnostics), watch.diagnostics, strict=True)
        ],
        monitors=[
            (name, builder.create("monitors", each))
            for name, each in zip(called(watch.monitors), watch.monitors, strict=True)
        ],
        interventions=[
            intervening(name, each, builder.create("interventions", each))
            for name, each in zip(called(watch.interventions), watch.interventions, strict=True)
        ],
        picture_every=watch.picture_every,
        picture_count=watch.picture_count,
        features=features.find,
    )


def intervening(name: str, setting: InterventionSetting, intervention: Intervention) -> Intervening:
    """The intervention, as restrained as its setting says; where that says nothing, by what kind it is."""
    limit, cool_down = (None, 0) if intervention.steady else (LIMIT, COOL_DOWN)
    return Intervening(
        name,
        intervention,
        setting.mode == "act",
        limit if setting.limit is None else setting.limit,
        cool_down if setting.cool_down is None else setting.cool_down,
    )
