"""Architectures: how a network is built once the shapes are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ganlab import Architecture, hookimpl
from ganlab.builtin.architectures.dcgan import DCGAN
from ganlab.builtin.architectures.mlp import MLP
from ganlab.builtin.architectures.patch import Patch
from ganlab.builtin.architectures.r3gan import R3GAN
from ganlab.builtin.architectures.resnet import ResNet
from ganlab.builtin.architectures.translator import ResNetTranslator
from ganlab.builtin.architectures.unet import UNet


@hookimpl
def ganlab_register_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Our own architectures."""
    return {
        "dcgan": DCGAN,
        "mlp": MLP,
        "patch": Patch,
        "r3gan": R3GAN,
        "resnet": ResNet,
        "translator": ResNetTranslator,
        "unet": UNet,
    }
