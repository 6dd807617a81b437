"""The temporal discriminator: does a clip, seen small, move as real ones do?

Clark et al. 2019 (arXiv:1907.06571), section 3.2: the first two residual blocks see space and time, the others each
frame alone; features are summed over space and averaged over time. The spatial one judges single frames: any of
images will do.
"""

from __future__ import annotations

from torch import Tensor, nn

from ganlab import Field
from ganlab_dvdgan.layers import Block, ClipBlock


class ClipDiscriminator(nn.Module):
    """`forward(clips, label=None)` -> logits (N,), of clips (N, T, C, H, W)."""

    def __init__(self, seen: Field, condition: Field | None, channels: list[int], *, halvings: int) -> None:
        super().__init__()
        first, second = channels[0], channels[min(1, len(channels) - 1)]
        self.clip_blocks = nn.ModuleList([ClipBlock(seen.shape[1], first, first=True)])
        if halvings > 1:
            self.clip_blocks.append(ClipBlock(first, second, first=False))
        last = second if halvings > 1 else first
        blocks = []
        for level in range(2, halvings):
            blocks.append(Block(last, channels[min(level, len(channels) - 1)], halve=True))
            last = channels[min(level, len(channels) - 1)]
        self.frame_blocks = nn.Sequential(*blocks, Block(last, last), nn.ReLU())
        self.judge = nn.Linear(last, 1)
        self.embed = None if condition is None else nn.Embedding(condition.cardinality or 1, last)

    def forward(self, clips: Tensor, label: Tensor | None = None) -> Tensor:
        maps = clips.transpose(1, 2)
        for block in self.clip_blocks:
            maps = block(maps)
        frames = maps.transpose(1, 2)
        features = self.frame_blocks(frames.flatten(0, 1)).unflatten(0, frames.shape[:2]).sum((3, 4)).mean(1)
        logits: Tensor = self.judge(features).squeeze(1)
        if self.embed is not None and label is not None:
            logits = logits + (self.embed(label) * features).sum(1)
        return logits
