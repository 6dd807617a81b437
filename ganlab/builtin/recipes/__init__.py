"""Recipes: TOML files that each state paper, command, hardware, time and the score to expect."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import ganlab


@ganlab.hookimpl
def ganlab_register_recipes() -> Mapping[str, Path]:
    """Every .toml file beside this module, by its name."""
    return {path.stem: path for path in Path(__file__).parent.glob("*.toml")}
