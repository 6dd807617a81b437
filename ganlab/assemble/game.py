"""Recipe + plugins -> Game. Every cross-check happens here, before the first step."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ganlab.answers import checked_actions
from ganlab.assemble.builder import Builder, build_player
from ganlab.assemble.dry_round import check_names
from ganlab.assemble.features import FeatureNetworks
from ganlab.assemble.resolution import TICKS
from ganlab.assemble.rules import rules_of
from ganlab.assemble.stages import build_stage, first_rows, open_streams
from ganlab.calling import apart
from ganlab.engine import distributed
from ganlab.engine.controls import check
from ganlab.engine.device import Place, find_device, use_threads
from ganlab.engine.game import Clock, Game, Intervening, Watching
from ganlab.engine.guard import blamed_on, reason
from ganlab.engine.phase import Stage
from ganlab.engine.stream import BatchStream
from ganlab.errors import GanlabError, PluginError, RecipeError
from ganlab.plugins import Plugins
from ganlab.recipe import Component, Recipe
from ganlab.values import Fields

log = logging.getLogger("ganlab")


def build_game(recipe: Recipe, plugins: Plugins, device: str = "auto") -> Game:
    """The game a resolved recipe describes, on its device. Raises a `GanlabError` for everything that does not fit."""
    use_threads(recipe.threads)
    place = Place(find_device(device), recipe.precision, recipe.memory_format)
    distributed.join(place.device)
    builder = Builder(recipe, plugins)
    streams: dict[str, BatchStream] = {}
    stages: list[Stage] = []
    spent = 0.0
    for number, rules in enumerate(rules_of(recipe)):
        with blamed_on(dict, lambda: "as its samples were first asked for"):
            keys = open_streams(builder, rules, place, streams)
            rows = first_rows(builder, keys, rules)
        fields: Fields = {name: builder.datasets[key].fields for name, key in keys.items()}
        task = builder.task(rules, fields.get("", fields))
        seen = builder.play_dry(task, rows)
        last = number == max(0, len(recipe.stages) - 1)
        spent += rules.kimg or 0.0
        stages.append(build_stage(builder, rules, task, seen, keys, float("inf") if last else spent * 1000))
    check_names("player", recipe.players, builder.networks)
    players = {name: build_player(name, builder, place) for name in recipe.players}
    for other in (each for stage in stages for each in stage.phases):
        check_names("phases: player", [other.player], players)
    budget = recipe.kimg
    tick_kimg = recipe.watch.tick_kimg or budget / TICKS
    features = FeatureNetworks(builder)
    watching = _watching(builder, max(1, round(tick_kimg * 1000)), features)
    features.check(watching.diagnostics, [stage.task for stage in stages])
    game = Game(
        players=players,
        stages=tuple(stages),
        streams=streams,
        datasets=builder.datasets,
        place=place,
        clock=Clock(max(1, round(budget * 1000)), recipe.budget_rounds),
        watching=watching,
        seed=recipe.seed,
        accumulate=recipe.accumulate,
        checkpoint_seconds=recipe.checkpoint_seconds,
    )
    for each in watching.interventions:
        check_reach(game, each)
    return game


def check_reach(game: Game, each: Intervening) -> None:
    """Raise `RecipeError` if the intervention would move what is not in the game; warn if nobody speaks to it."""
    who = f"intervention '{each.name}'"
    heard = each.intervention.monitors
    if heard and not any(monitor in heard for monitor, _ in game.watching.monitors):
        log.warning("%s answers %s, which is not in watch.monitors: it will do nothing", who, " and ".join(heard))
    try:
        with apart(who):
            actions = checked_actions(each.intervention.may_ask())
    except GanlabError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(f"{who} {reason(error)}, asked what it may do; tell its author") from error
    try:
        for action in actions:
            check(game, action)
    except PluginError as error:
        raise RecipeError(str(error).replace("an intervention", f"watch.interventions: '{each.name}'", 1)) from None


def _watching(builder: Builder, tick_samples: int, features: FeatureNetworks) -> Watching:
    watch = builder.recipe.watch

    def called(items: Sequence[Component]) -> list[str]:
        """A name for each that is its own even where one component stands twice."""
        names = [each.name for each in items]
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
            Intervening(name, builder.create("interventions", each), each.mode == "act", each.limit, each.cool_down)
            for name, each in zip(called(watch.interventions), watch.interventions, strict=True)
        ],
        picture_every=watch.picture_every,
        picture_count=watch.picture_count,
        features=features.find,
    )
