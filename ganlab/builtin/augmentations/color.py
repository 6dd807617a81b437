"""Brightness, contrast, luma flip, hue and saturation of pictures, multiplied out into one pass.

All five act on a pixel's mean over the channels and on its distance from it, so that they need no 4 x 4 matrix: hue
turns that distance about the grey axis, saturation scales it, the others do to it what they do to the mean.
"""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ganlab import Random

BRIGHTNESS = 0.2
"""Standard deviation of what is added to every channel."""

CONTRAST, SATURATION = 0.5, 1.0
"""Standard deviation of a factor, in powers of two."""


def recolored(data: Tensor, probability: float, random: Random) -> Tensor:
    """Images (M, C, H, W), each changed in each of the five ways with this probability; hue where C is 3.

    Source: Karras et al. 2020 (arXiv:2006.06676), appendix B.
    """
    acts = random.uniform(5, 1, 1, 1) < probability
    brightness, contrast, saturation = (random.normal(3, 1, 1, 1) * acts[:, :3]).unbind(1)
    flips = acts[:, 3] & (random.integers(2, 1, 1, 1) == 1)
    hue = random.uniform(1, 1, 1, low=-pi, high=pi) * acts[:, 4]
    contrast = 2 ** (CONTRAST * contrast)
    luma = contrast * (1.0 - 2.0 * flips)
    chroma = contrast * 2 ** (SATURATION * saturation)
    colored = data.shape[1] == 3
    along = chroma * hue.cos() if colored else chroma
    gray = data.mean(1, keepdim=True)
    changed = (luma - along) * gray + luma * (BRIGHTNESS * brightness) + along * data
    if colored:
        # The cross product of the grey axis with the colour.
        changed = changed + (chroma * hue.sin() / 3**0.5) * (data.roll(1, 1) - data.roll(-1, 1))
    return changed
