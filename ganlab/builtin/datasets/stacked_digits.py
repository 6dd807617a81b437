"""Three digits stacked as colour channels: 1,000 modes that can be counted, from 1,797 real digits.

The stacked-MNIST test of mode collapse (Metz et al. 2017, arXiv:1611.02163, section 3.3.1), with scikit-learn's digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Option

from ganlab import Dataset, Field, Random, Source

if TYPE_CHECKING:
    from torch import Tensor

Count = Annotated[int, Option(ge=1000, le=10_000_000)]


class StackedDigits(Dataset):
    """Fields `image` (3, size, size) and `label`, 0..999: hundreds in the first channel, tens and units in the others.

    All 1,000 numbers are equally frequent: sample i shows the number i modulo 1,000. Which three digits it is made of
    is drawn with `seed`; training samples are made of the training digits of `digits`, held-out ones of its others.
    """

    train: Stacks
    held_out: Stacks

    def __init__(
        self,
        *,
        size: Literal[8, 16, 32] = 16,
        samples: Count = 50_000,
        held_out: Count = 10_000,
        seed: Annotated[int, Option(ge=0, lt=2**31)] = 0,
    ) -> None:
        import torch

        from ganlab.builtin.datasets.digits import HELD_OUT, read_digits
        from ganlab.builtin.datasets.splitting import evenly

        images, labels = read_digits(size)
        sides = evenly(labels, HELD_OUT)
        self.fields = {
            "image": Field("image", (3, size, size)),
            "label": Field("category", cardinality=1000, names=tuple(f"{number:03}" for number in range(1000))),
        }
        generator = torch.Generator().manual_seed(seed)
        self.train = Stacks(images, *draw_stacks(labels, sides[0], samples, generator))
        self.held_out = Stacks(images, *draw_stacks(labels, sides[1], held_out, generator))

    def fingerprint(self) -> str:
        from ganlab.builtin.datasets.resident import fingerprint

        return fingerprint(self.train.tensors, self.held_out.tensors)


class Stacks(Source):
    """Keeps each digit once (M, 1, S, S) and of each sample only which three (samples, 3) it is made of."""

    resident = True

    def __init__(self, digits: Tensor, stacks: Tensor, labels: Tensor) -> None:
        self.tensors = {"digits": digits, "stacks": stacks, "label": labels}

    def __len__(self) -> int:
        return len(self.tensors["stacks"])

    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        digits, stacks, labels = self.tensors.values()
        chosen = stacks.index_select(0, indices).flatten()
        images = digits.index_select(0, chosen).view(-1, 3, *digits.shape[2:])
        return {"image": images, "label": labels.index_select(0, indices)}

    def to(self, device: Any) -> Stacks:
        return Stacks(*(tensor.to(device) for tensor in self.tensors.values()))

    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors.values())


def draw_stacks(labels: Tensor, members: Tensor, count: int, generator: Any) -> tuple[Tensor, Tensor]:
    """Which three of `members` (indices into `labels`) each sample is made of, (count, 3), and its number (count,)."""
    import torch

    numbers = torch.arange(count) % 1000
    wanted = torch.stack([numbers // 100, numbers // 10 % 10, numbers % 10], dim=1)
    stacks = torch.empty_like(wanted)
    for digit in range(10):
        of_this = members[labels[members] == digit]
        places = wanted == digit
        stacks[places] = of_this[torch.randint(len(of_this), (int(places.sum()),), generator=generator)]
    return stacks, numbers
