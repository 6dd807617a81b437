"""Recipes: everything that decides a run, as one typed, frozen tree.

A recipe is written in TOML and layered: the defaults below, a built-in recipe, a file, and `--set` overrides. What
comes out names every component with every option, so that the file in a run's directory repeats the run.
"""

from ganlab.recipe.layers import layered, override, read_toml, to_toml, value_of
from ganlab.recipe.parts import Component
from ganlab.recipe.schema import (
    AugmentationSetting,
    Goal,
    PhaseSetting,
    PlayerSetting,
    Ramp,
    Recipe,
    Schedule,
    Stage,
    TermSetting,
    ViewSetting,
    Weight,
    parse,
)
from ganlab.recipe.watch import WatchSetting

__all__ = [
    "AugmentationSetting",
    "Component",
    "Goal",
    "PhaseSetting",
    "PlayerSetting",
    "Ramp",
    "Recipe",
    "Schedule",
    "Stage",
    "TermSetting",
    "ViewSetting",
    "WatchSetting",
    "Weight",
    "layered",
    "override",
    "parse",
    "read_toml",
    "to_toml",
    "value_of",
]
