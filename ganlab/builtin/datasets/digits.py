"""1,797 real handwritten digits, 8 x 8 pixels in 17 grey levels, that come with scikit-learn.

Real data that need no download. Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits",
UCI Machine Learning Repository, 1998 (doi:10.24432/C50P49), the test set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Dataset, Field

if TYPE_CHECKING:
    from torch import Tensor

    from ganlab.builtin.datasets.resident import InMemory

HELD_OUT = 0.2

CORRECTIONS = 12
"""After so many the means are right; the first alone would push dark and bright pixels out of range."""


class Digits(Dataset):
    """Fields `image` (1, size, size) and `label` (0..9).

    Sizes above 8 are smooth enlargements whose means over squares are the 8 x 8 pixels, so that whoever reads digits at
    their own size reads these. Of each digit, every fifth sample is held out. With `training`, only so many of the
    others are trained on, the first of them: a small data set, which a discriminator learns by heart.
    """

    train: InMemory
    held_out: InMemory

    def __init__(
        self,
        *,
        size: Literal[8, 16, 32] = 16,
        training: Annotated[int, Option(ge=10, le=10_000)] | None = None,
    ) -> None:
        from ganlab.builtin.datasets.resident import InMemory
        from ganlab.builtin.datasets.splitting import evenly

        images, labels = read_digits(size)
        train, held_out = evenly(labels, HELD_OUT)
        train = train[:training]
        self.fields = {
            "image": Field("image", (1, size, size)),
            "label": Field("category", cardinality=10, names=tuple("0123456789")),
        }
        self.train = InMemory({"image": images[train], "label": labels[train]})
        self.held_out = InMemory({"image": images[held_out], "label": labels[held_out]})

    def fingerprint(self) -> str:
        from ganlab.builtin.datasets.resident import fingerprint

        return fingerprint(self.train.tensors, self.held_out.tensors)


def read_digits(size: int) -> tuple[Tensor, Tensor]:
    """All images (1797, 1, size, size), float32 in [-1, 1], and their labels (1797,), int64."""
    import torch
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = torch.from_numpy(bunch.images).to(torch.float32).div(8).sub(1)[:, None]
    if size != 8:
        images = enlarged(images, size // 8)
    return images, torch.from_numpy(bunch.target).to(torch.int64)


def enlarged(images: Tensor, factor: int) -> Tensor:
    """Images in [-1, 1] `factor` times as large: bilinear, then corrected until the mean of each square of
    `factor` x `factor` pixels is the pixel it came from (within 0.02), which plain bilinear enlargement blurs."""
    from torch.nn.functional import avg_pool2d, interpolate

    large = interpolate(images, scale_factor=factor, mode="bilinear", align_corners=False)
    for _ in range(CORRECTIONS):
        missing = images - avg_pool2d(large, factor)
        large = (large + interpolate(missing, scale_factor=factor, mode="nearest")).clamp(-1, 1)
    return large
