"""Numbers written down during rounds, on the device, and read once a tick."""

from __future__ import annotations

import torch
from torch import Tensor

from ganlab.engine.distributed import mean_over_processes

COMPACT_AT = 512


class Ledger:
    """Sums and counts by name. `record` neither waits for the device nor allocates on the host."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._fresh: dict[str, list[Tensor]] = {}
        self._sums: dict[str, tuple[Tensor, int]] = {}

    def record(self, name: str, value: Tensor) -> None:
        """Keep a reference to the scalar `value`; its mean over the tick is what `read` returns."""
        values = self._fresh.get(name)
        if values is None:
            values = self._fresh[name] = []
        values.append(value.detach())
        if len(values) >= COMPACT_AT:
            self._compact(name)

    def read(self) -> dict[str, float]:
        """Means since the last `clear`, over all processes: the one wait for the device in a tick."""
        for name in list(self._fresh):
            self._compact(name)
        if not self._sums:
            return {}
        names = sorted(self._sums)
        means = torch.stack([self._sums[name][0] / self._sums[name][1] for name in names])
        return dict(zip(names, mean_over_processes(means).tolist(), strict=True))

    def clear(self) -> None:
        """Begin a new tick."""
        self._fresh.clear()
        self._sums.clear()

    def state(self) -> dict[str, list[object]]:
        """Sums, counts, and what is not yet summed: to sum it now would round otherwise than an unbroken run does."""
        names = [*self._sums, *(name for name in self._fresh if name not in self._sums)]
        return {
            name: [*self._sums.get(name, (None, 0)), torch.stack(self._fresh[name]) if name in self._fresh else None]
            for name in names
        }

    def restore(self, state: dict[str, list[object]]) -> None:
        """Take back what `state` returned; before format 2 all was summed."""
        self.clear()
        for name, (total, count, *fresh) in state.items():
            if isinstance(total, Tensor) and isinstance(count, int):
                self._sums[name] = (total.to(self._device), count)
            if fresh and isinstance(fresh[0], Tensor):
                self._fresh[name] = list(fresh[0].to(self._device).unbind())

    def add(self, name: str, values: Tensor) -> None:
        """Keep the values (T,) of several rounds."""
        total, count = self._sums.get(name, (torch.zeros((), dtype=torch.float64, device=self._device), 0))
        self._sums[name] = (total + values.double().sum(), count + len(values))

    def _compact(self, name: str) -> None:
        self.add(name, torch.stack(self._fresh.pop(name)))
