"""Recipe + plugins -> Game. Every cross-check happens here, before the first step."""

from __future__ import annotations

from ganlab.assemble.allocator import keep_freed_memory
from ganlab.assemble.builder import Builder, build_player
from ganlab.assemble.dry_round import check_names
from ganlab.assemble.features import FeatureNetworks
from ganlab.assemble.resolution import TICKS
from ganlab.assemble.rules import rules_of
from ganlab.assemble.stages import build_stage, first_rows, open_streams
from ganlab.assemble.watching import build_watching, check_diagnostics, check_reach
from ganlab.engine import distributed
from ganlab.engine.blame import blamed_on
from ganlab.engine.device import Place, find_device, use_threads
from ganlab.engine.game import Clock, Game
from ganlab.engine.phase import Stage
from ganlab.engine.stream import BatchStream
from ganlab.interfaces.dataset import Dataset
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe
from ganlab.values import Fields


def build_game(recipe: Recipe, plugins: Plugins, device: str = "auto", read: dict[str, Dataset] | None = None) -> Game:
    """The game a resolved recipe describes, on its device. Games that are given the same `read` share their data.

    Raises a `GanlabError` for everything that does not fit.
    """
    use_threads(recipe.threads)
    keep_freed_memory()
    place = Place(find_device(device), recipe.precision, recipe.memory_format)
    distributed.join(place.device)
    builder = Builder(recipe, plugins, read={} if read is None else read)
    streams: dict[str, BatchStream] = {}
    stages: list[Stage] = []
    spent = 0.0
    for number, rules in enumerate(rules_of(recipe)):
        with blamed_on(tuple, lambda: "as its samples were first asked for"):
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
    watching = build_watching(builder, max(1, round(tick_kimg * 1000)), features)
    played = [(stage.task, builder.datasets[stage.streams[stage.counted]]) for stage in stages]
    check_diagnostics({name: each for name, _, each in watching.diagnostics}, played, features)
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
