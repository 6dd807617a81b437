"""Feature networks of a run: each is made once for every kind of field that a diagnostic embeds in it.

What a network with a fingerprint makes of real samples, where that takes long, is kept in the cache directory.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from safetensors.torch import load, save
from torch import Tensor

from ganlab import cache
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.recipe import Component
from ganlab.surroundings import kept
from ganlab.values import Field

WORTH_KEEPING = 1.0
"""Seconds; what takes less is computed again."""


class Maker(Protocol):
    """Makes what plugins register."""

    def create(self, kind: str, component: Component, *context: Any) -> Any:
        """The component's object."""


class FeatureNetworks:
    """Finds them by what diagnostics choose."""

    def __init__(self, builder: Maker) -> None:
        self._builder = builder
        self._made: dict[tuple[str, Field], Features] = {}

    def find(self, choice: FeatureChoice, field: Field) -> Features:
        """The feature network of that choice for that field. Raises `RecipeError`, `DataError`, `PluginError`."""
        key = (json.dumps(choice, sort_keys=True), field)
        if key not in self._made:
            table = {"name": choice} if isinstance(choice, str) else choice
            with kept():  # what it draws to be made is nobody else's
                network = self._builder.create("features", Component.model_validate(table), field)
            self._made[key] = network if network.fingerprint is None else Remembering(network)
        return self._made[key]

    def made(self) -> Iterator[Features]:
        """All that were found."""
        yield from self._made.values()


class Remembering(Features):
    """A network whose points of real samples are on disk, if it took long to compute them.

    They are found by the samples' own bytes, the network's name and fingerprint, and whatever else decides a bit of
    them: the version of torch, the device, the threads. So nothing that is found can be out of date.
    """

    def __init__(self, network: Features) -> None:
        self._network = network
        self.name = network.name
        self.fingerprint = network.fingerprint
        self.resize = network.resize
        self.classes = network.classes

    def embed(self, data: Tensor) -> Tensor:
        return self._network.embed(data)

    def probabilities(self, data: Tensor) -> Tensor:
        return self._network.probabilities(data)

    def embed_real(self, data: Tensor) -> Tensor:
        entry = self._entry(data)
        raw = cache.fetch(entry)
        if raw is not None:
            try:
                points: Tensor = load(raw)["points"]
            except Exception:  # whole, and yet not ours
                points = torch.empty(0)
            if points.dim() == 2 and len(points) == len(data) and points.dtype == torch.float32:
                return points.to(data.device)
        began = time.monotonic()
        points = self._network.embed(data)
        if time.monotonic() - began > WORTH_KEEPING:
            cache.keep(entry, save({"points": points.detach().cpu().contiguous()}))
        return points

    def _entry(self, data: Tensor) -> str:
        device = torch.cuda.get_device_name(data.device) if data.device.type == "cuda" else data.device.type
        arithmetic = f"{torch.__version__} {device} {torch.get_num_threads()} {torch.backends.cpu.get_cpu_capability()}"
        told = f"{self.name} {self.fingerprint} {arithmetic} {data.dtype} {tuple(data.shape)}"
        digest = hashlib.sha256(told.encode())
        digest.update(data.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        return f"points-{digest.hexdigest()}"
