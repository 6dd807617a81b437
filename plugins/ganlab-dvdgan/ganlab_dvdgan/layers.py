"""Parts of the networks: the convolutional GRU, norms that a condition steers, residual blocks, spectral norm.

Sources: Ballas et al. 2016 (arXiv:1511.06432) for the recurrent unit, Clark et al. 2019 (arXiv:1907.06571), section 3.1
and appendix A, for its form and its blocks, Brock et al. 2019 (arXiv:1809.11096) for orthogonal beginnings.
"""

from __future__ import annotations

from math import gcd

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

_WEIGHTED = (nn.Linear, nn.Conv2d, nn.Conv3d, nn.Embedding)


class ConvGRU(nn.Module):
    """Maps of T moments (N, T, before, H, W) and a state (N, after, H, W) -> states of T moments (N, T, after, H, W).

    With `still` maps (N, before, H, W), the same at every moment, `moments` says how many there are.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.after = after
        self.enter = nn.Conv2d(before, 3 * after, 3, padding=1)
        self.gates = nn.Conv2d(after, 2 * after, 3, padding=1, bias=False)
        self.candidate = nn.Conv2d(after, after, 3, padding=1, bias=False)

    def forward(self, maps: Tensor, state: Tensor, moments: int | None = None) -> Tensor:
        entered: list[Tensor]
        if moments is not None:
            entered = [self.enter(maps)] * moments
        else:
            entered = list(self.enter(maps.flatten(0, 1)).unflatten(0, maps.shape[:2]).unbind(1))
        states = []
        for each in entered:
            update, reset = (self.gates(state) + each[:, : 2 * self.after]).sigmoid().chunk(2, 1)
            fresh = F.relu(self.candidate(reset * state) + each[:, 2 * self.after :])
            state = update * state + (1 - update) * fresh
            states.append(state)
        return torch.stack(states, 1)


class FrameNorm(nn.Module):
    """Groups of the channels of each frame alone (M, C, H, W), with gains and shifts from the condition (M, size).

    Never pools over time, so that a clip may be longer than in training. Without a condition they are learnt numbers.
    """

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(gcd(channels, 8), channels, affine=not condition)
        self.steer = nn.Linear(condition, 2 * channels) if condition else None

    def forward(self, maps: Tensor, condition: Tensor | None) -> Tensor:
        maps = self.norm(maps)
        if self.steer is None or condition is None:
            return maps
        gain, shift = self.steer(condition)[..., None, None].chunk(2, 1)
        steered: Tensor = maps * (1 + gain) + shift
        return steered


class Block(nn.Module):
    """(M, before, H, W) -> (M, after, H, W), or twice the size with `double`, or half with `halve`."""

    def __init__(
        self,
        before: int,
        after: int,
        *,
        norm: bool = False,
        condition: int = 0,
        double: bool = False,
        halve: bool = False,
    ) -> None:
        super().__init__()
        self.norms = nn.ModuleList([FrameNorm(each, condition) for each in (before, after)] if norm else [])
        self.first = nn.Conv2d(before, after, 3, padding=1)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1) if before != after else nn.Identity()
        self.doubles, self.halves = double, halve

    def forward(self, maps: Tensor, condition: Tensor | None = None) -> Tensor:
        inner = F.relu(self.norms[0](maps, condition) if self.norms else maps)
        shortcut = self.shortcut(maps)
        if self.doubles:
            inner, shortcut = (F.interpolate(each, scale_factor=2.0) for each in (inner, shortcut))
        inner = self.first(inner)
        inner = F.relu(self.norms[1](inner, condition) if self.norms else inner)
        whole: Tensor = self.second(inner) + shortcut
        return F.avg_pool2d(whole, 2) if self.halves else whole


class ClipBlock(nn.Module):
    """The same in space and time (N, before, T, H, W), halved in space; `first` sees the clip itself."""

    def __init__(self, before: int, after: int, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.layers = nn.ModuleList([nn.Conv3d(before, after, 3, padding=1), nn.Conv3d(after, after, 3, padding=1)])
        self.shortcut = nn.Conv3d(before, after, 1)

    def forward(self, clips: Tensor) -> Tensor:
        inner = self.layers[0](clips if self.first else F.relu(clips))
        inner = self.layers[1](F.relu(inner))
        shortcut: Tensor = self.shortcut(F.avg_pool3d(clips, (1, 2, 2)))
        return F.avg_pool3d(inner, (1, 2, 2)) + shortcut


def finished(network: nn.Module, *, spectral: bool) -> nn.Module:
    """Orthogonal weights, biases of 0, and, if `spectral`, the largest singular value of every weight near 1."""
    for module in list(network.modules()):
        if isinstance(module, _WEIGHTED):
            nn.init.orthogonal_(module.weight)
            if isinstance(bias := getattr(module, "bias", None), Tensor):
                nn.init.zeros_(bias)
            if spectral:
                spectral_norm(module)
    for module in network.modules():
        if isinstance(module, FrameNorm) and module.steer is not None and not spectral:
            nn.init.zeros_(module.steer.weight)
    return network
