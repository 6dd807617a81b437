"""A generator of layers: each is drawn once for a clip, and every frame only says where it is.

So whatever it draws stays what it is for as long as the clip lasts. The discriminators and the recurrent unit are those
of DVD-GAN (Clark et al. 2019, arXiv:1907.06571); layers that lie over a still background are those of Vondrick et al.
2016 (arXiv:1609.02612), who have one that is drawn afresh in every frame; moving them whole is what Finn et al. 2016
(arXiv:1605.07157, section 3) call spatial transformers, here of shifts alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from ganlab import Field
from ganlab_dvdgan.conditions import embeddings, joined, length
from ganlab_dvdgan.layers import Block, ConvGRU


class LayeredGenerator(nn.Module):
    """`forward(*given)` -> clips (N, frames, C, H, W) in [-1, 1], of a latent, a label or both, in `fields`' order.

    A convolutional GRU on the smallest maps has a state for every frame. The first is doubled to the frame's size and
    becomes the background, and the `layers`, halved `halved` times less often; every one is read for the place of each
    layer's middle, which never leaves the frame. `channels` are those of the maps from the smallest to the frame's.
    """

    def __init__(
        self, fields: Sequence[Field], made: Field, channels: Sequence[int], *, layers: int, halved: int
    ) -> None:
        super().__init__()
        self.kinds = [field.kind for field in fields]
        self.frames, self.colours, height, width = made.shape
        halvings = len(channels) - 1
        self.smallest = (height >> halvings, width >> halvings)
        self.count = layers
        self.labels = embeddings(fields)
        size = length(fields)
        pixels = self.smallest[0] * self.smallest[1]
        self.enter = nn.Linear(size, channels[0] * pixels)
        self.unit = ConvGRU(channels[0], channels[0])
        self.place = nn.Linear(channels[0] * pixels, 2 * layers)
        self.blocks = nn.ModuleList(
            Block(before, after, norm=True, condition=size, double=True) for before, after in pairwise(channels)
        )
        self.halved = halved
        self.background = nn.Conv2d(channels[-1], self.colours, 3, padding=1)
        self.layers = nn.Conv2d(channels[-1 - halved], layers * (self.colours + 1), 3, padding=1)

    def forward(self, *given: Tensor) -> Tensor:
        with parametrize.cached():
            return self._made(joined(dict(zip(self.kinds, given, strict=True)), self.labels))

    def _made(self, condition: Tensor | None) -> Tensor:
        assert condition is not None
        maps = self.enter(condition).unflatten(1, (-1, *self.smallest))
        states = self.unit(maps, torch.zeros_like(maps), self.frames)
        places = self.place(states.flatten(2)).tanh().unflatten(2, (self.count, 2))
        pyramid = [states[:, 0]]
        for block in self.blocks:
            pyramid.append(block(pyramid[-1], condition))
        clip: Tensor = self.background(torch.relu(pyramid[-1])).tanh()[:, None]
        layers = self.layers(torch.relu(pyramid[-1 - self.halved]))
        for layer, place in zip(layers.chunk(self.count, 1), places.unbind(2), strict=True):
            clip = laid(clip, layer[:, :-1].tanh(), layer[:, -1:].sigmoid(), place)
        return clip


def laid(clips: Tensor, layer: Tensor, there: Tensor, place: Tensor) -> Tensor:
    """Clips (N, T or 1, C, H, W) with a layer (N, C, h, w) over them, as far as it is `there` (N, 1, h, w), 0..1.

    `place` (N, T, 2) is where its middle lies, right and down, from -1 to 1: edges of the frame. Beyond its own edges
    it is not there.
    """
    (high, wide), (height, width) = layer.shape[2:], clips.shape[3:]
    across = ((torch.arange(width, device=layer.device) + 0.5) * (2 / width) - 1 - place[..., :1]) * (width / wide)
    down = ((torch.arange(height, device=layer.device) + 0.5) * (2 / height) - 1 - place[..., 1:]) * (height / high)
    across, down = across[:, :, None].expand(-1, -1, height, -1), down[..., None].expand(-1, -1, -1, width)
    grid = torch.stack([across, down], 4).flatten(0, 1)
    inked = torch.cat([(layer + 1) * there, there], 1).repeat_interleave(place.shape[1], 0)
    moved = F.grid_sample(inked, grid.to(inked.dtype), align_corners=False)
    frames = moved.reshape(*place.shape[:2], *moved.shape[1:])
    return (clips + 1) * (1 - frames[:, :, -1:]) + frames[:, :, :-1] - 1
