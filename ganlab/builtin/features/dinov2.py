"""DINOv2, a space that agrees better with people than Inception's, with weights that the user has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab
from ganlab.builtin.features.pictures import check_pictures, in_chunks, in_colour
from ganlab.weights import Path, Sha256, read_weights, settle

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 224
CHUNK = 64

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet's colours, as the network was trained."""


class DinoV2(ganlab.Features):
    """The class token of DINOv2 (Oquab et al. 2023, arXiv:2304.07193), 384 to 1536 dimensions by its size; as a space
    for these measurements Stein et al. 2023, arXiv:2306.04675.

    `weights`: a safetensors file of a state dict as published (vits14, vitb14, vitl14, vitg14, with registers or
    without), and `sha256` its hash. The sizes are read from the file. Grey pictures become colour. Numbers carry the
    first eight digits of the hash.
    """

    resize = f"antialiased bicubic to {SIDE} x {SIDE} px"

    def __init__(self, field: ganlab.Field, /, *, weights: Path, sha256: Sha256) -> None:
        check_pictures("dinov2", field, channels=(1, 3))
        tensors = read_weights(weights, sha256)
        from ganlab.builtin.features.transformer import built, sizes_of

        tensors.pop("mask_token", None)
        sizes = sizes_of(weights, tensors)
        self.fingerprint = sha256.lower()
        self.name = f"dinov2-{sizes.width}-{self.fingerprint[:8]}"
        self._network = built(sizes)
        settle(weights, self._network, tensors, "DINOv2")

    def embed(self, data: Tensor) -> Tensor:
        import torch
        from torch.nn.functional import interpolate

        network = self._network.to(data.device)
        mean, deviation = (torch.tensor(each, device=data.device).reshape(3, 1, 1) for each in (MEAN, DEVIATION))

        def embedded(part: Tensor) -> Tensor:
            colour = in_colour(part).add(1).div(2)
            large = interpolate(colour, (SIDE, SIDE), mode="bicubic", antialias=True, align_corners=False)
            points: Tensor = network((large.clamp(0, 1) - mean) / deviation)
            return points

        return in_chunks(embedded, data.float(), CHUNK)
