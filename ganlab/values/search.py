"""Where a search looks for an option's value, as whoever declares the option publishes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Search:
    """The range worth searching, beside an option's type: `lr: Annotated[float, Search(1e-5, 1e-2, log=True)]`.

    From `low` to `high`, both included, evenly, or by equal factors with `log`; whole numbers if both are. Or one of
    `among`. It is no limit: a recipe may say what is outside of it.
    """

    low: float = 0.0
    high: float = 1.0
    log: bool = False
    among: tuple[object, ...] = ()
