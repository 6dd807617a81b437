"""Datasets that are drawn by a rule from a seed, so that what is right about a sample is known.

Training and held-out samples come from one stream of random numbers, and none of the second is one of the first.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Dataset, Field, Truth

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganlab.builtin.datasets.resident import InMemory
    from ganlab.builtin.truths.drawn import DrawnTruth

Size = Annotated[int, Option(ge=16, le=128)]
Count = Annotated[int, Option(ge=1, le=10_000_000)]
Seed = Annotated[int, Option(ge=0, lt=2**31)]

DRAWN_AT_ONCE = 1024


class Drawn(Dataset):
    """Field `image`, kept as bytes, and with `kinds` the field `label`: which of so many kinds a sample is of."""

    truth: Truth
    train: InMemory
    held_out: InMemory

    def __init__(
        self, truth: DrawnTruth, /, *, samples: int, held_out: int, seed: int, kinds: tuple[str, ...] = ()
    ) -> None:
        from torch import Generator

        from ganlab.builtin.datasets.resident import InMemory

        self.truth = truth
        self.fields = {"image": Field("image", (truth.channels, truth.size, truth.size))}
        if kinds:
            self.fields["label"] = Field("category", cardinality=len(kinds), names=kinds)
        generator = Generator().manual_seed(seed)
        seen: set[bytes] = set()
        train = drawn(truth, samples, generator)
        seen.update(digests(train["image"]))
        self.train = InMemory({name: train[name] for name in self.fields})
        rest = drawn(truth, held_out, generator)
        while copies := [row for row, digest in enumerate(digests(rest["image"])) if digest in seen]:
            again = drawn(truth, len(copies), generator)
            for name, values in rest.items():
                values[copies] = again[name]
        self.held_out = InMemory({name: rest[name] for name in self.fields})

    def fingerprint(self) -> str:
        from ganlab.builtin.datasets.resident import fingerprint

        return fingerprint(self.train.tensors, self.held_out.tensors)


def drawn(truth: DrawnTruth, count: int, generator: torch.Generator) -> dict[str, Tensor]:
    """So many samples, pictures as bytes."""
    from torch import cat

    from ganlab.builtin.datasets.drawing import levels

    pieces = []
    for start in range(0, count, DRAWN_AT_ONCE):
        pictures, facts = truth.draw(min(DRAWN_AT_ONCE, count - start), generator)
        pieces.append({"image": levels(pictures), **facts})
    return {name: cat([each[name] for each in pieces]) for name in pieces[0]}


def digests(pictures: Tensor) -> list[bytes]:
    """A hash of each picture's bytes."""
    return [hashlib.blake2b(each.numpy().data, digest_size=16).digest() for each in pictures.contiguous()]
