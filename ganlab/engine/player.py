"""A player: networks, the parameters it moves, their optimiser and their moving average."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module, Parameter
from torch.optim import Optimizer

from ganlab.engine.distributed import average_gradients
from ganlab.engine.finite import Guard, are_few, are_finite, extent, first_not_finite
from ganlab.engine.fitting import check_fit, fitting_memory
from ganlab.values import Progress


class Average:
    """An exponential moving average of a network; buffers are copied.

    Its half-life is `half_life_kimg` thousand real samples, and at most `ramp_up` of the samples shown so far
    (Karras et al. 2020, StyleGAN2-ADA, section 2): a young run forgets its beginning faster.
    """

    def __init__(self, network: Module, half_life_kimg: float, ramp_up: float | None, from_kimg: float) -> None:
        self.network = deepcopy(network).requires_grad_(False).eval()
        self._half_life = half_life_kimg * 1000
        self._ramp_up = ramp_up
        self._from = from_kimg * 1000
        # Lists kept, since to walk a small network costs as much as to average it.
        self._parameters = (list[Tensor](self.network.parameters()), list[Tensor](network.parameters()))
        self._buffers = (list(self.network.buffers()), list(network.buffers()))

    def update(self, progress: Progress, samples: int) -> None:
        """Move towards the network after `samples` more real samples."""
        with torch.no_grad():
            torch._foreach_lerp_(*self._parameters, self.way(progress, samples))
            if self._buffers[0]:
                torch._foreach_copy_(*self._buffers)

    def way(self, progress: Progress, samples: int) -> float:
        """How much of the way to the network it moves after `samples` more real samples, 0..1."""
        half_life = self._half_life
        if self._ramp_up is not None and (young := self._ramp_up * progress.samples) < half_life:
            half_life = young
        return 1 - (0.5 ** (samples / half_life) if half_life > 0 and progress.samples >= self._from else 0.0)


@dataclass(frozen=True)
class Step:
    """One step of a player: the norm of the gradient before it was clipped, and how far the step moved the parameters,
    relative to their own length, if that was measured."""

    gradient_norm: Tensor
    relative_move: Tensor | None = None


def moved(before: list[Tensor], now: Sequence[Tensor]) -> Tensor:
    """|w' - w| / |w|, of all parameters together."""
    with torch.no_grad():
        length = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(before)))
        way = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(torch._foreach_sub(list(now), before))))
        return torch.div(way, length.clamp(min=torch.finfo(length.dtype).tiny))


