"""Where a search looks for an option's value, as whoever declares the option publishes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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

    def __str__(self) -> str:
        if self.among:
            return ", ".join(map(str, self.among))
        return f"{'log:' if self.log else ''}{self.low:g}..{self.high:g}"

    def __get_pydantic_json_schema__(self, core: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """The range stands in the option's schema."""
        return {**handler(core), "search": str(self)}
