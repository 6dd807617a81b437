"""What every feature network must do.

A whole plugin, in ten lines:

    import ganlab

    class Means(ganlab.Features):
        name = "channel-means-v1"

        def __init__(self, field, /):
            pass

        def embed(self, data):
            return data.flatten(2).mean(2)

    @ganlab.hookimpl
    def ganlab_register_features():
        return {"channel-means": Means}

After that, every measurement of the distance between samples can be taken in it:
'ganlab run digits --set watch.diagnostics.coverage.features=channel-means'.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ganlab.interfaces.features import Features
from ganlab.testing.state import leaving_all_as_it_was, same
from ganlab.testing.toys import ToyRandom
from ganlab.values import Field

ROWS = 7

CLOSE = 1e-4
"""How far the points of a sample may be from where they are in other company, against the size of all: rounding."""


class FeaturesConformance:
    """Subclass it and say how the feature network is made for `field`; give another one if it embeds something else."""

    field: Field = Field("image", (3, 16, 16))

    def make(self) -> Features:
        """The network to be tested, for `self.field`."""
        raise NotImplementedError("return your feature network, made for self.field, from make()")

    def data(self) -> Tensor:
        """Samples of the field; by default, numbers in [-1, 1]."""
        return ToyRandom(ROWS).uniform(*self.field.shape, low=-1.0)

    def test_its_name_can_stand_in_a_measurements_name(self) -> None:
        name = self.make().name
        assert name, "the network has no name"
        assert not set(name) & set("@ \t\n"), f"'{name}' would be a part of 'coverage@{name}'; leave out '@' and blanks"

    def test_a_sample_is_a_point(self) -> None:
        points = self.points(self.data())
        assert points.dim() == 2, f"points are {tuple(points.shape)}, expected (N, D)"
        assert len(points) == ROWS
        assert points.dtype == torch.float32, f"points are {points.dtype}; return points.float()"
        assert torch.isfinite(points).all(), "a point is not finite"
        assert not points.requires_grad, "its weights ask for gradients; call requires_grad_(False) when it is made"

    def test_different_samples_are_different_points(self) -> None:
        points = self.points(self.data())
        assert torch.pdist(points).min() > 0, "two different samples are one point"

    def test_a_sample_is_the_same_point_in_any_company(self) -> None:
        data = self.data()
        whole = self.points(data)
        for rows in (slice(0, 1), slice(2, 5)):
            apart = (self.points(data[rows]) - whole[rows]).abs().max()
            assert apart <= CLOSE * whole.abs().max(), "a point depends on the others; call eval() when it is made"

    def test_made_again_it_is_the_same_whatever_was_drawn_before(self) -> None:
        network, data = self.make(), self.data()
        first = network.embed(data)
        torch.manual_seed(1)
        assert same(network.embed(data), first), "asked twice, it answers differently"
        assert same(self.points(data), first), "made again, it is another network; seed a generator of its own"
        assert network.name == self.make().name
        assert network.fingerprint == self.make().fingerprint

    def test_it_leaves_the_samples_and_the_process_as_they_were(self) -> None:
        data = self.data()
        before = data.clone()
        network = self.make()
        draws = torch.random.get_rng_state()
        with leaving_all_as_it_was():
            network.embed(data)
            drawn = torch.random.get_rng_state()
        assert same(data, before), "it wrote on the samples; work on a copy"
        assert same(drawn, draws), "it drew from torch's global generator"

    def test_a_classifier_gives_probabilities_and_no_other_does(self) -> None:
        network, data = self.make(), self.data()
        if network.classes is None:
            try:
                network.probabilities(data)
            except LookupError:
                return
            raise AssertionError("it gives probabilities; say in `classes` of how many")
        shares = network.probabilities(data)
        assert tuple(shares.shape) == (ROWS, network.classes)
        assert float(shares.detach().min()) >= 0
        assert float((shares.detach().sum(1) - 1).abs().max()) < CLOSE, "the probabilities of a sample do not sum to 1"

    def points(self, data: Tensor) -> Tensor:
        """The points of a network made for this."""
        return self.make().embed(data)