class Player:
    """Owns `parameters` (by name, those of `network` unless told otherwise) and moves them with its optimiser."""

    def __init__(
        self,
        name: str,
        network: Module,
        optimizer: Callable[[list[Parameter]], Optimizer],
        *,
        parameters: Mapping[str, Parameter] | None = None,
        average: Average | None = None,
        clip_norm: float | None = None,
        schedule: Callable[[Progress], float] | None = None,
        sampling_mode: str = "evaluate",
        scaler: torch.amp.GradScaler | None = None,
    ) -> None:
        self.name = name
        self.network = network
        self.average = average
        self.sampling_mode = sampling_mode
        self.learning_rate_factor = 1.0
        """What interventions have multiplied the learning rate by."""
        owned = dict(network.named_parameters()) if parameters is None else dict(parameters)
        self.parameters = {name: each for name, each in owned.items() if each.requires_grad}
        self._list = list(self.parameters.values())
        self.optimizer = optimizer(self._list)
        self.move = bare_step(self.optimizer)
        self._learning_rates = [group["lr"] for group in self.optimizer.param_groups]
        self._applied = 1.0
        self.clip_norm = clip_norm
        self._schedule = schedule
        self.scaler = scaler
        self.numbers = [*self._list, *(each for each in network.buffers() if each.is_floating_point())]
        self.few = are_few(self.numbers)
        self.guard = Guard(name, self.optimizer, owned)
        self.frozen = False

    def freeze(self, frozen: bool) -> None:
        """Frozen parameters ask for no gradient, so that another player's turn does not pay for them."""
        if frozen is not self.frozen:
            for parameter in self._list:
                parameter.requires_grad_(not frozen)
            self.frozen = frozen

    def forget_gradients(self) -> None:
        """Before the turn's first backward pass."""
        for parameter in self._list:
            parameter.grad = None

    def backward(self, cost: Tensor) -> None:
        """Add the gradient of `cost` to the turn's."""
        (cost if self.scaler is None else self.scaler.scale(cost)).backward()  # type: ignore[no-untyped-call]

    def step(self, progress: Progress, *, measured: bool = False) -> Step | None:
        """Average the gradients over processes, clip them, move. Returns what was done; None if there is no gradient.
        `measured` asks how far it moves, which takes a copy of the parameters.

        Raises `NotFinite` if a gradient is not finite, before anything moves. On a GPU, where to know would be to
        wait, the step is a no-op then, and `guard` remembers the round.
        """
        average_gradients(self._list)
        if self.scaler is not None:
            self.scaler.unscale_(self.optimizer)
        gradients = [parameter.grad for parameter in self._list if parameter.grad is not None]
        if not gradients:
            return None
        norm = extent(gradients, few=self.few and self.clip_norm is None)
        if self.clip_norm is not None:
            torch.nn.utils.clip_grads_with_norm_(self._list, self.clip_norm, norm)
        self.set_learning_rate(progress)
        before = [parameter.detach().clone() for parameter in self._list] if measured else None
        if self.scaler is None:
            with self.guard.watching(norm, progress):
                self.move()
        else:  # it knows of infinite gradients, and makes the scale smaller
            self.scaler.step(self.optimizer)
            self.scaler.update()
        length = norm.detach().sqrt() if self.few and self.clip_norm is None else norm.detach()
        return Step(length, None if before is None else moved(before, self._list))

    def set_learning_rate(self, progress: Progress) -> None:
        """Tell the optimiser how fast to move now."""
        if (factor := self._factor(progress)) != self._applied:
            self._applied = factor
            for group, rate in zip(self.optimizer.param_groups, self._learning_rates, strict=True):
                group["lr"] = rate * factor

    def learning_rate(self, progress: Progress) -> float:
        """The rate of its first group of parameters, with schedule and interventions."""
        return float(self._learning_rates[0]) * self._factor(progress)

    def _factor(self, progress: Progress) -> float:
        return self.learning_rate_factor * (1.0 if self._schedule is None else self._schedule(progress))

    def check_numbers(self) -> None:
        """Raise `NotFinite` if a weight or a running statistic has stopped being finite. Waits for the device."""
        if not are_finite(self.numbers, few=self.few):
            self.guard.blame(self.network.state_dict(), "")

    @property
    def averaged(self) -> Module:
        """The moving average if there is one, else the network."""
        return self.network if self.average is None else self.average.network

    def state(self) -> dict[str, Any]:
        """Weights, average, optimiser state by parameter name, and what interventions changed."""
        names = list(self.parameters)
        kept = self.optimizer.state_dict()
        return {
            "network": dict(self.network.state_dict()),
            "average": None if self.average is None else dict(self.average.network.state_dict()),
            "optimizer": {names[index]: dict(state) for index, state in kept["state"].items()},
            "learning_rate_factor": self.learning_rate_factor,
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned. Raises `CheckpointError` if it is another network's or optimiser's."""
        kept_memory = self.check_state(state)
        self.network.load_state_dict(state["network"])
        if self.average is not None:
            kept = state["network"] if state["average"] is None else state["average"]
            self.average.network.load_state_dict(kept)
        memory = self.optimizer.state_dict()
        index = {name: number for number, name in enumerate(self.parameters)}
        memory["state"] = {index[name]: each for name, each in kept_memory.items()}
        self.optimizer.load_state_dict(memory)
        self.learning_rate_factor = float(state["learning_rate_factor"])
        if self.scaler is not None and state["scaler"] is not None:
            self.scaler.load_state_dict(state["scaler"])

    def check_state(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """Raise `CheckpointError` unless the state is one of this player's. Returns what of the optimiser's fits."""
        check_fit(self.network.state_dict(), state["network"])
        if self.average is not None and state["average"] is not None:
            check_fit(self.average.network.state_dict(), state["average"])
        return fitting_memory(self.optimizer, self.parameters, state["optimizer"])

    def first_not_finite(self) -> str | None:
        """The name of a weight, an average or an optimiser's memory that is not finite; None if all are."""
        averaged = {} if self.average is None else self.average.network.state_dict()
        memory = {
            f"{name}.{key}": value
            for name, kept in zip(self.parameters, self.optimizer.state.values(), strict=False)
            for key, value in kept.items()
            if isinstance(value, Tensor)
        }
        return first_not_finite(
            {**self.network.state_dict(), **{f"averaged {k}": v for k, v in averaged.items()}, **memory}
        )


def bare_step(optimizer: Optimizer) -> Callable[[], Any]:
    """The optimiser's step without the profiler's label around it, which costs more than to move a small network."""
    step = inspect.unwrap(type(optimizer).step, stop=lambda each: not getattr(each, "hooked", False))
    return partial(step, optimizer)
