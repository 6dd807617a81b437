"""What the augmentations of images share: which tensors are pictures, what moves together, what is chosen by lot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import RecipeError, Search

if TYPE_CHECKING:
    from torch import Tensor

    from ganlab import Random, View

Probability = Annotated[float, Option(ge=0, le=1), Search(0.0, 1.0)]
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


def rectangle(picture: Tensor, share: float, random: Random) -> Tensor:
    """True on a rectangle of `share` of each side, its centre uniform over the picture, (M, 1, H, W)."""
    rows, columns = (_stretch(size, share, random) for size in picture.shape[2:])
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def _stretch(size: int, share: float, random: Random) -> Tensor:
    """True on `share` of a line of `size` pixels around a random one, (M, size)."""
    import torch

    length = round(size * share)
    first = random.integers(size, 1) - length // 2
    places = torch.arange(size, device=first.device)
    return (places >= first) & (places < first + length)
