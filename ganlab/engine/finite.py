"""No number that is not finite ever reaches the weights.

On the CPU a gradient is looked at before the step it would cause. On a GPU to look is to wait, so the device itself
makes such a step a no-op and keeps the round in which it did; the next tick asks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import SGD, Optimizer

from ganlab.values import Progress

FEW = 1 << 17
"""Numbers of a small network: from here on a copy takes longer than what it saves."""

NEVER = math.inf
"""The round of the first refused step, while there was none."""


class NotFinite(ArithmeticError):
    """Something of a player is not finite; the message names it."""


class Guard:
    """Watches the steps of one player's optimiser over `parameters`."""

    def __init__(self, player: str, optimizer: Optimizer, parameters: Mapping[str, Parameter]) -> None:
        self._player = player
        self._optimizer = optimizer
        self._parameters = parameters
        self._refused: Tensor | None = None
        # Fused kernels can be told to do nothing; SGD's leaves its momentum unset when told so at its first step.
        fused = any(group.get("fused") for group in optimizer.param_groups)
        self._told = fused and not isinstance(optimizer, SGD)
        self.waits = all(each.device.type == "cpu" for each in parameters.values())
        """True if it looks at once. False leaves it to the device."""

    @contextmanager
    def watching(self, norm: Tensor, progress: Progress) -> Iterator[None]:
        """Around a step along gradients of that norm. Raises `NotFinite` before it, or makes it a no-op."""
        if self.waits:
            if not math.isfinite(norm.item()):
                gradients = {name: each.grad for name, each in self._parameters.items() if each.grad is not None}
                self.blame(gradients, "the gradient of ")
            yield
            return
        bad = ~torch.isfinite(norm)
        self._remember(bad, progress.round)
        if self._told:
            self._optimizer.grad_scale, self._optimizer.found_inf = None, bad.float()  # type: ignore[attr-defined]
            yield
            return
        before = [each.detach().clone() for each in self._parameters.values()]
        for each in self._parameters.values():
            if each.grad is not None:
                each.grad.copy_(torch.where(bad, 0.0, each.grad))
        yield
        with torch.no_grad():
            for each, kept in zip(self._parameters.values(), before, strict=True):
                each.copy_(torch.where(bad, kept, each))

    def refused_in(self) -> int | None:
        """The first round whose step the device refused, if it refused one. Waits for the device."""
        first = NEVER if self._refused is None else self._refused.item()
        return None if first == NEVER else int(first)

    def blame(self, tensors: Mapping[str, Tensor], what: str) -> None:
        """Raise `NotFinite` for the first tensor that is not finite, if there is one: a norm may also overflow."""
        if (name := first_not_finite(tensors)) is not None:
            raise NotFinite(f"{what}'{name}' of player '{self._player}'")

    def _remember(self, bad: Tensor, number: int) -> None:
        if self._refused is None:
            self._refused = torch.full((), NEVER, device=bad.device)
        self._refused = torch.minimum(self._refused, torch.where(bad, float(number), NEVER))


def extent(tensors: list[Tensor], *, few: bool = False) -> Tensor:
    """The norm of all numbers together, which is finite only if each of them is; its square if they are `few`."""
    if few:  # put side by side they cost one product, and not an operation for each tensor
        row = torch._C._nn.flatten_dense_tensors(tensors)
        return row.dot(row)
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return norm


def are_finite(tensors: list[Tensor], *, few: bool = False) -> bool:
    """True if all are, without a doubt; a norm may also overflow. Waits for the device."""
    with torch.no_grad():  # else all of it is noted down for a backward pass, which takes half as long again
        return not tensors or math.isfinite(extent(tensors, few=few).item())


def are_few(tensors: Sequence[Tensor]) -> bool:
    """True if to copy them costs less than to ask for them one by one."""
    plain = all(each.dtype == torch.float32 and each.device.type == "cpu" for each in tensors)
    return plain and sum(each.numel() for each in tensors) <= FEW


def first_not_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of the first tensor with a number that is not finite."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            return name
    return None
