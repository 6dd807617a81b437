"""Architectures: how a network is built once the shapes are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ganlab import Architecture, hookimpl
from ganlab.builtin.architectures.dcgan import DCGAN
from ganlab.builtin.architectures.mlp import MLP


@hookimpl
def ganlab_register_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Our own architectures."""
    return {"dcgan": DCGAN, "mlp": MLP}
