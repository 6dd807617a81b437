"""`dcgan`: strided convolutions, the first architecture that trained reliably on pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ganlab import Architecture, GeneratorShapes, ViewShapes
from ganlab.builtin.architectures.sizes import doublings, made, vectors
from ganlab.builtin.networks.choices import Initialisation, LabelSize, Norm, Width

if TYPE_CHECKING:
    from torch.nn import Module


class DCGAN(Architecture):
    """Radford et al. 2016, arXiv:1511.06434, with the layers of the PyTorch example (no biases beside norms).

    `width` is the number of channels next to the image; it doubles with every halving, up to `widest`. Sides are
    4 to 7 pixels doubled any number of times. A label enters the generator as a vector of `label_size` beside the
    latent, and the discriminator as a learnt map beside the image; with `label_reading = "logit-per-class"` it has
    instead a logit for each class and takes the label's (Mescheder et al. 2018, arXiv:1801.04406, appendix G). An image
    condition stands beside the image.
    `features` makes the discriminator tell what each layer saw, for feature matching.
    """

    def __init__(
        self,
        *,
        width: Width = 64,
        widest: Width = 1024,
        kernel: Literal[4, 5] = 4,
        norm: Norm = "batch",
        upsampling: Literal["transposed", "nearest"] = "transposed",
        minibatch_deviation: bool = False,
        features: bool = False,
        label_size: LabelSize = 32,
        label_reading: Literal["map", "logit-per-class"] = "map",
        init: Initialisation = "normal-0.02",
    ) -> None:
        self._width = width
        self._widest = widest
        self._kernel = kernel
        self._norm = norm
        self._nearest = upsampling == "nearest"
        self._minibatch_deviation = minibatch_deviation
        self._features = features
        self._label_size = label_size
        self._logit_per_class = label_reading == "logit-per-class"
        self._init = init

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(latent, label=None)` -> image (N, C, H, W) in [-1, 1]."""
        from ganlab.builtin.networks.dcgan import DCGANGenerator

        image = made(shapes, "dcgan")
        plan = doublings(image, "dcgan")
        return self._finished(
            DCGANGenerator(
                vectors(shapes, "dcgan"),
                image.shape[0],
                plan.smallest,
                plan.widths(self._width, self._widest),
                kernel=self._kernel,
                norm=self._norm,
                nearest=self._nearest,
                label_size=self._label_size,
            )
        )

    def discriminator(self, shapes: ViewShapes) -> Module:
        """`forward(data, given=None)` -> logits (N,), or a `Verdict` with its features."""
        from ganlab.builtin.networks.dcgan import DCGANDiscriminator

        plan = doublings(shapes.data, "dcgan")
        return self._finished(
            DCGANDiscriminator(
                shapes.data,
                shapes.given,
                plan.smallest,
                plan.widths(self._width, self._widest),
                kernel=self._kernel,
                norm=self._norm,
                minibatch_deviation=self._minibatch_deviation,
                features=self._features,
                logit_per_class=self._logit_per_class,
            )
        )

    def _finished(self, network: Module) -> Module:
        from ganlab.builtin.networks.initialisation import initialise
        from ganlab.builtin.networks.normalisation import divide_by_spectral_norm

        initialise(network, self._init)
        if self._norm == "spectral":
            divide_by_spectral_norm(network)
        return network
