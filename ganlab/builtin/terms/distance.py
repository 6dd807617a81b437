"""How far one stack of samples is from another, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganlab import RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from ganlab import Turn


def mean_absolute(made: Tensor, wanted: Tensor) -> Tensor:
    """The mean absolute difference of each row, (N,)."""
    return (made - wanted).abs().flatten(1).mean(1)


def of_pairs(turn: Turn, intermediate: str) -> Tensor:
    """The mean absolute difference of each pair (made, wanted) the task has computed, summed over pairs.

    Raises `RecipeError` in the name of the term, which is the intermediate's, if the task does not know it.
    """
    import torch

    try:
        pairs: Any = turn.intermediate(intermediate)
    except LookupError as error:
        raise RecipeError(f"term '{intermediate}' belongs to tasks like 'unpaired': {error.args[0]}") from None
    return torch.stack([mean_absolute(made, wanted).mean() for made, wanted in pairs.values()]).sum()
