"""What every adversarial loss must do."""

from __future__ import annotations

import torch
from torch import Tensor

from ganlab.interfaces.loss import Loss
from ganlab.testing.state import leaving_all_as_it_was
from ganlab.testing.toys import ToyRandom


class LossConformance:
    """Subclass it and say how the loss is made. High logit = real."""

    shapes: tuple[tuple[int, ...], ...] = ((), (1, 3, 2))
    """Shapes of one row of logits: a number, and a map as a patch discriminator answers."""

    def make(self) -> Loss:
        """The loss to be tested."""
        raise NotImplementedError("return your loss from make()")

    def costs(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The discriminator's two costs and the generator's, asked as the engine asks."""
        loss = self.make()
        of_real, of_fake = loss.discriminator(real, fake)
        return of_real, of_fake, loss.generator(fake, real) if loss.compares else loss.generator(fake)

    def logits(
        self, shape: tuple[int, ...], size: float = 0.3, rows: int = 6, mistaken: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """Real and fake logits around 0; `mistaken` lowers the real and raises the fake ones."""
        random = ToyRandom(rows)
        return size * random.normal(*shape) - mistaken, size * random.normal(*shape) + mistaken

    def test_costs_keep_the_shape_of_the_logits_or_are_scalars(self) -> None:
        for shape in self.shapes:
            real, fake = self.logits(shape)
            for cost in self.costs(real, fake):
                assert cost.shape in ((), real.shape), f"logits {tuple(real.shape)} cost {tuple(cost.shape)}"

    def test_costs_and_gradients_are_finite_however_sure_the_discriminator_is(self) -> None:
        for shape in self.shapes:
            for size in (0.0, 0.3, 100.0):
                real, fake = (each.requires_grad_() for each in self.logits(shape, size))
                total = torch.stack([cost.mean() for cost in self.costs(real, fake)]).sum()
                total.backward()  # type: ignore[no-untyped-call]
                assert torch.isfinite(total), f"the cost of logits of size {size} is {total.item()}"
                for name, logits in (("real", real), ("fake", fake)):
                    finite = logits.grad is None or bool(torch.isfinite(logits.grad).all())
                    assert finite, f"the gradient at {name} logits of size {size} is not finite"

    def test_the_generator_pays_less_when_its_fakes_look_more_real(self) -> None:
        for shape in self.shapes:
            real, fake = self.logits(shape)
            before, after = self.costs(real, fake)[2].mean(), self.costs(real, fake + 0.1)[2].mean()
            assert after < before, "the generator's cost must fall when the logits of fakes rise: high logit = real"

    def test_the_discriminator_pays_less_when_real_data_look_more_real(self) -> None:
        for shape in self.shapes:
            real, fake = self.logits(shape, 0.1, mistaken=0.5)
            before, after = self._discriminators(real, fake), self._discriminators(real + 0.1, fake)
            assert after < before, "the discriminator's cost must fall when the logits of real data rise"

    def test_the_discriminator_pays_less_when_fakes_look_less_real(self) -> None:
        for shape in self.shapes:
            real, fake = self.logits(shape, 0.1, mistaken=0.5)
            before, after = self._discriminators(real, fake), self._discriminators(real, fake - 0.1)
            assert after < before, "the discriminator's cost must fall when the logits of fakes fall"

    def test_it_leaves_the_process_as_it_was(self) -> None:
        with leaving_all_as_it_was():
            self.costs(*self.logits(self.shapes[0]))

    def test_sides_may_differ_in_rows(self) -> None:
        for shape in self.shapes:
            for rows in ((6, 4), (4, 6)):
                real, fake = self.logits(shape)
                for cost in self.costs(real[: rows[0]], fake[: rows[1]]):
                    assert torch.isfinite(cost).all(), f"{rows[0]} real and {rows[1]} fake rows cost {cost}"

    def test_a_view_without_rows_costs_nothing(self) -> None:
        for shape in self.shapes:
            for cost in self.costs(*self.logits(shape, rows=0)):
                paid = cost.mean() if cost.numel() else cost.sum()
                assert torch.isfinite(paid), "no rows cost NaN; sum over the rows, or keep the shape of the logits"

    def test_it_treats_each_sample_alone_if_it_promises_to(self) -> None:
        for shape in self.shapes if self.make().per_sample else ():
            real, fake = self.logits(shape)
            halves = zip(self.costs(real[:3], fake[:3]), self.costs(real[3:], fake[3:]), strict=True)
            for whole, (first, second) in zip(self.costs(real, fake), halves, strict=True):
                assert whole.shape == real.shape, "per_sample promises a cost for each sample"
                alone = torch.cat([first, second])
                assert torch.allclose(whole, alone), "per_sample is promised, but costs depend on other samples"

    def _discriminators(self, real: Tensor, fake: Tensor) -> Tensor:
        of_real, of_fake, _ = self.costs(real, fake)
        return of_real.mean() + of_fake.mean()
