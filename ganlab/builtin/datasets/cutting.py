"""How one file becomes pictures of a sample: whole, as two halves side by side, or as one side of a pair."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from ganlab.builtin.datasets.decoding import Decoding, Shape
from ganlab.builtin.datasets.opening import Facts
from ganlab.builtin.datasets.problems import Unusable


class Cut(ABC):
    """From a picture in mode L, LA, RGB or RGBA to uint8 (C, H, W), one or more. Called from several threads."""

    @abstractmethod
    def shapes(self, name: str, facts: Facts) -> tuple[Shape, ...]:
        """What `pictures` will give, from the facts alone. Raises `Unusable`."""

    @abstractmethod
    def pictures(self, name: str, image: Image.Image) -> tuple[Tensor, ...]:
        """The pictures in the file of that name."""


@dataclass(frozen=True)
class Whole(Cut):
    """One file, one picture."""

    decoding: Decoding

    def shapes(self, name: str, facts: Facts) -> tuple[Shape, ...]:
        return (self.decoding.shape(facts),)

    def pictures(self, name: str, image: Image.Image) -> tuple[Tensor, ...]:
        return (self.decoding.levels(self.decoding.convert(image)),)


@dataclass(frozen=True)
class Halves(Cut):
    """The left half as `a` says, the right half as `b` says."""

    a: Decoding
    b: Decoding

    def shapes(self, name: str, facts: Facts) -> tuple[Shape, ...]:
        if facts.width % 2:
            raise Unusable("of odd width, which are not two pictures side by side")
        half = Facts(facts.height, facts.width // 2, facts.channels)
        return self.a.shape(half), self.b.shape(half)

    def pictures(self, name: str, image: Image.Image) -> tuple[Tensor, ...]:
        half = image.width // 2
        left, right = image.crop((0, 0, half, image.height)), image.crop((half, 0, 2 * half, image.height))
        return self.a.levels(self.a.convert(left)), self.b.levels(self.b.convert(right))


@dataclass(frozen=True)
class Sides(Cut):
    """Files below the folder A as `a` says, others as `b` says."""

    a: Decoding
    b: Decoding

    def shapes(self, name: str, facts: Facts) -> tuple[Shape, ...]:
        return (self._of(name).shape(facts),)

    def pictures(self, name: str, image: Image.Image) -> tuple[Tensor, ...]:
        decoding = self._of(name)
        return (decoding.levels(decoding.convert(image)),)

    def _of(self, name: str) -> Decoding:
        return self.a if name.startswith("A/") else self.b
