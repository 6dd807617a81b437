"""What a benchmark plays: its games, the two recipes of each, and the bars; read from a TOML file beside this module.

Both recipes of a game are measured alike: at the end of the budget, by the same diagnostic, on as many samples.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.errors import RecipeError, nearest

if TYPE_CHECKING:
    from ganlab.plugins import Plugins
    from ganlab.recipe import Recipe

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Player:
    """One of the two who play a game: the recipe under test, or the baseline."""

    name: str
    recipe: Path | str
    """A file, or the name of a recipe that is registered."""


@dataclass(frozen=True)
class Game:
    """Data whose modes can be counted, who plays for them, and what is to be reached.

    `changes` hold for both recipes, as `--set` would; `scores` name what is measured of both. `bars` are of means over
    seeds, by the score's name: at least so much, but of "reverse-kl" at most.
    """

    name: str
    about: str
    modes: int
    players: tuple[Player, ...]
    changes: tuple[str, ...]
    scores: tuple[str, ...]
    bars: Mapping[str, float]


@dataclass(frozen=True)
class Plan:
    """The games of a benchmark, and the settings that all share: how they are watched."""

    games: tuple[Game, ...]
    watch: tuple[str, ...]

    def chosen(self, names: Sequence[str]) -> tuple[Game, ...]:
        """The games of these names, in the plan's order; all if none is named. Raises `RecipeError`."""
        known = [game.name for game in self.games]
        for name in names:
            if name not in known:
                raise RecipeError(f"no game named '{name}'.{nearest(name, known)} There are: {', '.join(known)}")
        return tuple(game for game in self.games if game.name in (names or known))


def read_plan(name: str) -> Plan:
    """The plan of that name."""
    tree = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    return Plan(tuple(_games(tree["games"], HERE / name)), tuple(tree["watch"]))


def _games(tables: Mapping[str, Any], folder: Path) -> Iterator[Game]:
    for name, table in tables.items():
        players = (Player("recipe", table["recipe"]), Player("baseline", folder / table["baseline"]))
        changes, scores = tuple(table.get("changes", ())), tuple(table["scores"])
        yield Game(name, table["about"], table["modes"], players, changes, scores, table["bars"])


def recipe_of(plan: Plan, game: Game, player: Player, settings: Sequence[str], plugins: Plugins) -> Recipe:
    """What that player plays, complete. Raises `RecipeError` or `PluginError`."""
    from ganlab.assemble.resolution import resolve
    from ganlab.recipe import layered, override, read_toml

    def find(name: str) -> Path:
        return plugins.find("recipes", name).path

    path = player.recipe if isinstance(player.recipe, Path) else find(player.recipe)
    tree = layered(read_toml(path), find)
    return resolve(override(tree, [*plan.watch, *game.changes, *settings]), plugins)
