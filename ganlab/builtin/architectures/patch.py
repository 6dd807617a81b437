"""`patch`: the PatchGAN discriminator of pix2pix and CycleGAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Architecture, RecipeError, ViewShapes
from ganlab.builtin.architectures.sizes import image_shape
from ganlab.builtin.networks.choices import Initialisation, Norm, Width

if TYPE_CHECKING:
    from torch.nn import Module


class Patch(Architecture):
    """Isola et al. 2017, arXiv:1611.07004, appendix 6.1.2: one logit per patch.

    `layers` halvings give patches of 16, 34, 70, 142 and 286 pixels; 3, the default, is the paper's. `width` doubles
    with every layer, three times at most. `features` makes it tell what each layer saw, for feature matching.
    """

    def __init__(
        self,
        *,
        width: Width = 64,
        layers: Annotated[int, Option(ge=1, le=5)] = 3,
        norm: Norm = "batch",
        features: bool = False,
        init: Initialisation = "normal-0.02",
    ) -> None:
        self._width = width
        self._layers = layers
        self._norm: Norm = norm
        self._features = features
        self._init = init

    def discriminator(self, shapes: ViewShapes) -> Module:
        """`forward(data, given=None)` -> logits (N, 1, h, w), or a `Verdict` with its features."""
        from ganlab.builtin.networks.initialisation import initialise
        from ganlab.builtin.networks.normalisation import divide_by_spectral_norm
        from ganlab.builtin.networks.patch import PatchDiscriminator

        _, height, width = image_shape(shapes.data, "patch")
        possible = (min(height, width) // 3).bit_length() - 1  # the two layers that follow take one pixel each
        if self._layers > possible:
            raise RecipeError(
                f"'patch' with layers = {self._layers} leaves nothing of {height} x {width}; "
                + (f"set layers = {possible} or less" if possible > 0 else "images must be 6 pixels at least")
            )
        network = PatchDiscriminator(
            shapes.data,
            shapes.given,
            [self._width << min(level, 3) for level in range(self._layers + 1)],
            norm=self._norm,
            features=self._features,
        )
        initialise(network, self._init)
        if self._norm == "spectral":
            divide_by_spectral_norm(network)
        return network
