"""Moves, recolours and spoils what the discriminator sees, each change only now and then.

As long as every change is left out often enough, the generator can tell the data from the changes and learns none of
them. How often is the whole art: an intervention may raise the probability while the discriminator overfits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ganlab
from ganlab.builtin.augmentations.color import recolored
from ganlab.builtin.augmentations.images import Probability, image, moving_condition, rectangle
from ganlab.builtin.augmentations.motion import Map

if TYPE_CHECKING:
    from torch import Tensor

Part = Literal["pixels", "geometry", "color", "noise", "cutout"]

NOISE = 0.1
"""Standard deviation of the noise's standard deviation."""


class Ada(ganlab.Augmentation):
    """Every change of every part acts on a sample with `probability`, on its own.

    `pixels`: flip, quarter turns, shift by whole pixels. `geometry`: scale, turn, stretch, shift. `color`: brightness,
    contrast, luma flip, hue, saturation. `noise`: normal, of a random strength. `cutout`: half of each side set to 0.
    The paper uses the first three. A condition that is a picture of the data's size is moved and cut with it, and keeps
    its colours. Pictures are resampled once, bilinearly, where the paper filters at twice the resolution; its band-pass
    filters are left out.
    Source: Karras et al. 2020 (arXiv:2006.06676), appendix B.
    """

    per_sample = True

    def __init__(
        self, *, probability: Probability = 0.2, parts: tuple[Part, ...] = ("pixels", "geometry", "color")
    ) -> None:
        self.probability = probability
        self.parts = parts

    def augment(self, view: ganlab.View, side: ganlab.Side, random: ganlab.Random) -> ganlab.View:
        if self.probability == 0:
            return view
        data, condition = image(view, "ada"), moving_condition(view)
        if "pixels" in self.parts or "geometry" in self.parts:
            motion = self._motion(data, random)
            data = motion.look_up(data)
            if condition is not None:
                # Classes have no value in between.
                mode = "bilinear" if condition.is_floating_point() else "nearest"
                condition = motion.look_up(condition, mode=mode)
        if "color" in self.parts:
            data = recolored(data, self.probability, random)
        if "noise" in self.parts:
            strength = NOISE * random.normal(1, 1, 1).abs() * self._acts(random)
            data = data + strength * random.normal(*data.shape[1:])
        if "cutout" in self.parts:
            hidden = rectangle(data, 0.5, random) & self._acts(random)
            data = data.masked_fill(hidden, 0.0)
            condition = None if condition is None else condition.masked_fill(hidden, 0)
        return view.replace(data=data, given=view.given if condition is None else condition)

    def _motion(self, data: Tensor, random: ganlab.Random) -> Map:
        motion = Map(data, random)
        if "pixels" in self.parts:
            motion.move_pixels(self.probability)
        if "geometry" in self.parts:
            motion.move_freely(self.probability)
        return motion

    def _acts(self, random: ganlab.Random) -> Tensor:
        return random.uniform(1, 1, 1) < self.probability
