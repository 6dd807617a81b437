"""What of a recipe may change in a run that has begun: some keys freely, some never, all others if the user says so.

A free key changes how long a run lasts or what is seen of it. A frozen key makes the run what it is: with another
value the checkpoint would not fit, or the run's numbers would be of two runs. The rest changes the game in its middle,
which is sometimes wanted (a smaller learning rate) and never to happen in silence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ganlab.assemble.difference import Differences, differing
from ganlab.errors import RecipeError
from ganlab.validation import shown as written

if TYPE_CHECKING:
    from ganlab.recipe import Recipe

ALLOWANCES = {
    "recipe": "changes of the recipe that change the game",
    "data": "samples that are not what they were",
    "device": "another kind of device, or another number of processes",
    "nonfinite": "a checkpoint whose weights are not all finite",
}
"""What `--allow` may name."""

FROZEN = re.compile(
    r"seed|counted|((stages\..+\.)?(task|datasets?)(\..+)?)|(stages\..+\.|)batch_size"
    r"|players(\.[^.]+)?|players\..+\.architecture(\..+)?|stages|stages\.[^.]+\.name"
)

FREE = re.compile(r"budget_kimg|budget_rounds|checkpoint_seconds|about|watch\.(?!interventions(\.|$)).+")

STEERING = re.compile(r"watch\.(tick_kimg|diagnostics|monitors)(\..+)?")
"""Free, unless something acts on what is seen."""


def as_tree(recipe: Recipe) -> dict[str, Any]:
    """The recipe as TOML would hold it."""
    return recipe.model_dump(mode="json", exclude_none=True)


def changed(before: Recipe, after: Recipe) -> Differences:
    """Key by key, what was and what would be."""
    return differing(as_tree(before), as_tree(after))


def refuse(
    changes: Mapping[str, tuple[Any, Any]], before: Recipe, allowed: Collection[str], granted: Collection[str] = ()
) -> None:
    """Raise `RecipeError`, a line for each change that is not to be, or needs `--allow recipe`. Keys in `granted` were
    allowed before."""
    steered = bool(before.watch.interventions) or any(stage.goal for stage in before.stages)
    problems = []
    for key, (old, new) in changes.items():
        told = f"{key}: was {shown(old)}, would {'be' if new is None else 'become'} {shown(new)}"
        if FROZEN.fullmatch(key):
            problems.append(f"{told}; a run that has begun keeps it: begin another with 'ganlab run'")
        elif FREE.fullmatch(key) and not (steered and STEERING.fullmatch(key)):
            continue
        elif "recipe" not in allowed and key not in granted:
            problems.append(f"{told}; this changes the game of a run that has begun: add --allow recipe")
    if problems:
        raise RecipeError("\n".join(problems))


def notes(changes: Mapping[str, tuple[Any, Any]], before: Recipe, after: Recipe) -> list[str]:
    """A line for each change, and one for whatever ends with a budget that has moved."""
    told = [f"{key} was {shown(old)}, is {shown(new)}" for key, (old, new) in changes.items()]
    if before.kimg != after.kimg:
        told += [f"{key} ends with the budget, which has moved: its course changes" for key in moving(as_tree(after))]
    return told


def moving(tree: Any, where: str = "") -> Iterator[str]:
    """The dotted key of each schedule and ramp that ends with the budget."""
    if isinstance(tree, list):
        tree = {_called(each, number): each for number, each in enumerate(tree) if isinstance(each, dict)}
    if not isinstance(tree, dict):
        return
    falls = "shape" in tree and ("warm_up_kimg" in tree or "start" in tree)
    if falls and "until_kimg" not in tree and "every_kimg" not in tree:
        yield where
    for key, value in tree.items():
        yield from moving(value, f"{where}.{key}" if where else key)


def shown(value: Any) -> str:
    """A value as a recipe writes it."""
    return "left out" if value is None else written(value)


def _called(table: Mapping[str, Any], number: int) -> str:
    return str(table.get("label", table.get("name", number)))
