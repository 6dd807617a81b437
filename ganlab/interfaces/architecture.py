"""How a network is built once the shapes are known.

Three instances: `dcgan` builds a generator from a latent and a discriminator of an image, `patch` judges a picture
beside its source in overlapping patches, a plugin's GRU builds a generator of clips and no discriminator at all.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganlab.errors import RecipeError
from ganlab.interfaces.component import Component
from ganlab.values import Field

if TYPE_CHECKING:
    from torch.nn import Module


@dataclass(frozen=True)
class GeneratorShapes:
    """`given`: the fields the generator is given, in the order it is called with. `sample`: the fields it makes."""

    given: Mapping[str, Field]
    sample: Mapping[str, Field]


@dataclass(frozen=True)
class ViewShapes:
    """`data`: what the discriminator is shown. `given`: the condition beside it, or None. Each a field."""

    data: Field
    given: Field | None = None


class Architecture(Component, ABC):
    """Builds networks. Options set width, depth and norm; never shapes, which are derived from the dataset.

    A generator that takes pictures of other sizes than it was built for, as long as both sides are multiples of a
    number, says so in an attribute `multiple` of its module (1 if it has none): `ganlab sample --given` pads to that.
    """

    def generator(self, shapes: GeneratorShapes) -> Module:
        """A module called with the given fields in order: from a latent, `forward(latent, label=None)`."""
        raise RecipeError(f"architecture '{type(self).__name__}' builds no generator; choose another for this player")

    def discriminator(self, shapes: ViewShapes) -> Module:
        """A module called `forward(data, given=None)` that returns logits (M, ...) or a `Verdict`."""
        raise RecipeError(
            f"architecture '{type(self).__name__}' builds no discriminator; choose another for this player"
        )
