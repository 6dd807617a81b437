"""What every augmentation must do."""

from __future__ import annotations

from typing import Any, get_args

import torch

from ganlab.interfaces.augmentation import Augmentation
from ganlab.testing.state import check_taken_back, leaving_all_as_it_was, same
from ganlab.testing.toys import ToyRandom
from ganlab.values import Side, View

SIDES: tuple[Side, ...] = get_args(Side)


class AugmentationConformance:
    """Subclass it, say how the augmentation is made, acting always, and which data it is meant for."""

    shape: tuple[int, ...] = (3, 16, 16)
    differentiable: bool = True
    """False for one that replaces data, such as a pool of past fakes."""

    def make(self) -> Augmentation:
        """The augmentation to be tested, with a probability above 0."""
        raise NotImplementedError("return your augmentation from make()")

    def view(self) -> View:
        """What is to be changed: four rows in [-1, 1]."""
        return View(ToyRandom(4, 9).normal(*self.shape).tanh())

    def test_it_keeps_shape_and_type(self) -> None:
        for side in SIDES:
            view = self.view()
            changed = self.make().augment(view, side, ToyRandom(4))
            assert changed.data.shape == view.data.shape
            assert changed.data.dtype == view.data.dtype
            assert torch.isfinite(changed.data).all()

    def test_it_does_something(self) -> None:
        augmentation, view = self.make(), self.view()
        answers = [
            augmentation.augment(view.replace(data=view.data.roll(seed, 0)), side, ToyRandom(4, seed)).data
            for side in SIDES
            for seed in range(8)
        ]
        inputs = [view.data.roll(seed, 0) for _ in SIDES for seed in range(8)]
        assert not all(same(left, right) for left, right in zip(answers, inputs, strict=True))

    def test_it_does_nothing_at_probability_zero(self) -> None:
        augmentation, view = self.make(), self.view()
        augmentation.probability = 0.0
        assert torch.allclose(augmentation.augment(view, "fake", ToyRandom(4)).data, view.data, atol=1e-6)

    def test_all_its_randomness_comes_from_the_draws(self) -> None:
        def answer() -> Any:
            return self.make().augment(self.view(), "fake", ToyRandom(4, 2)).data

        torch.manual_seed(0)
        first = answer()
        torch.manual_seed(1)
        assert same(answer(), first)

    def test_what_it_is_given_stays_as_it_was(self) -> None:
        view = self.view()
        before = view.data.clone()
        self.make().augment(view, "fake", ToyRandom(4))
        assert same(view.data, before), "the data were changed in place"

    def test_it_leaves_the_process_as_it_was(self) -> None:
        view = self.view()
        with leaving_all_as_it_was():
            self.make().augment(view, "fake", ToyRandom(4))

    def test_the_generator_learns_through_it(self) -> None:
        if not self.differentiable:
            return
        view = self.view()
        view.data.requires_grad_()
        self.make().augment(view, "fake", ToyRandom(4)).data.square().sum().backward()
        assert view.data.grad is not None
        assert torch.isfinite(view.data.grad).all()
        assert view.data.grad.abs().sum() > 0

    def test_no_rows_are_fine(self) -> None:
        view = View(torch.zeros(0, *self.shape))
        assert self.make().augment(view, "fake", ToyRandom(0)).data.shape == (0, *self.shape)

    def test_its_state_survives_a_restart(self) -> None:
        worn = self.make()
        worn.augment(self.view(), "fake", ToyRandom(4))
        check_taken_back(worn, self.make())
