"""Networks that compute for K games at once: rows (K x N, ...) go in, the first N the first game's, and come out.

A linear layer is one batched product. What treats each row alone and has no weights is used as it is. Any other module
is mapped over the games by `torch.func.vmap`, which also keeps apart what looks at a whole batch (batch norm).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import Module

from ganlab.engine.container import one_line
from ganlab.engine.table import mapped
from ganlab.engine.together.weights import Weights
from ganlab.values import Verdict

ELEMENTWISE = frozenset(
    {nn.CELU, nn.ELU, nn.GELU, nn.Hardtanh, nn.Identity, nn.LeakyReLU, nn.Mish, nn.ReLU, nn.SELU, nn.SiLU, nn.Sigmoid}
    | {nn.Softplus, nn.Softsign, nn.Tanh}
)
"""They have neither weights nor memory, and never look from one number to another."""

ROWS = frozenset({nn.ModuleDict, nn.ModuleList, nn.Sequential})
"""They are their children in a row, or side by side."""


def stacked(module: Module, weights: Weights, count: int, prefix: str = "") -> Module:
    """A module that computes what `module` computes, with the weights of `count` games."""
    kind: Any = type(module)
    if kind in ELEMENTWISE or (kind is nn.Flatten and module.start_dim == 1):
        return module
    if kind is nn.Linear:
        return StackedLinear(weights, count, prefix, bias=module.bias is not None)
    own = list(module.parameters(recurse=False)) + list(module.buffers(recurse=False))
    if (kind in ROWS or getattr(kind, "per_sample", False)) and not own and not has_hooks(module):
        like = copy(module)
        like._modules = {
            name: None if child is None else stacked(child, weights, count, f"{prefix}{name}.")
            for name, child in module._modules.items()
        }
        return like
    return Mapped(module, weights, count, prefix)


def has_hooks(module: Module) -> bool:
    """True if something else is called when the module is."""
    return bool(module._forward_hooks or module._forward_pre_hooks)


class StackedLinear(Module):
    """(K x N, ..., in) -> (K x N, ..., out), each game by its own weights."""

    def __init__(self, weights: Weights, count: int, prefix: str, *, bias: bool) -> None:
        super().__init__()
        self._weights = weights
        self._count = count
        self._weight, self._bias = f"{prefix}weight", f"{prefix}bias" if bias else None

    def forward(self, data: Tensor) -> Tensor:
        weight = self._weights.table[self._weight]
        rows = data.reshape(self._count, -1, data.shape[-1])
        if self._bias is None:
            made = rows.bmm(weight.mT)
        else:
            made = torch.baddbmm(self._weights.table[self._bias][:, None], rows, weight.mT)
        # No view: what follows may write on it, which on a view would be noted down number by number.
        shaped: Tensor = torch.ops.aten._unsafe_view.default(made, [*data.shape[:-1], made.shape[-1]])
        return shaped


class Mapped(Module):
    """Any module, mapped over the games."""

    def __init__(self, module: Module, weights: Weights, count: int, prefix: str) -> None:
        super().__init__()
        self.template = module
        self._weights = weights
        self._count = count
        self._parameters_of = {name: prefix + name for name, _ in module.named_parameters()}
        self._buffers_of = {name: prefix + name for name, _ in module.named_buffers()}

    def forward(self, *given: Any) -> Any:
        count = self._count
        table = {name: self._weights.table[full] for name, full in self._parameters_of.items()}
        table |= {name: self._weights.buffers[full] for name, full in self._buffers_of.items()}
        apart = [None if each is None else each.reshape(count, -1, *each.shape[1:]) for each in given]
        answers: list[Any] = []

        def one(table: dict[str, Tensor], *given: Any) -> list[Tensor]:
            answers.append(functional_call(self.template, table, given))
            return leaves(answers[-1])

        places = (0, *(None if each is None else 0 for each in apart))
        try:
            made = iter(vmap(one, places)(table, *apart))
        except RuntimeError as error:
            kind = type(self.template).__name__
            raise ValueError(f"'{kind}' cannot be mapped over games by vmap: {one_line(error)}") from error
        return changed(answers[-1], lambda _: next(made).flatten(0, 1))


def leaves(answer: Any) -> list[Tensor]:
    """The tensors of what a network answered, always in the same order."""
    found: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        found.append(tensor)
        return tensor

    changed(answer, keep)
    return found


def changed(answer: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """What a network answered, with each tensor changed."""
    if isinstance(answer, Verdict):
        return Verdict(mapped(change, answer.logits), mapped(change, answer.extras))
    return mapped(change, answer)


class Own(Mapping[str, Module]):
    """The networks of one of the games, by player, which compute with its weights in the table and lead back to it."""

    def __init__(self, number: int, networks: Mapping[str, Module], weights: Mapping[str, Weights]) -> None:
        self._number = number
        self._templates = networks
        self._weights = weights
        self._made: dict[str, tuple[object, Module]] = {}

    def __getitem__(self, name: str) -> Module:
        weights = self._weights[name]
        table, network = self._made.get(name, (None, None))
        if network is None or table is not weights.table:
            network = with_weights(
                self._templates[name], {key: each[self._number] for key, each in weights.table.items()}
            )
            self._made[name] = (weights.table, network)
        return network

    def __iter__(self) -> Iterator[str]:
        return iter(self._templates)

    def __len__(self) -> int:
        return len(self._templates)


def with_weights(module: Module, table: Mapping[str, Tensor], prefix: str = "") -> Module:
    """The same module with other parameters, and the buffers it has."""
    like = copy(module)
    parameters: dict[str, Any] = {
        name: None if each is None else table[prefix + name] for name, each in module._parameters.items()
    }
    like._parameters = parameters
    like._modules = {
        name: None if child is None else with_weights(child, table, f"{prefix}{name}.")
        for name, child in module._modules.items()
    }
    return like
