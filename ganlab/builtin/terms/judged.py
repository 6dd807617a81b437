"""Which views a discriminator's term is about: those that the player it is charged to judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganlab import RecipeError

if TYPE_CHECKING:
    from ganlab import Side, Turn, Views


def judged(turn: Turn, side: Side, term: str) -> Views:
    """The views of that side that the turn's player judges. Raises `RecipeError` in the name of `term` if none."""
    views = {name: view for name, view in turn.views(side).items() if (view.judge or name) == turn.player}
    if not views:
        raise RecipeError(f"term '{term}' is charged to '{turn.player}', which judges no view; charge a discriminator")
    return views
