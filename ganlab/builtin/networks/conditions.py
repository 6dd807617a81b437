"""What a network is given, brought into the form it works on: one vector, or maps beside an image.

A label becomes a learnt vector or a learnt map, a vector is repeated at every pixel, an image stays an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

from ganlab import Field, RecipeError


def classes(field: Field) -> int:
    """How many classes a category has."""
    if field.cardinality is None or field.shape:
        raise RecipeError(
            f"a network needs one label per sample and the number of classes, not a category of shape {field.shape} "
            f"with {field.cardinality or 'no'} classes; set `cardinality` in the dataset's field"
        )
    return field.cardinality


class Vectors(nn.Module):
    """Lays the given fields side by side as one vector (N, `size`): labels embedded, everything else flattened."""

    per_sample = True

    def __init__(self, fields: Sequence[Field], label_size: int) -> None:
        super().__init__()
        labels = [field.kind == "category" for field in fields]
        self.readers = nn.ModuleList(
            nn.Embedding(classes(field), label_size) if label else nn.Flatten()
            for field, label in zip(fields, labels, strict=True)
        )
        self.size = sum(label_size if label else prod(field.shape) for field, label in zip(fields, labels, strict=True))
        self._alone = labels == [False]

    def forward(self, *given: Tensor) -> Tensor:
        if self._alone:  # small perceptrons feel every call
            return given[0].flatten(1)
        parts = [reader(each) for reader, each in zip(self.readers, given, strict=True)]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


class Maps(nn.Module):
    """Lays the given fields side by side as maps (N, `channels`, H, W).

    An image must have the size asked for; a label becomes one learnt map (Mirza and Osindero 2014, arXiv:1411.1784, do
    the same with a hidden layer); any other field is repeated at every pixel.
    """

    def __init__(self, fields: Sequence[Field], height: int, width: int) -> None:
        super().__init__()
        self.readers = nn.ModuleList(_map_reader(field, height, width) for field in fields)
        self.channels = sum(_map_channels(field) for field in fields)

    def forward(self, *given: Tensor) -> Tensor:
        parts = [reader(each) for reader, each in zip(self.readers, given, strict=True)]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


class MapsAndSeed(nn.Module):
    """The given fields as maps (N, `channels`, H, W), and apart from them the seed (N,), None if none is given."""

    def __init__(self, fields: Sequence[Field], height: int, width: int) -> None:
        super().__init__()
        self._seeds = [field.kind == "seed" for field in fields]
        self.maps = Maps([field for field in fields if field.kind != "seed"], height, width)
        self.channels = self.maps.channels

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor | None]:
        shown = (each for each, seed in zip(given, self._seeds, strict=True) if not seed)
        seed = next((each for each, seed in zip(given, self._seeds, strict=True) if seed), None)
        return self.maps(*shown), seed


class LabelMap(nn.Module):
    """One learnt map (N, 1, H, W) per class."""

    def __init__(self, count: int, height: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(count, height * width)
        self.shape = (1, height, width)

    def forward(self, label: Tensor) -> Tensor:
        vector: Tensor = self.embedding(label)
        return vector.reshape(-1, *self.shape)


class Repeated(nn.Module):
    """A vector (N, D) at every pixel: (N, D, H, W)."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.size = (height, width)

    def forward(self, vector: Tensor) -> Tensor:
        return vector.flatten(1)[:, :, None, None].expand(-1, -1, *self.size)


def _map_reader(field: Field, height: int, width: int) -> nn.Module:
    if field.kind == "category":
        return LabelMap(classes(field), height, width)
    if field.kind != "image":
        return Repeated(height, width)
    if field.shape[1:] != (height, width):
        raise RecipeError(
            f"an image condition of shape {field.shape} cannot stand beside maps of {height} x {width}; "
            "give the dataset's images one size"
        )
    return nn.Identity()


def _map_channels(field: Field) -> int:
    return {"category": 1, "image": field.shape[0] if field.shape else 1}.get(field.kind, prod(field.shape))
