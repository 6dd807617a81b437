"""Clips in memory: all frames in one block of bytes, and where each clip begins in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganlab import Random, Source


class Clips(Source):
    """Field `video` (frames, C, H, W) in [-1, 1], and the fields in `beside`, a row for each clip.

    `block` (all, C, H, W) is uint8, 0..255. A clip is every `step`-th of its frames from one of `starts` (samples,).
    """

    resident = True

    def __init__(
        self, block: Tensor, starts: Tensor, frames: int, step: int = 1, beside: Mapping[str, Tensor] | None = None
    ) -> None:
        self.block = block
        self.starts = starts
        self.frames = frames
        self.step = step
        self.beside = dict(beside or {})

    def __len__(self) -> int:
        return len(self.starts)

    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        times = torch.arange(self.frames, device=self.starts.device) * self.step
        chosen = self.starts[indices][:, None] + times
        clips = self.block[chosen]
        video = clips.to(torch.float32).div_(127.5).sub_(1.0)
        return {"video": video, **{name: values[indices] for name, values in self.beside.items()}}

    def to(self, device: Any) -> Clips:
        beside = {name: values.to(device) for name, values in self.beside.items()}
        return Clips(self.block.to(device), self.starts.to(device), self.frames, self.step, beside)

    def nbytes(self) -> int:
        return sum(each.nbytes for each in (self.block, self.starts, *self.beside.values()))


def in_a_row(videos: Tensor, beside: Mapping[str, Tensor] | None = None) -> Clips:
    """Clips that lie one after another: uint8 (samples, frames, C, H, W)."""
    samples, frames = videos.shape[:2]
    return Clips(videos.flatten(0, 1), torch.arange(samples) * frames, frames, 1, beside)


def levels(pictures: Tensor) -> Tensor:
    """Numbers in [-1, 1] as bytes 0..255."""
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round_().to(torch.uint8)


def fingerprint(*parts: Clips) -> str:
    """SHA-256 over the frames, the beginnings and what stands beside them."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.frames} {part.step};".encode())
        for name, values in {"block": part.block, "starts": part.starts, **part.beside}.items():
            digest.update(f"{name} {values.dtype} {tuple(values.shape)};".encode())
            digest.update(values.cpu().contiguous().numpy().data)
    return digest.hexdigest()
