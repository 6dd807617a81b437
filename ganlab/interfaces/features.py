"""A space in which distances between samples mean something.

Three instances: the data themselves, laid flat; a fixed random convolution network; Inception-v3 with weights the user
has. Every number that was measured in such a space carries its name, `fid@inception-v3`: two spaces give two numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeAlias

from ganlab.interfaces.component import Component

if TYPE_CHECKING:
    from torch import Tensor

FeatureChoice: TypeAlias = str | dict[str, Any]
"""How a diagnostic's option names a feature network: "flatten", or a table with its options, {name = "inception-v3",
weights = "...", sha256 = "..."}."""


class Features(Component, ABC):
    """A feature network. ganlab hands in the `Field` of what it is to embed, and its weights never change.

    Raises `RecipeError` when it is made for a field that it cannot embed.
    """

    name: str
    """What numbers that are measured in it carry after the '@': its name and, where it may ever change, its version."""

    fingerprint: str | None = None
    """A hash of its weights, and of whatever else decides its points beside its name. With one, its points of real
    samples may be kept on disk from run to run."""

    resize: str = "none"
    """How it brings data to a size of its own, in words: part of the record of how a number was measured."""

    classes: int | None = None
    """How many classes its `probabilities` tell apart; None if it is no classifier."""

    @abstractmethod
    def embed(self, data: Tensor) -> Tensor:
        """Points (N, D), float32, of `data` (N, ...), images in [-1, 1]; on the device `data` lie on."""

    def embed_real(self, data: Tensor) -> Tensor:
        """The same for real samples, which will be asked for again: ganlab puts the disk in between here."""
        return self.embed(data)

    def probabilities(self, data: Tensor) -> Tensor:
        """P(class | sample), (N, `classes`), of a network that classifies."""
        raise LookupError(f"the feature network '{self.name}' is no classifier")
