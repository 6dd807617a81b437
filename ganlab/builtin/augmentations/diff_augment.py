"""Recolours, shifts and cuts what the discriminator sees, real and fake alike, so that few real data last longer.

The changes are differentiable: the generator learns through them, and does not learn to make changed pictures itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

import ganlab
from ganlab.builtin.augmentations.images import Probability, chosen, image, moving_condition, rectangle

if TYPE_CHECKING:
    from torch import Tensor

Policy = Literal["color", "translation", "cutout"]
Share = Annotated[float, Option(gt=0, le=1)]


class DiffAugment(ganlab.Augmentation):
    """`color`: brightness +-0.5, saturation x 0..2, contrast x 0.5..1.5. `translation`: a shift by whole pixels, up to
    this share of the size, with zeros behind it. `cutout`: a rectangle of this share of each side becomes zero.

    A condition that is a picture of the data's size is shifted and cut with it, and keeps its colours.
    Source: Zhao et al. 2020 (arXiv:2006.10738), section 3.2.
    """

    per_sample = True

    def __init__(
        self,
        *,
        policies: tuple[Policy, ...] = ("color", "translation", "cutout"),
        translation: Share = 0.125,
        cutout: Share = 0.5,
        probability: Probability = 1.0,
    ) -> None:
        self.policies = policies
        self.translation = translation
        self.cutout = cutout
        self.probability = probability

    def augment(self, view: ganlab.View, side: ganlab.Side, random: ganlab.Random) -> ganlab.View:
        if self.probability == 0:
            return view
        import torch

        data, condition = image(view, "diff-augment"), moving_condition(view)
        changed = recolored(data, random) if "color" in self.policies else data
        if condition is None:
            return view.replace(data=chosen(self._moved(changed, random), data, self.probability, random))
        # Behind the data in one tensor, the condition is moved by the same draws.
        both = self._moved(torch.cat([changed, condition.to(data.dtype)], 1), random)
        both = chosen(both, torch.cat([data, condition.to(data.dtype)], 1), self.probability, random)
        channels = data.shape[1]
        return view.replace(data=both[:, :channels], given=both[:, channels:].to(condition.dtype))

    def _moved(self, picture: Tensor, random: ganlab.Random) -> Tensor:
        if "translation" in self.policies:
            picture = shifted(picture, self.translation, random)
        if "cutout" in self.policies:
            picture = picture.masked_fill(rectangle(picture, self.cutout, random), 0.0)
        return picture


def recolored(data: Tensor, random: ganlab.Random) -> Tensor:
    """Brightness, then saturation about each pixel's mean, then contrast about the picture's, multiplied out."""
    import torch

    brightness, saturation, contrast = random.uniform(3, 1, 1, 1).unbind(1)
    saturation, contrast = 2 * saturation, contrast + 0.5
    pixel = data.mean(1, keepdim=True)
    whole = pixel.mean((2, 3), keepdim=True)
    offset = contrast * (1 - saturation) * pixel + ((1 - contrast) * whole + (brightness - 0.5))
    return torch.addcmul(offset, data, contrast * saturation)


def shifted(picture: Tensor, share: float, random: ganlab.Random) -> Tensor:
    """Each picture moved by up to `share` of its height and width, in whole pixels."""
    import torch
    from torch.nn.functional import pad

    channels, height, width = picture.shape[1:]
    up, left = round(height * share), round(width * share)
    padded = pad(picture, (left, left, up, up))
    rows = torch.arange(height, device=picture.device) + random.integers(2 * up + 1, 1)
    columns = torch.arange(width, device=picture.device) + random.integers(2 * left + 1, 1)
    places = (rows[:, :, None] * (width + 2 * left) + columns[:, None, :]).flatten(1)
    # No place is read twice, so that the backward pass adds nothing up and stays deterministic on a GPU.
    return padded.flatten(2).gather(2, places[:, None].expand(-1, channels, -1)).view_as(picture)
