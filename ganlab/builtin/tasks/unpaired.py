"""Between two kinds of picture, learnt without pairs: CycleGAN (Zhu et al. 2017, arXiv:1703.10593)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ganlab import (
    Architecture,
    Batch,
    DataError,
    Field,
    Fields,
    GeneratorShapes,
    Given,
    Networks,
    Picture,
    Random,
    RecipeError,
    Sample,
    Task,
    Turn,
    View,
    Views,
    ViewShapes,
)
from ganlab.builtin.tasks.paired import beside

if TYPE_CHECKING:
    from torch.nn import Module

DIRECTIONS = {"a": "b", "b": "a"}
"""What is made, and from what."""


class Unpaired(Task):
    """Two datasets, `a` and `b`; one player holds both generators, one discriminator judges each kind.

    Intermediates: "cycle" and "identity", each {kind: (what came back, what it should be)}, for the terms of that name.
    """

    per_sample = True

    conditions = ("a", "b")
    one_is_enough = True

    def __init__(self, fields: Fields, /) -> None:
        super().__init__(fields)
        if set(fields) != {"a", "b"} or any(isinstance(each, Field) for each in fields.values()):
            raise DataError("task 'unpaired' needs two datasets: [datasets.a] and [datasets.b] instead of dataset")
        self.entry = {kind: next(iter(fields[kind])) for kind in DIRECTIONS}

    def makes(self) -> Mapping[str, Field]:
        return {kind: self.fields[kind][self.entry[kind]] for kind in DIRECTIONS}

    def real(self, batch: Batch) -> Sample:
        return {kind: batch[kind][self.entry[kind]] for kind in DIRECTIONS if kind in batch}

    def answering(self, condition: str) -> str:
        return DIRECTIONS[condition]

    def draw(self, batch: Batch, random: Random) -> Given:
        return dict(self.real(batch))

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return self.makes()

    def generate(self, networks: Networks, given: Given) -> Sample:
        generators: Any = networks["generator"]
        return {kind: generators[kind](given[other]) for kind, other in DIRECTIONS.items() if other in given}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {kind: View(sample[kind]) for kind in DIRECTIONS}

    def view_fields(self, view: str, data: Any, given: Any) -> ViewShapes:
        return ViewShapes(self.makes()[view])

    def build(self, player: str, architecture: Architecture, shapes: GeneratorShapes | ViewShapes) -> Module:
        """The generator's player holds a network for each direction, named after what it makes."""
        if isinstance(shapes, ViewShapes):
            return architecture.discriminator(shapes)
        from torch.nn import ModuleDict

        kinds = self.makes()
        return ModuleDict(
            {
                kind: architecture.generator(GeneratorShapes({"source": kinds[other]}, {kind: kinds[kind]}))
                for kind, other in DIRECTIONS.items()
            }
        )

    def intermediate(self, name: str, turn: Turn) -> Any:
        generators: Any = turn.networks["generator"]
        if name == "cycle":
            return {kind: (generators[kind](turn.fake[other]), turn.real[kind]) for kind, other in DIRECTIONS.items()}
        if name == "identity":
            if len({field.shape for field in self.makes().values()}) > 1:
                raise RecipeError("term 'identity' needs both datasets to have pictures of one shape")
            return {kind: (generators[kind](turn.real[kind]), turn.real[kind]) for kind in DIRECTIONS}
        return super().intermediate(name, turn)

    def picture(self, sample: Sample, given: Given) -> Picture:
        """What was given of `a`, or else of `b`, and what became of it."""
        source = next(iter(given))
        made = sample[DIRECTIONS[source]]
        count = min(len(given[source]), len(made))
        return Picture("image", beside(given[source][:count], made[:count]))
