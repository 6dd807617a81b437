"""Words a recipe may choose from when it describes a network. Free of torch, so that recipes are checked without it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field as Option

from ganlab import Search

Activation: TypeAlias = Literal["relu", "leaky-relu", "silu", "gelu", "tanh"]
"""Leaky ReLU has slope 0.2 below zero, as in DCGAN."""

Initialisation: TypeAlias = Literal["normal-0.02", "orthogonal", "kaiming", "xavier", "default"]
"""How weights begin; `initialisation.py` says what each does."""

Norm: TypeAlias = Literal["batch", "instance", "layer", "group", "spectral", "none"]
"""Normalisation of activations, or (spectral) of the weights."""

Width: TypeAlias = Annotated[int, Option(ge=1, le=8192), Search(16, 512, log=True)]
"""A number of channels or units."""

LabelSize: TypeAlias = Annotated[int, Option(ge=1, le=4096)]
"""The length of the learnt vector that stands for a label."""
