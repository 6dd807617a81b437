"""What every architecture must do."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ganlab.interfaces.architecture import Architecture, GeneratorShapes, ViewShapes
from ganlab.testing.state import leaving_all_as_it_was, same
from ganlab.testing.toys import ToyRandom, as_verdict
from ganlab.values import Field

LATENT = Field("latent", (16,))
PICTURE = Field("image", (3, 32, 32))
LABEL = Field("category", cardinality=5)


class ArchitectureConformance:
    """Subclass it, say how it is made, and for which shapes; leave a tuple empty if it builds no such network."""

    generators: tuple[GeneratorShapes, ...] = (
        GeneratorShapes({"latent": LATENT}, {"image": PICTURE}),
        GeneratorShapes({"latent": LATENT, "label": LABEL}, {"image": PICTURE}),
    )
    discriminators: tuple[ViewShapes, ...] = (ViewShapes(PICTURE), ViewShapes(PICTURE, LABEL))

    def make(self) -> Architecture:
        """The architecture to be tested."""
        raise NotImplementedError("return your architecture from make()")

    def test_a_generator_makes_the_shape_the_dataset_has(self) -> None:
        for shapes in self.generators:
            made = next(iter(shapes.sample.values()))
            for network in (self._generator(shapes), self._generator(shapes).eval()):
                sample = network(*values(shapes.given.values()))
                assert sample.shape == (4, *made.shape), f"made {tuple(sample.shape)}, wanted (4, *{made.shape})"
                assert torch.isfinite(sample).all()

    def test_a_discriminator_answers_row_by_row(self) -> None:
        for shapes in self.discriminators:
            for logits in self._answer(self._discriminator(shapes), shapes):
                assert logits.shape[:1] == (4,), f"logits {tuple(logits.shape)} for 4 rows"
                assert torch.isfinite(logits).all()

    def test_a_discriminator_can_be_followed_back_to_its_data(self) -> None:
        for shapes in self.discriminators:
            data = value(shapes.data).requires_grad_()
            given = None if shapes.given is None else value(shapes.given, seed=1)
            verdict = as_verdict(self._discriminator(shapes)(data, given))
            torch.stack([each.sum() for each in verdict.judgements.values()]).sum().backward()  # type: ignore[no-untyped-call]
            assert data.grad is not None, "no gradient reaches the data"
            assert torch.isfinite(data.grad).all()

    def test_no_parameter_is_idle(self) -> None:
        for shapes in self.generators:
            network = self._generator(shapes)
            network(*values(shapes.given.values())).sum().backward()
            check_busy(network)
        for seen in self.discriminators:
            network = self._discriminator(seen)
            torch.stack([each.sum() for each in self._answer(network, seen)]).sum().backward()  # type: ignore[no-untyped-call]
            check_busy(network)

    def test_the_seed_decides_the_weights(self) -> None:
        for shapes in self.generators:
            assert same(dict(self._generator(shapes).state_dict()), dict(self._generator(shapes).state_dict()))
        for seen in self.discriminators:
            assert same(dict(self._discriminator(seen).state_dict()), dict(self._discriminator(seen).state_dict()))

    def test_building_leaves_the_process_as_it_was(self) -> None:
        with leaving_all_as_it_was():
            for shapes in self.generators:
                self._generator(shapes)
            for seen in self.discriminators:
                self._discriminator(seen)

    def test_sampling_twice_makes_the_same(self) -> None:
        for shapes in self.generators:
            network, given = self._generator(shapes).eval(), values(shapes.given.values())
            assert same(network(*given), network(*given))

    def _generator(self, shapes: GeneratorShapes) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return self.make().generator(shapes)

    def _discriminator(self, shapes: ViewShapes) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return self.make().discriminator(shapes)

    def _answer(self, network: nn.Module, shapes: ViewShapes) -> list[Tensor]:
        given = None if shapes.given is None else value(shapes.given, seed=1)
        return list(as_verdict(network(value(shapes.data), given)).judgements.values())


def value(field: Field, rows: int = 4, seed: int = 0) -> Tensor:
    """Rows of that field: whole numbers below its cardinality, pictures in [-1, 1], else normal numbers."""
    random = ToyRandom(rows, seed)
    if field.cardinality is not None:
        return random.integers(field.cardinality, *field.shape)
    numbers = random.normal(*field.shape)
    return numbers if field.kind in ("latent", "vector", "point") else numbers.tanh()


def values(fields: Iterable[Field]) -> list[Tensor]:
    """One value per field, each drawn from its own seed."""
    return [value(field, seed=seed) for seed, field in enumerate(fields)]


def check_busy(network: nn.Module) -> None:
    """Raise AssertionError if a parameter has no part in the output."""
    idle = [name for name, each in network.named_parameters() if each.requires_grad and each.grad is None]
    assert not idle, f"no part in the output: {', '.join(idle)}"
