"""What is right about clips of moving shapes: are they whole, do they stay what they are, do they move as they must?

Of frames that were predicted, what really came may be asked for (`future`, as many frames as were made): then it says
of each frame whether the shapes are what they should be, and how far from where they should be.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ganlab import Reading, Truth
from ganlab_dvdgan.clips import levels
from ganlab_dvdgan.reading import Seen, look
from ganlab_dvdgan.rendering import COLOURS, MARGIN, Scene, drawn_scene, rendered

DRAWN_AT_ONCE = 256

FRAMES = 8
"""Of controls and baselines."""

SLACK = 0.045
"""How much a shape's step may differ from the one before, in widths a frame: what is read is a fifth of that off."""


class ShapesTruth(Truth):
    """Reads clips (N, T, 3, size, size) of `shapes` shapes of those `kinds`, as `moving-shapes` draws them."""

    made_of = "video"
    baselines = ("copy-last", "mean", "mush")
    properties = {
        "whole": "every frame shows as many whole shapes as there should be, and nothing else",
        "identity": "every shape keeps its colour and its kind from the first frame to the last, and none is lost",
        "motion": "every shape flies straight and no faster or slower than real ones, but for walls",
    }

    def __init__(self, size: int, shapes: int, kinds: Sequence[int], radius: float, speed: tuple[float, float]) -> None:
        self.size = size
        self.shapes = shapes
        self.kinds = list(kinds)
        self.radius = radius
        self.speed = speed

    def drawn_bytes(self, count: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Clips as bytes, and of each the number, among the kinds, of its first shape's kind."""
        clips, labels = [], []
        for start in range(0, count, DRAWN_AT_ONCE):
            scene = self.scene(min(DRAWN_AT_ONCE, count - start), frames, generator)
            clips.append(levels(rendered(scene, self.radius, self.size)))
            labels.append(torch.searchsorted(torch.tensor(self.kinds), scene.kind[:, 0].contiguous()))
        return torch.cat(clips), torch.cat(labels)

    def scene(self, count: int, frames: int, generator: torch.Generator) -> Scene:
        """Where everything is, and what."""
        return drawn_scene(count, frames, self.shapes, self.kinds, self.radius, self.speed, generator)

    def seen(self, clips: Tensor) -> Seen:
        """What each frame of the clips (N, T, C, H, W) shows, by colour: there (N, T, K) and so on."""
        pictures = clips.detach().flatten(0, 1).float()
        if pictures.shape[1] != 3:
            pictures = pictures.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        if pictures.shape[2:] != (self.size, self.size):
            pictures = interpolate(pictures, (self.size, self.size), mode="bilinear", antialias=True)
        frames = look(pictures, self.kinds, self.radius, hiding=self.shapes > 1)
        parts = {name: getattr(frames, name).unflatten(0, clips.shape[:2]) for name in Seen.__annotations__}
        return Seen(**parts)

    def read(self, data: Tensor, asked: Mapping[str, Tensor] | None = None) -> Reading:
        asked = asked or {}
        if not len(data):
            return Reading(math.nan, dict.fromkeys(self.properties, math.nan))
        made = self.seen(data)
        whole = self.frames_whole(made)
        identity = self.kept(made)
        scores = {
            "whole": share(whole),
            "identity": share(identity),
            "motion": share(self.moves(made) & identity),
        }
        values = {} if "future" not in asked else self.against(made, self.seen(asked["future"]))
        return Reading(share(whole.any(1)), scores, values)

    def frames_whole(self, seen: Seen) -> Tensor:
        """Which frames (N, T) show as many shapes as they should; of several, others may hide one."""
        least = self.shapes if self.shapes == 1 else 1
        return seen.clean & (seen.there.sum(2) <= self.shapes) & (seen.there.sum(2) >= least)

    def kept(self, seen: Seen) -> Tensor:
        """In which clips (N,) there are `shapes` colours, each always of one kind, and each seen in the first and the
        last frame and in half of the others; of one shape alone, in all."""
        there, kind = seen.there, seen.kind
        ever = there.any(1)
        steady = torch.ones_like(ever)
        for each in self.kinds:
            of_kind = (there & (kind == each)).sum(1)
            steady &= (of_kind == 0) | (of_kind == there.sum(1))
        often = there.sum(1) * 2 >= there.shape[1]
        needed = there.all(1) if self.shapes == 1 else often
        return (ever.sum(1) == self.shapes) & (~ever | (steady & needed)).all(1) & self.frames_whole(seen).all(1)

    def moves(self, seen: Seen) -> Tensor:
        """In which clips (N,) every shape, away from walls, takes steps of one direction and a real length."""
        step = seen.centre[:, 1:] - seen.centre[:, :-1]
        both = seen.there[:, 1:] & seen.there[:, :-1]
        free = both & self.free(seen.centre[:, :-1], seen.centre[:, 1:])
        length = step.norm(dim=3)
        real = (length >= self.speed[0] - SLACK / 2) & (length <= self.speed[1] + SLACK / 2)
        fine = (real | ~free).all(1)
        if step.shape[1] > 1:
            pair = free[:, 1:] & free[:, :-1]
            straight = (step[:, 1:] - step[:, :-1]).norm(dim=3) <= SLACK
            fine &= (straight | ~pair).all(1)
            fine &= torch.where(both, length, 0.0).amax(1) >= self.speed[0] - SLACK / 2  # or it stands still at a wall
        everywhere: Tensor = (fine | ~seen.there.any(1)).all(1)
        return everywhere

    def free(self, before: Tensor, after: Tensor) -> Tensor:
        """Whether a step cannot have met a wall: the way to it and back is longer than any shape goes."""
        wall, fastest = MARGIN * self.radius, self.speed[1] + SLACK
        from_low, from_high = before + after - 2 * wall, 2 - before - after - 2 * wall
        return ((from_low > fastest) & (from_high > fastest)).all(-1)

    def against(self, made: Seen, real: Seen) -> Mapping[str, float]:
        """Frame by frame, over the shapes that can be read in the real one: the share of clips in which all of them are
        read with the right identity, and how far their centres are off, in pixels, where they are."""
        values = {}
        for time in range(real.there.shape[1]):
            there = real.there[:, time]
            right = there & made.there[:, time] & (made.kind[:, time] == real.kind[:, time])
            strange = made.there[:, time] & ~there
            off = (made.centre[:, time] - real.centre[:, time]).norm(dim=2) * self.size
            values[f"identity/t+{time + 1}"] = share((right | ~there).all(1) & ~strange.any(1))
            values[f"centre-error/t+{time + 1}"] = float(off[right].mean()) if right.any() else math.nan
        return values

    def control(self, name: str, count: int) -> Tensor:
        generator = seeded(name)
        scene = self.scene(count, FRAMES, generator)
        if name == "motion":
            angle = torch.rand(count, FRAMES, self.shapes, generator=generator) * 2 * math.pi
            steps = sum(self.speed) / 2 * torch.stack([angle.cos(), angle.sin()], 3)
            low = MARGIN * self.radius
            centres = (scene.centres[:, :1] + steps.cumsum(1)).clamp(low, 1 - low)
            return rendered(Scene(centres, scene.kind, scene.colour), self.radius, self.size)
        if name == "identity":
            later = Scene(scene.centres, scene.kind, (scene.colour + 1) % len(COLOURS))
            first, last = (rendered(each, self.radius, self.size) for each in (scene, later))
            return torch.cat([first[:, : FRAMES // 2], last[:, FRAMES // 2 :]], 1)
        if name == "whole":
            clips = rendered(scene, self.radius, self.size)
            return (clips + clips.roll(1, 0)) / 2
        raise KeyError(f"there is no property '{name}'; expected one of {', '.join(self.properties)}")

    def baseline(self, name: str, count: int) -> Tensor:
        clips = rendered(self.scene(count, FRAMES, seeded("baseline")), self.radius, self.size)
        if name == "copy-last":
            return clips[:, :1].expand_as(clips).contiguous()
        if name == "mean":
            return clips.mean((0, 1), keepdim=True).expand_as(clips).contiguous()
        if name == "mush":
            return torch.stack([clips.roll(each, 0) for each in range(4)]).mean(0)
        raise KeyError(f"there is no baseline '{name}'; expected one of {', '.join(self.baselines)}")


def share(flags: Tensor) -> float:
    """The share of true ones."""
    return float(flags.double().mean())


def seeded(name: str) -> torch.Generator:
    """A generator of its own for that name; datasets' seeds are below 2**31."""
    return torch.Generator().manual_seed(2**40 + zlib.crc32(name.encode()))
