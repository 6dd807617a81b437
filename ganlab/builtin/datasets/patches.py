"""Photographs that came with other packages, what can be seen of them, and square patches cut out of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from ganlab import DataError, RecipeError
from ganlab.builtin.datasets.decoding import Decoding
from ganlab.builtin.datasets.problems import Unusable
from ganlab.builtin.datasets.reaching import read

Place: TypeAlias = tuple[int, int, int]
"""Which photograph, and the row and column of a patch's upper left corner."""

SHIPPED = (("sklearn", "datasets/images"), ("skimage", "data"))
EDGE_WIDTH = 1.5
"""Standard deviation of the smoothing before Canny's detector, in pixels."""

TRIES = 20
"""How many positions are drawn for each patch wanted before the photographs count as flat."""


def photograph(name: str, shrink: int) -> Tensor:
    """The named photograph, reduced by the whole factor `shrink`, uint8 (3, H, W)."""
    for package, folder in SHIPPED:
        spec = find_spec(package)
        for root in (spec and spec.submodule_search_locations) or ():
            path = Path(root, folder, name)
            if path.is_file():
                return _decoded(path, shrink)
    raise DataError(f"photograph '{name}' ships with neither scikit-learn nor scikit-image here; reinstall them")


def places(
    photographs: Sequence[Tensor], size: int, count: int, least_contrast: float, generator: torch.Generator
) -> list[Place]:
    """`count` corners of patches of enough contrast, all positions in all photographs equally likely."""
    greys = [grey(each)[0].numpy() for each in photographs]
    spare = [(each.shape[0] - size + 1, each.shape[1] - size + 1) for each in greys]
    if any(down < 1 or right < 1 for down, right in spare):
        smallest = min(min(each.shape) for each in greys)
        raise RecipeError(f"size = {size} does not fit into a photograph of {smallest} pixels; lower size or shrink")
    positions = torch.tensor([down * right for down, right in spare])
    ends = positions.cumsum(0)
    found: list[Place] = []
    for _ in range(TRIES):
        drawn = torch.randint(int(ends[-1]), (count,), generator=generator)
        which = torch.searchsorted(ends, drawn, right=True)
        for index, position in zip(which.tolist(), (drawn - (ends - positions)[which]).tolist(), strict=True):
            top, left = divmod(position, spare[index][1])
            if greys[index][top : top + size, left : left + size].std() >= least_contrast:
                found.append((index, top, left))
        if len(found) >= count:
            return found[:count]
    raise RecipeError(f"hardly a patch has a contrast of {least_contrast:g}; lower least_contrast, or raise size")


def cut(pictures: Sequence[Tensor], corners: Sequence[Place], size: int) -> Tensor:
    """Patches (len(corners), C, size, size) of `pictures` (C, H, W)."""
    return torch.stack([pictures[each][:, top : top + size, left : left + size] for each, top, left in corners])


def grey(colour: Tensor) -> Tensor:
    """Luma of ITU-R BT.601, uint8 (1, H, W)."""
    weights = torch.tensor([0.299, 0.587, 0.114])
    return (colour.to(torch.float32) * weights[:, None, None]).sum(0, keepdim=True).round().to(torch.uint8)


def edges(colour: Tensor) -> Tensor:
    """Canny's edges of the luma, black (0) on white (255), uint8 (1, H, W)."""
    from skimage.feature import canny

    lines = canny(grey(colour)[0].numpy() / 255.0, sigma=EDGE_WIDTH)
    return torch.from_numpy(np.where(lines, 0, 255).astype(np.uint8))[None]


LOOKS: Mapping[str, Callable[[Tensor], Tensor]] = {"colour": lambda colour: colour, "grey": grey, "edges": edges}


def _decoded(path: Path, shrink: int) -> Tensor:
    decoding = Decoding(channels=3)
    try:
        image, _ = decoding.picture(read(path.parent, path.name)[0])
    except Unusable as problem:
        raise DataError(f"photograph '{path.name}' of an installed package is {problem}; reinstall it") from None
    return decoding.levels(image.reduce(shrink))
