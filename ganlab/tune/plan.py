"""What a study is: a question, a recipe, a space around it, and what is to be small. Kept with the study as JSON, so
that a worker anywhere plays the same, and a continuation that asks something else is refused."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

from ganlab.errors import RecipeError
from ganlab.tune.ranges import Ranges

RUNGS = (0.25, 0.5)
SEEDS = 4
TRIALS = 30
FRESH_SEEDS = 12
OBJECTIVE = "mmd"


class Space(Protocol):
    """Chooses settings: values by dotted key, for a trial whose sampler proposes them."""

    def __call__(self, trial: Any) -> dict[str, Any]: ...

    def told(self) -> Any:
        """As JSON knows it."""


@dataclass(frozen=True)
class Plan:
    """`recipe` is complete TOML text; `objective` a measurement of it, less is better, with a minus before it more is.

    A trial plays the seeds 0 to `seeds` - 1. It is given up as soon as more than the share `tolerance` of them has
    collapsed or diverged; if at one of `rungs`, shares of the budget of its first seed, or at its end it is not among
    the best, or after that does worse in the mean over its seeds so far than the best trial (without rungs no trial
    is); or if over seeds it is probably worse than that one. With `together` all seeds but the first are played as one
    game. When all trials are played, the best setting is played again with `fresh_seeds` more, and so may be the next.
    """

    name: str
    recipe: str
    recipe_name: str
    space: Space
    given: str = ""
    """The recipe before it was made ready for a study: what a setting that was found is laid over."""
    about: str = ""
    objective: str = OBJECTIVE
    seeds: int = SEEDS
    trials: int = TRIALS
    fresh_seeds: int = FRESH_SEEDS
    rungs: tuple[float, ...] = RUNGS
    tolerance: float = 0.0
    together: bool = False
    seed: int = 0
    baseline: Mapping[str, Any] | None = None
    """The trial's parameters that are the recipe as it is; None if they are not known."""

    @property
    def tree(self) -> dict[str, Any]:
        """The recipe."""
        return tomllib.loads(self.recipe)

    def told(self) -> str:
        """As JSON."""
        table = {each.name: getattr(self, each.name) for each in fields(self)}
        return json.dumps(table | {"space": self.space.told()})

    @classmethod
    def read(cls, told: str, space: Space | None = None) -> Plan:
        """What `told` wrote. A space that is a program is not in there: it is to be given. Raises `RecipeError`."""
        table = _table(told)
        try:
            kept, rungs = table.pop("space"), tuple(table.pop("rungs"))
            if isinstance(kept, list):
                space = Ranges.read(kept)
            elif space is None or space.told() != kept:
                raise RecipeError(
                    f"study '{table['name']}' searches the space of a file that is "
                    f"{'not given' if space is None else 'another one here'}; give it: 'ganlab tune worker FILE.py'"
                )
            return cls(**table, rungs=rungs, space=space)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RecipeError(f"the study's plan cannot be read ({error}); was it made by another ganlab?") from None

    def with_trials(self, trials: int) -> Plan:
        """The same, longer or shorter."""
        return replace(self, trials=trials)


FREE = ("about", "given", "name", "trials", "fresh_seeds", "baseline", "together")
"""What of a plan may change while it is carried out."""


def differences(before: str, after: str) -> list[str]:
    """In what two plans, as they are told, ask for different things, in lines."""
    old, new = _table(before), _table(after)
    lines = []
    for key in dict.fromkeys([*old, *new]):
        was, now = old.get(key), new.get(key)
        if was == now or key in FREE:
            continue
        if key == "recipe":
            lines += _of_recipes(str(was), str(now))
        elif key == "space" and isinstance(was, list) and isinstance(now, list):
            lines += _of_ranges(Ranges.read(was), Ranges.read(now))
        elif key == "space":
            lines.append("space: is that of another file, or the file has changed")
        else:
            lines.append(f"{key}: was {json.dumps(was)}, is {json.dumps(now)}")
    return lines


def _table(told: str) -> dict[str, Any]:
    try:
        return dict(json.loads(told))
    except (TypeError, ValueError) as error:
        raise RecipeError(f"the study's plan cannot be read ({error}); was it made by another ganlab?") from None


def _of_recipes(before: str, after: str) -> list[str]:
    from ganlab.assemble.difference import differing

    changes = differing(tomllib.loads(before), tomllib.loads(after))
    changes.pop("about", None)
    return [f"recipe.{key}: was {old}, is {new}" for key, (old, new) in sorted(changes.items())]


def _of_ranges(before: Ranges, after: Ranges) -> list[str]:
    old, new = ({each.key: str(each) for each in space.ranges} for space in (before, after))
    keys = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
    return [f"space: was {old.get(key, f'without {key}')}, is {new.get(key, f'without {key}')}" for key in keys]
