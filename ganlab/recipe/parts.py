"""What every table of a recipe is made of: numbers in their ranges, tables that refuse what they do not know, and
components, whose options are a plugin's."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

LARGEST = 1e12
"""No number of a recipe is larger, so that none can become infinite on its way."""

Positive = Annotated[float, Field(gt=0, le=LARGEST, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
Finite = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=2**40)]
BatchSize = Annotated[int, Field(ge=1, le=2**24)]


class Table(BaseModel):
    """A part of a recipe: frozen, unknown keys forbidden."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Component(BaseModel):
    """`{name = ..., options...}`: something a plugin registers; its other keys are checked against its signature."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field(description="a registered name")

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the component itself, not to where it stands."""
        return dict(self.model_extra or {})
