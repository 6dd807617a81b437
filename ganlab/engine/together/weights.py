"""The weights of one network of K games, a row for each game, so that one kernel moves all of them.

The networks of the games keep their parameters and buffers, whose memory becomes a view of these: whatever is done
here is done to the games, and the other way round, without a copy.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Module


class Weights:
    """`flat` (K, P) holds all parameters, a game in a row; `buffers` are (K, ...) by name.

    What the networks compute with is cut from `flat` with a graph while the weights are `live`, and without one while
    they are still.
    """

    def __init__(self, networks: Sequence[Module]) -> None:
        self._networks = list(networks)
        named = dict(networks[0].named_parameters())
        self._shapes = {name: each.shape for name, each in named.items()}
        self._sizes = [each.numel() for each in named.values()]
        with torch.no_grad():
            rows = [torch.cat([each.reshape(-1) for each in network.parameters()]) for network in networks]
            self.flat = torch.stack(rows).requires_grad_(True)
            self.buffers = {
                name: torch.stack([each.get_buffer(name) for each in networks])
                for name, _ in networks[0].named_buffers()
            }
        self._still = self.cut(self.flat.detach())
        self._table: dict[str, Tensor] | None = self._still
        for number in range(len(networks)):
            self._lend(number)

    def cut(self, rows: Tensor) -> dict[str, Tensor]:
        """Rows (K, P) as tensors (K, *shape) by the names of the parameters."""
        parts = rows.split_with_sizes(self._sizes, 1)
        return {
            name: part.view(len(rows), *shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)
        }

    @property
    def table(self) -> dict[str, Tensor]:
        """Each parameter (K, ...) by name, as the networks compute with it."""
        if self._table is None:
            self._table = self.cut(self.flat)
        return self._table

    def live(self) -> None:
        """From here on, what is computed with them leads back to `flat` as it is now."""
        self._table = None

    def hold_still(self) -> None:
        """From here on, they ask for no gradient."""
        self._table = self._still

    def extents(self) -> Tensor:
        """A number (K,) for each game, which is finite only if all its weights and running statistics are."""
        rows = [self.flat.detach(), *(each.flatten(1) for each in self.buffers.values() if each.is_floating_point())]
        lengths = [torch.linalg.vector_norm(each, dim=1) for each in rows]
        return lengths[0] if len(lengths) == 1 else torch.stack(lengths).sum(0)

    def give_back(self, number: int) -> None:
        """Let one game's network have weights of its own again, as they are now."""
        network = self._networks[number]
        for each in [*network.parameters(), *network.buffers()]:
            each.data = each.data.clone()

    def _lend(self, number: int) -> None:
        network = self._networks[number]
        for name, each in network.named_parameters():
            each.data = self._still[name][number]
        for name, buffer in network.named_buffers():
            buffer.data = self.buffers[name][number]
