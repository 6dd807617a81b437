"""What the augmentations of images share: which tensors are pictures, and what moves together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from ganlab import Random, View

Probability = Annotated[float, Option(ge=0, le=1)]
"""How often an augmentation acts on a sample."""


def image(view: View, augmentation: str) -> Tensor:
    """The view's data, images (M, C, H, W). Raises `RecipeError` in the name of `augmentation` if it holds none."""
    import torch

    data = view.data
    if isinstance(data, torch.Tensor) and data.dim() == 4 and data.is_floating_point():
        return data
    seen = f"a tensor {tuple(data.shape)}" if isinstance(data, torch.Tensor) else f"a {type(data).__name__}"
    raise RecipeError(
        f"augmentation '{augmentation}' changes images (N, C, H, W), but a view holds {seen}; "
        "name the views it may change in 'views'"
    )


def moving_condition(view: View) -> Tensor | None:
    """The view's condition if it is a picture of the data's size, which has to move with the data."""
    import torch

    given = view.given
    if isinstance(given, torch.Tensor) and given.dim() == 4 and given.shape[2:] == view.data.shape[2:]:
        return given
    return None


def chosen(changed: Tensor, original: Tensor, probability: float, random: Random) -> Tensor:
    """Each row changed with this probability, else as it was."""
    if probability >= 1:
        return changed
    import torch

    return torch.where(random.uniform(*[1] * (original.dim() - 1)) < probability, changed, original)
