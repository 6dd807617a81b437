"""What is generated from what, and what each discriminator sees: the only thing in which GANs differ.

Three instances: `unconditional` makes an image from a latent for one discriminator; `paired` makes a picture from its
source and shows both to one discriminator; `unpaired` turns two kinds of picture into each other for two.

The easy case is three short methods: `draw`, `generate`, `views`. The others have defaults that fit it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ganlab.interfaces.architecture import Architecture, GeneratorShapes, ViewShapes
from ganlab.interfaces.component import Component
from ganlab.interfaces.random import Random
from ganlab.values import Batch, Field, Fields, Given, Networks, Picture, Sample, Views

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from ganlab.interfaces.turn import Turn


class Task(Component, ABC):
    """One adversarial task. ganlab hands in `fields`, what the dataset's samples are made of."""

    needs: Mapping[str, str] = {}
    """Kinds of the batch fields the task cannot do without, by field name: {"label": "category"}."""

    conditions: tuple[str, ...] = ()
    """Batch fields that `draw` reads and that a user may give instead of real ones: ("label",)."""

    derives: tuple[str, ...] = ()
    """Conditions that no dataset needs to have, because `draw` makes them of other batch fields where the batch holds
    none: a picture made small. The task adds their fields to `fields` itself."""

    one_is_enough: bool = False
    """True if `draw` is content with any one of the `conditions`: a picture of either kind, to be turned into the
    other."""

    def __init__(self, fields: Fields, /) -> None:
        self.fields = fields

    @abstractmethod
    def draw(self, batch: Batch, random: Random) -> Given:
        """What the generator is given: conditions from the batch, latents from `random`. All the randomness is here,
        dropout masks and the choice of frames or regions too. Outside training `batch` holds only `conditions`."""

    @abstractmethod
    def generate(self, networks: Networks, given: Given) -> Sample:
        """The sample, named tensors (N, ...); a function of `given` and the weights alone."""

    @abstractmethod
    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        """What each discriminator is shown of `sample`, real and fake alike, by view name."""

    def real(self, batch: Batch) -> Sample:
        """The batch in the form of a sample; the batch itself by default."""
        return batch

    def mismatched(self, networks: Networks, sample: Sample, given: Given) -> Views:
        """Real data beside the wrong condition, for the views that have one; none by default.

        Asked only when the batch has more than one row. Rows whose wrong condition equals the right one are left out:
        take them from `differing(condition)` and say in `View.rows` which are left.
        """
        return {}

    def intermediate(self, name: str, turn: Turn) -> Any:
        """Compute the named intermediate that terms ask for by `turn.intermediate(name)`: once per turn, on demand."""
        raise LookupError(f"the task has no intermediate named '{name}'")

    def makes(self) -> Mapping[str, Field]:
        """The fields the generator makes; by default the first field of the dataset."""
        name = next(iter(self.fields))
        return {name: self.fields[name]}

    def answering(self, condition: str) -> str:
        """Which of the fields it makes a user is shown who gives `condition`; the first by default."""
        return next(iter(self.makes()))

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        """Fields of what the generator is given. By default a batch field keeps its own and a drawn tensor is a
        "latent" of its shape."""
        return {
            name: self.fields[name]
            if isinstance(self.fields.get(name), Field)
            else Field("latent", tuple(value.shape[1:]))
            for name, value in given.items()
            if hasattr(value, "shape")
        }

    def view_fields(self, view: str, data: Any, given: Any) -> ViewShapes:
        """Fields of one view: by default the sample's kind with the shape seen, and the condition's own field."""
        kinds = {name: each for name, each in {**self.fields, **self.makes()}.items() if isinstance(each, Field)}
        seen = kinds.get(view) or next(iter(self.makes().values()))
        beside = None
        if given is not None:
            shape = tuple(given.shape[1:])
            beside = next((kinds[c] for c in self.conditions if kinds[c].shape == shape), Field("vector", shape))
        return ViewShapes(Field(seen.kind, tuple(data.shape[1:])), beside)

    def players(self) -> tuple[str, ...]:
        """Players besides the judges of the views; `generator` alone by default."""
        return ("generator",)

    def build(self, player: str, architecture: Architecture, shapes: GeneratorShapes | ViewShapes) -> Module:
        """The player's network. By default one network; a player may hold several, in a ModuleDict."""
        if isinstance(shapes, ViewShapes):
            return architecture.discriminator(shapes)
        return architecture.generator(shapes)

    def picture(self, sample: Sample, given: Given) -> Picture:
        """What a person looks at; by default the first field the generator makes."""
        name, made = next(iter(self.makes().items()))
        return Picture(made.kind, sample[name])

    @staticmethod
    def differing(condition: Tensor) -> tuple[Tensor, Tensor]:
        """Rows (M,) for which another row's condition differs from their own, and the row it is taken from (M,)."""
        count = condition.shape[0]
        shifted = condition.roll(1, 0)
        rows = (condition != shifted).reshape(count, -1).any(1).nonzero().flatten()
        return rows, (rows - 1) % count
