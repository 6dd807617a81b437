"""Painted labels and the textures they stand for, drawn, so that what a translation should be is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Option

from ganlab import Dataset, Field, Random, Source, Truth

if TYPE_CHECKING:
    from torch import Tensor

Count = Annotated[int, Option(ge=1, le=1_000_000)]

TRIES = 1000


class LabelsTexture(Dataset):
    """Fields `target`, a texture, and `source`, its labels in four inks, (3, size, size) each; or with `look` one of
    them as `image`, for games without pairs.

    No label map that is held out is trained on. The truth reads labels back from textures without a mistake; of
    textures alone nobody knows what was asked for, so with `look = "texture"` there is none.
    """

    train: Pictures
    held_out: Pictures
    truth: Truth

    def __init__(
        self,
        *,
        size: Annotated[int, Option(ge=32, le=256, multiple_of=8)] = 32,
        samples: Count = 8000,
        held_out: Count = 512,
        look: Literal["pairs", "labels", "texture"] = "pairs",
        seed: Annotated[int, Option(ge=0, lt=2**31)] = 0,
    ) -> None:
        import torch

        from ganlab_pix2pix import textures
        from ganlab_pix2pix.texture_truth import TextureTruth

        generator = torch.Generator().manual_seed(seed)
        cells = size // textures.CELL
        maps = textures.draw_labels(samples, cells, generator)
        rest = textures.draw_labels(held_out, cells, generator)
        known = {each.numpy().tobytes() for each in maps}
        for _ in range(TRIES):
            copies = [row for row, each in enumerate(rest) if each.numpy().tobytes() in known]
            if not copies:
                break
            rest[copies] = textures.draw_labels(len(copies), cells, generator)

        def shown(labels: Tensor) -> Pictures:
            both = {"target": textures.draw_textures(labels, generator), "source": textures.paint(labels)}
            chosen = both if look == "pairs" else {"image": both["source" if look == "labels" else "target"]}
            return Pictures({name: ((each + 1) * 127.5).round().to(torch.uint8) for name, each in chosen.items()})

        self.train, self.held_out = shown(maps), shown(rest)
        self.fields = {name: Field("image", tuple(each.shape[1:])) for name, each in self.train.levels.items()}
        if look != "texture":
            self.truth = TextureTruth(size)

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for part in (self.train, self.held_out):
            for name, each in part.levels.items():
                digest.update(f"{name} {tuple(each.shape)};".encode())
                digest.update(each.cpu().contiguous().numpy().data)
        return digest.hexdigest()


class Pictures(Source):
    """Pictures in memory as bytes, (N, C, H, W) by name."""

    resident = True

    def __init__(self, levels: Mapping[str, Tensor]) -> None:
        self.levels = dict(levels)

    def __len__(self) -> int:
        return len(next(iter(self.levels.values())))

    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        return {name: each.index_select(0, indices).float() / 127.5 - 1 for name, each in self.levels.items()}

    def to(self, device: Any) -> Pictures:
        return Pictures({name: each.to(device) for name, each in self.levels.items()})

    def nbytes(self) -> int:
        return sum(each.nbytes for each in self.levels.values())
