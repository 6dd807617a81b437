"""The player of that name of all games, moving as one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ganlab.engine.player import Player
from ganlab.engine.together.networks import stacked
from ganlab.engine.together.optimizer import Steps
from ganlab.engine.together.weights import Weights
from ganlab.values import Progress


class StackedPlayer:
    """K players of one name. While it lives, the weights of each are rows of its own."""

    def __init__(self, players: Sequence[Player]) -> None:
        self.name = players[0].name
        self.frozen = True
        self.weights = Weights([each.network for each in players])
        self.network = stacked(players[0].network, self.weights, len(players))
        averages = [each.average for each in players if each.average is not None]
        self._averages = averages
        self._averaged = Weights([each.network for each in averages]) if averages else None
        self._steps = Steps(players, self.weights)
        limits = [float("inf") if each.clip_norm is None else each.clip_norm for each in players]
        self._limits = None if min(limits) == float("inf") else torch.tensor(limits, device=self.weights.flat.device)

    def freeze(self, frozen: bool) -> None:
        """Frozen weights ask for no gradient."""
        if frozen is not self.frozen:
            self.frozen = frozen
            self.weights.hold_still() if frozen else self.weights.live()

    def forget_gradients(self) -> None:
        """Before the turn's backward pass."""
        self.weights.flat.grad = None

    def gradient_norms(self) -> Tensor | None:
        """The norm of each game's gradient (K,); None if there is no gradient."""
        gradient = self.weights.flat.grad
        return None if gradient is None else torch.linalg.vector_norm(gradient, dim=1)

    def gradients(self) -> dict[str, Tensor]:
        """Each parameter's (K, ...), by its name."""
        assert self.weights.flat.grad is not None
        return self.weights.cut(self.weights.flat.grad)

    def step(self, progress: Progress, norms: Tensor, *, measured: bool = False) -> Tensor | None:
        """Clip each game's gradient of these norms, and move. Returns how far each moved (K,), relative to its length,
        if that is `measured`."""
        flat = self.weights.flat
        assert flat.grad is not None
        if self._limits is not None:
            flat.grad.mul_((self._limits / (norms + 1e-6)).clamp(max=1.0)[:, None])
        before = flat.detach().clone() if measured else None
        self._steps.step(progress)
        if not self.frozen:
            self.weights.live()
        if before is None:
            return None
        with torch.no_grad():
            length = torch.linalg.vector_norm(before, dim=1).clamp(min=torch.finfo(before.dtype).tiny)
            return torch.div(torch.linalg.vector_norm(flat - before, dim=1), length)

    def average(self, progress: Progress, samples: int) -> None:
        """Move the averages towards the networks, after `samples` more real samples of each game."""
        if self._averaged is None:
            return
        ways = [each.way(progress, samples) for each in self._averages]
        with torch.no_grad():
            if min(ways) == max(ways):
                self._averaged.flat.lerp_(self.weights.flat, ways[0])
            else:
                self._averaged.flat.lerp_(self.weights.flat, self.weights.flat.new_tensor(ways)[:, None])
            for name, buffer in self._averaged.buffers.items():
                buffer.copy_(self.weights.buffers[name])

    def lend(self, number: int) -> None:
        """Let one game's player hold what this one does; the networks do at all times."""
        self._steps.lend(number)

    def give_back(self, number: int) -> None:
        """Make one game's player, which was lent what this one holds, independent of it."""
        self.weights.give_back(number)
        if self._averaged is not None:
            self._averaged.give_back(number)
        self._steps.give_back(number)
