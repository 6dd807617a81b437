"""How weights begin.

Part of a system, not a detail: on 16 x 16 digits the DCGAN with PyTorch's own initialisation lost two classes of ten to
a discriminator that won, and kept all ten with N(0, 0.02).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from ganlab.builtin.networks.choices import Initialisation

_WEIGHTED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
_NORMS = (nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm)
_SLOPE = 0.2


def _normal(weight: Tensor) -> None:
    nn.init.normal_(weight, 0.0, 0.02)


def _kaiming(weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight, a=_SLOPE, nonlinearity="leaky_relu")


_FILL: Mapping[str, Callable[[Tensor], object]] = {
    "normal-0.02": _normal,
    "orthogonal": nn.init.orthogonal_,
    "kaiming": _kaiming,
    "xavier": nn.init.xavier_uniform_,
}


def initialise(network: nn.Module, init: Initialisation) -> None:
    """Fill the weights of `network` in place; biases become 0, gains of norms stay 1. Before any spectral norm.

    normal-0.02   N(0, 0.02), and gains of norms N(1, 0.02)          DCGAN, arXiv:1511.06434, section 4; pix2pix
    orthogonal    orthogonal matrices, embeddings of labels too      BigGAN, arXiv:1809.11096, section 3
    kaiming       N(0, 2 / (1.04 fan_in)), for a slope of 0.2        He et al. 2015, arXiv:1502.01852, equation 15
    xavier        uniform, variance 2 / (fan_in + fan_out)           Glorot and Bengio 2010, equation 16; SNGAN's
    default       whatever PyTorch does: nothing is touched
    """
    if init == "default":
        return
    fill = _FILL[init]
    for module in network.modules():
        if isinstance(module, _WEIGHTED):
            fill(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif init == "normal-0.02" and isinstance(module, _NORMS) and module.weight is not None:
            nn.init.normal_(module.weight, 1.0, 0.02)
        elif init in ("orthogonal", "xavier") and isinstance(module, nn.Embedding):
            fill(module.weight)
