"""Nonlinearities by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from ganlab.builtin.networks.choices import Activation

_ACTIVATIONS: Mapping[Activation, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky-relu": lambda: nn.LeakyReLU(0.2, inplace=True),
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
}


def activation(name: Activation) -> nn.Module:
    """The layer, of any shape in and the same shape out; may overwrite what it is given."""
    return _ACTIVATIONS[name]()
