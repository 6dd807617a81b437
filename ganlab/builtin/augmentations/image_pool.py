"""A discriminator is shown old fakes among the new, so that it does not forget what the generator has done before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field as Option

import ganlab
from ganlab.builtin.augmentations.images import Probability

if TYPE_CHECKING:
    from torch import Tensor


class ImagePool(ganlab.Augmentation):
    """Keeps `size` fakes; once full, a new fake is exchanged for a random old one with `probability`.

    Only a discriminator's turn is touched: fakes that carry a gradient pass. A condition that is a tensor is kept and
    shown with its fake. Every process of a distributed run keeps its own pool.
    Source: Shrivastava et al. 2017 (arXiv:1612.07828), section 2.3, as used by CycleGAN (arXiv:1703.10593), section 4.
    """

    def __init__(self, *, size: Annotated[int, Option(ge=1, le=10**6)] = 50, probability: Probability = 0.5) -> None:
        self.size = size
        self.probability = probability
        self._pool: list[Tensor] = []
        """The fakes, and the conditions beside them if there are any, (rows, ...) each."""

    def augment(self, view: ganlab.View, side: ganlab.Side, random: ganlab.Random) -> ganlab.View:
        if side != "fake":
            return view
        new = tensors(view)
        if any(each.requires_grad for each in new):
            return view
        room = self._fill(new)
        if len(new[0]) <= room:
            return view
        shown = self._exchange(new, room, random)
        return view.replace(data=shown[0], given=shown[1] if len(shown) > 1 else None)

    def _fill(self, new: list[Tensor]) -> int:
        """Put the first of the new fakes into the pool while there is room; how many went in."""
        import torch

        kept = self._pool or [each[:0] for each in new]
        if [each.shape[1:] for each in kept] != [each.shape[1:] for each in new]:
            raise ganlab.CheckpointError("the pool of 'image-pool' is of other pictures; take another checkpoint")
        room = self.size - len(kept[0])
        # A pool taken back from a checkpoint may still lie on another device.
        pool = [old.to(fresh) for old, fresh in zip(kept, new, strict=True)]
        self._pool = [torch.cat([old, fresh[:room]]) for old, fresh in zip(pool, new, strict=True)] if room else pool
        return room

    def _exchange(self, new: list[Tensor], first: int, random: ganlab.Random) -> list[Tensor]:
        """The new fakes from row `first` on, some exchanged one after another, without a wait for the device."""
        import torch

        swaps, places = random.uniform() < self.probability, random.integers(self.size)
        shown = [each.clone() for each in new]
        for row in range(first, len(new[0])):
            place, swap = places[row : row + 1], swaps[row]
            for kept, fresh in zip(self._pool, shown, strict=True):
                old, mine = kept.index_select(0, place), fresh[row : row + 1]
                kept.index_copy_(0, place, torch.where(swap, mine, old))
                fresh[row : row + 1] = torch.where(swap, old, mine)
        return shown

    def state(self) -> Mapping[str, Any]:
        return {"pool": [each.clone() for each in self._pool]}

    def restore(self, state: Mapping[str, Any]) -> None:
        pool = list(state["pool"])
        rows = {each.shape[0] for each in pool}
        if pool and (len(rows) != 1 or not 0 < rows.pop() <= self.size):
            raise ValueError(f"what it holds is no pool of at most {self.size} fakes")
        self._pool = pool


def tensors(view: ganlab.View) -> list[Tensor]:
    """The data, and the condition if there is one. Raises `RecipeError` if either is not a tensor."""
    import torch

    held = [view.data] if view.given is None else [view.data, view.given]
    for each in held:
        if not isinstance(each, torch.Tensor):
            raise ganlab.RecipeError(
                f"augmentation 'image-pool' keeps tensors, but a view holds a {type(each).__name__}; "
                "name the views it may change in 'views'"
            )
    return held
