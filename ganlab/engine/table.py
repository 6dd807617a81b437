"""What lies on the table, and how long each thing on it stays valid.

A fake carries its graph while no network that made it has stepped. One forward pass of the generator therefore serves
the discriminators' turns (detached) and then the generator's own, which saves a third of the generator's work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.nn import Module

from ganlab.interfaces.random import Random
from ganlab.interfaces.task import Task
from ganlab.values import Batch, Given, Networks, Sample

if TYPE_CHECKING:
    from ganlab.engine.board import Mover


class Witness(Mapping[str, Module]):
    """All networks, remembering which were asked for: those are the makers of what came out."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Module:
        self.asked.add(name)
        return self._networks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._networks)

    def __len__(self) -> int:
        return len(self._networks)


class Table:
    """A real batch, what is drawn for it, and what is made from that."""

    def __init__(self, task: Task, networks: Networks, batch: Batch, random: Random) -> None:
        self.task = task
        self.networks = networks
        self.batch = batch
        self.real: Sample = task.real(batch)
        self._random = random
        self._given: Given | None = None
        self._fake: Sample | None = None
        self._detached: Sample | None = None
        self._carries_graph = False
        self._makers: set[str] = set()

    @property
    def given(self) -> Given:
        """Drawn once, on first use."""
        if self._given is None:
            self._given = self.task.draw(self.batch, self._random)
        return self._given

    def draw_again(self, random: Random) -> None:
        """Forget what was drawn, and all that was made from it."""
        self._random = random
        self._given = None
        self.forget()

    def live_fake(self, makers: tuple[Mover, ...]) -> Sample:
        """The fake with its graph; made anew unless a kept one still carries it."""
        if self._fake is None or not self._carries_graph:
            self._make(makers)
        assert self._fake is not None
        return self._fake

    def detached_fake(self, makers: tuple[Mover, ...]) -> Sample:
        """The fake as plain data. With `makers`, it is made with a graph that their own turn will use."""
        if self._fake is None:
            self._make(makers)
        if self._detached is None:
            self._detached = detached(self._fake)
        return self._detached

    def moved(self, player: str) -> None:
        """`player` has stepped: whatever it had a part in making is out of date."""
        if player in self._makers:
            self.forget()

    def _make(self, makers: tuple[Mover, ...]) -> None:
        witness = Witness(self.networks)
        were_frozen = [player.frozen for player in makers]
        for player in makers:
            player.freeze(False)
        self._fake = full(self.task.generate(witness, self.given))
        for player, frozen in zip(makers, were_frozen, strict=True):
            player.freeze(frozen)
        self._detached = None
        self._makers = witness.asked
        self._carries_graph = bool(makers)

    def forget(self) -> None:
        """Whatever was made is to be made anew."""
        self._fake = self._detached = None
        self._carries_graph = False


def detached(value: Any) -> Any:
    """The same tree of tensors without a graph."""
    return mapped(Tensor.detach, value)


def full(value: Any) -> Any:
    """The same tree of tensors, what was made in a reduced precision as float32."""
    return mapped(lambda each: each.float() if each.is_floating_point() else each, value)


def tensors_in(value: Any, name: str = "") -> dict[str, Tensor]:
    """Every tensor of the tree, by its dotted name."""
    if isinstance(value, Tensor):
        return {name: value}
    named: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        named = value.items()
    elif isinstance(value, list | tuple):
        named = enumerate(value)
    found: dict[str, Tensor] = {}
    for key, each in named:
        found |= tensors_in(each, f"{name}.{key}" if name else str(key))
    return found


def mapped(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """The tree of tensors with each changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, Mapping):
        return {name: mapped(change, each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(mapped(change, each) for each in value)
    return value
