"""How steeply a discriminator's verdict changes with what it judges.

R1, R2, DRAGAN and the gradient penalty all charge for this slope and differ only in where it is taken. The judgement
is made in float32 and the slope keeps its graph, because the cost of a slope differentiates twice.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from ganlab import RecipeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from ganlab import Turn, View


def slope(turn: Turn, name: str, view: View, data: Tensor) -> Tensor:
    """Gradient of the verdict on `view` with respect to its data, taken at `data` (M, ...) and flattened to (M, D).

    Several judgements are summed, and a map of logits counts as its mean. `view.given` is not differentiated.
    """
    import torch

    data = data.detach().requires_grad_(True)
    judgements = list(turn.judge(name, view.replace(data=data)).judgements.values())
    weights = [torch.full_like(logits, 1 / prod(logits.shape[1:])) for logits in judgements]
    # Autocast would run this backward pass in bfloat16 although the judgement was made in float32.
    with torch.autocast(data.device.type, enabled=False):
        (gradient,) = torch.autograd.grad(judgements, data, weights, create_graph=True)
    return gradient.flatten(1)


def distance_from(target: float, slopes: Tensor, *, one_sided: bool = False) -> Tensor:
    """(||slope|| - target)^2 of each row, (M,); with `one_sided` a slope below the target costs nothing."""
    import torch

    excess: Tensor = torch.linalg.vector_norm(slopes, dim=1) - target
    return (excess.relu() if one_sided else excess).square()


def numbers(view: View, term: str) -> Tensor:
    """The data of a view, in float32. Raises `RecipeError` in the name of `term` if they cannot be differentiated."""
    import torch

    data = view.data
    if isinstance(data, torch.Tensor) and data.is_floating_point():
        return data.float()
    seen = f"a tensor of {data.dtype}" if isinstance(data, torch.Tensor) else f"a {type(data).__name__}"
    raise RecipeError(
        f"term '{term}' differentiates a verdict with respect to its data and needs a tensor of floats, "
        f"but its view holds {seen}; charge another player, or leave the term out"
    )


def drawn(values: Tensor, view: View) -> Tensor:
    """What was drawn for the samples of a batch (N, ...), for the rows of the view: regions of one sample share it."""
    return values[: view.data.shape[0]] if view.rows is None else values[view.rows]


def over_views(costs: Sequence[Tensor]) -> Tensor:
    """The cost (M,) of the views a player judges, summed; a scalar, the sum of the means, if they are not as long."""
    import torch

    if len({cost.shape for cost in costs}) == 1:
        return costs[0] if len(costs) == 1 else torch.stack(list(costs)).sum(0)
    return torch.stack([cost.sum() / max(cost.shape[0], 1) for cost in costs]).sum()
