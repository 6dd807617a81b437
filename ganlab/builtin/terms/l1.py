"""What was generated should be close to the sample it stands for: the supervised half of pix2pix.

Alone it gives the blurred median of all answers; beside an adversarial loss it keeps the answer to its question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab
from ganlab.builtin.terms.distance import mean_absolute

if TYPE_CHECKING:
    from torch import Tensor


class L1(ganlab.Term):
    """Mean absolute difference between generated and real `field` of each row, (N,); None: the one field both have.

    Source: Isola et al. 2017 (arXiv:1611.07004), eq. 3.
    """

    per_sample = True

    def __init__(self, *, field: str | None = None) -> None:
        self.field = field

    def cost(self, turn: ganlab.Turn) -> Tensor:
        field = self.field or self._shared(turn)
        for what, sample in (("generated", turn.fake), ("real", turn.real)):
            if field not in sample:
                raise ganlab.RecipeError(
                    f"term 'l1' asks for field '{field}', but what is {what} holds {', '.join(sample)}"
                )
        return mean_absolute(turn.fake[field], turn.real[field])

    def _shared(self, turn: ganlab.Turn) -> str:
        import torch

        shared = [
            name for name in turn.fake if torch.is_tensor(turn.fake[name]) and torch.is_tensor(turn.real.get(name))
        ]
        if len(shared) != 1:
            raise ganlab.RecipeError(
                f"term 'l1' compares one field of generated and real samples, but they share {shared}; "
                "say which by its option 'field'"
            )
        return shared[0]
