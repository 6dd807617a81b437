"""Noise on what the discriminator sees, real and fake alike, so that the two overlap and can never be told for sure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Option

import ganlab
from ganlab.builtin.augmentations.images import Probability, chosen


class InstanceNoise(ganlab.Augmentation):
    """Adds normal noise of standard deviation `deviation`, in units of data that live in [-1, 1], to any tensor.

    Source: Sonderby et al. 2017 (arXiv:1610.04490); Arjovsky & Bottou 2017 (arXiv:1701.04862), section 3.
    """

    per_sample = True

    def __init__(
        self,
        *,
        deviation: Annotated[float, Option(gt=0, allow_inf_nan=False), ganlab.Search(0.01, 0.5, log=True)] = 0.1,
        probability: Probability = 1.0,
    ) -> None:
        self.deviation = deviation
        self.probability = probability

    def augment(self, view: ganlab.View, side: ganlab.Side, random: ganlab.Random) -> ganlab.View:
        if self.probability == 0:
            return view
        import torch

        data = view.data
        if not (isinstance(data, torch.Tensor) and data.is_floating_point()):
            raise ganlab.RecipeError(
                f"augmentation 'instance-noise' adds to tensors of floats, but a view holds a {type(data).__name__}; "
                "name the views it may change in 'views'"
            )
        noisy = data.add(random.normal(*data.shape[1:]), alpha=self.deviation)
        return view.replace(data=chosen(noisy, data, self.probability, random))
