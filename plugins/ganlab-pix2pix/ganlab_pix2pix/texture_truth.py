"""The reader of `labels-texture`: in how many pixels does the texture say the label that was asked for?"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ganlab import Reading, Truth
from ganlab_pix2pix import textures

SEED = 2**40
"""No dataset draws with it."""


class TextureTruth(Truth):
    """Pictures of `size`. `asked["source"]` are the painted labels; where nobody asked, those that `control` breaks."""

    made_of = "target"
    properties = {"labels": "each pixel lies in the stripes of its label"}
    baselines = ("identity", "shuffled", "mean")

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, data: Tensor, asked: Mapping[str, Tensor] | None = None) -> Reading:
        if not len(data):
            return Reading(float("nan"), {"labels": float("nan")})
        pictures = self._brought(data)
        if asked and "source" in asked:
            wanted = textures.painted(self._brought(asked["source"]))
        else:
            wanted = self._labels(len(data))
        label, strength = textures.seen(pictures)
        return Reading(
            float((label >= 0).double().mean()),
            {"labels": float((label == wanted).double().mean())},
            {"labels/strength": float(strength.double().mean())},
        )

    def control(self, name: str, count: int) -> Tensor:
        """Textures of other labels than those asked for, in every cell."""
        if name not in self.properties:
            raise KeyError(f"there is no property '{name}'; expected 'labels'")
        labels, generator = self._labels(count), torch.Generator().manual_seed(SEED + 1)
        other = torch.randint(1, len(textures.WAVES), labels.shape, generator=generator)
        return textures.draw_textures((labels + other) % len(textures.WAVES), generator)

    def baseline(self, name: str, count: int) -> Tensor:
        """The painted labels themselves, the right textures in another order, or the mean of many."""
        labels, generator = self._labels(count), torch.Generator().manual_seed(SEED + 2)
        if name == "identity":
            return textures.paint(labels)
        if name == "shuffled":
            return textures.draw_textures(labels.roll(1, 0), generator)
        if name == "mean":
            return textures.draw_textures(self._labels(512), generator).mean(0).expand(count, -1, -1, -1).contiguous()
        raise KeyError(f"there is no baseline '{name}'; expected one of {', '.join(self.baselines)}")

    def _labels(self, count: int) -> Tensor:
        generator = torch.Generator().manual_seed(SEED)
        return textures.draw_labels(count, self.size // textures.CELL, generator)

    def _brought(self, data: Tensor) -> Tensor:
        """Any pictures as float32 of this truth's size, on the CPU; what is no number is grey."""
        pictures = data.detach().to("cpu", torch.float32).nan_to_num(0.0, 0.0, 0.0).clamp(-1, 1)
        if pictures.shape[1] != 3:
            pictures = pictures.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        if pictures.shape[2:] != (self.size, self.size):
            size = (self.size, self.size)
            pictures = interpolate(pictures, size, mode="bilinear", align_corners=False, antialias=True)
        return pictures
