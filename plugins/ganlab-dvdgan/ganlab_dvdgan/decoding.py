"""Reading videos: folders of frames, GIFs, and what PyAV reads. One that cannot be read says why, in a few words."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageSequence
from torch import Tensor

from ganlab import DataError
from ganlab_dvdgan.films import FILMS

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"})
ANIMATIONS = frozenset({".gif", ".apng"})


class Unusable(Exception):
    """Why one video cannot be used, in a few words."""


@dataclass(frozen=True)
class Form:
    """How frames are to be: so many channels, and of that height and width, or as they are."""

    channels: int
    size: tuple[int, int] | None
    resize: str

    def frame(self, picture: Image.Image) -> Tensor:
        """The frame as bytes (C, H, W); what is transparent lies on black."""
        if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA"):
            seen = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", seen.size, (0, 0, 0, 255)), seen)
        picture = picture.convert("L" if self.channels == 1 else "RGB")
        if self.size is not None and picture.size != self.size[::-1]:
            picture = picture.resize(self.size[::-1], Image.Resampling.LANCZOS, box=self._box(*picture.size))
        pixels = torch.from_numpy(np.array(picture))
        return pixels[None] if self.channels == 1 else pixels.permute(2, 0, 1).contiguous()

    def _box(self, width: int, height: int) -> tuple[float, float, float, float] | None:
        if self.resize == "stretch" or self.size is None:
            return None
        scale = min(width / self.size[1], height / self.size[0])
        across, down = self.size[1] * scale, self.size[0] * scale
        left, top = (width - across) / 2, (height - down) / 2
        return left, top, left + across, top + down


@dataclass(frozen=True)
class Video:
    """All frames of one, uint8 (T, C, H, W), its name below the folder, and a hash of its content."""

    name: str
    frames: Tensor
    digest: bytes


def read_videos(path: str, form: Form, least: int, memory: int) -> tuple[list[Video], dict[str, list[str]]]:
    """Every video below `path` with `least` frames or more, in the order of names, and the names of others by reason.

    Raises `DataError` if there is no such folder, or if they take more memory.
    """
    root = Path(path)
    if not root.is_dir():
        raise DataError(f"'{path}' is no folder; path names one with folders of frames, GIFs or videos")
    videos: list[Video] = []
    bad: dict[str, list[str]] = {}
    taken = 0
    for name, files in found(root):
        try:
            video = read_video(root, name, files, form)
            if len(video.frames) < least:
                raise Unusable(f"shorter than {least} frames")
        except Unusable as error:
            bad.setdefault(str(error), []).append(name)
            continue
        taken += video.frames.nbytes
        if taken > memory:
            raise DataError(
                f"the videos in '{path}' take more than memory_mib = {memory >> 20}: set a smaller size, or raise it"
            )
        videos.append(video)
    return videos, bad


def found(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Names of videos, and for those that are folders their frames' file names, in order. Hidden ones are passed over,
    and links are not followed."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        visible = sorted(each for each in files if not each.startswith("."))
        place = Path(folder).relative_to(root)
        frames = [each for each in visible if Path(each).suffix.lower() in PICTURES]
        if frames and place.parts:
            yield place.as_posix(), frames
        for each in visible:
            if Path(each).suffix.lower() in FILMS | ANIMATIONS:
                yield (place / each).as_posix(), []


def read_video(root: Path, name: str, files: list[str], form: Form) -> Video:
    """One video. Raises `Unusable`."""
    place = root / name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if files:
                frames = [form.frame(Image.open(place / each)) for each in files]
            elif place.suffix.lower() in ANIMATIONS:
                with Image.open(place) as animation:
                    frames = [form.frame(each) for each in ImageSequence.Iterator(animation)]
            else:
                frames = [form.frame(each) for each in film(place)]
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unusable("broken") from None
    if not frames:
        raise Unusable("without a frame")
    if len({each.shape for each in frames}) > 1:
        raise Unusable("with frames of different sizes (set size)")
    block = torch.stack(frames)
    return Video(name, block, hashlib.sha256(block.numpy().tobytes()).digest())


def film(place: Path) -> Iterable[Image.Image]:
    """The frames of a video file, read by PyAV. Raises `Unusable`."""
    try:
        import av
    except ImportError:
        raise Unusable("need PyAV: pip install 'ganlab-dvdgan[video]'") from None
    try:
        with av.open(str(place)) as container:
            stream: Any = next(iter(container.streams.video), None)
            if stream is None:
                raise Unusable("without a picture")
            return [frame.to_image() for frame in container.decode(stream)]
    except av.FFmpegError:
        raise Unusable("broken") from None
