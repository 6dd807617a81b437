"""From a user's file, or folder of frames, to what a generator is given: decoded as a dataset decodes it."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import torch
from PIL import Image, ImageSequence
from torch import Tensor

from ganlab import Field, GivenFile
from ganlab.builtin.datasets.claims import LARGEST_PIXELS
from ganlab.builtin.datasets.decoding import MODES, Decoding
from ganlab.builtin.datasets.folder import ENDINGS, begins_like_a_picture
from ganlab.builtin.datasets.opening import FIRST_FRAME, open_picture
from ganlab.builtin.datasets.problems import Unusable
from ganlab.builtin.datasets.reaching import read
from ganlab.builtin.datasets.resident import pictures

GIF = b"GIF8"


def picture(path: Path, field: Field) -> GivenFile | None:
    """The picture in a file, in its own size, with the channels of the field (C, H, W)."""
    if not looks_like_a_picture(path):
        return None
    try:
        decoding = _decoding(field.shape[0])
        image, facts = open_picture(read(path.parent, path.name)[0])
        notes = tuple(note for note in facts.notes if note == FIRST_FRAME)
        return GivenFile(pictures(decoding.levels(decoding.convert(image))), notes=notes)
    except Unusable as problem:
        return GivenFile(problem=str(problem))


def clip(path: Path, field: Field) -> GivenFile | None:
    """All frames of a GIF, or of a folder of pictures, ordered by name and number, with the channels of the field
    (T, C, H, W). A folder in which there are GIFs or further folders is no clip."""
    if path.is_dir():
        inside = [each for each in path.iterdir() if not each.name.startswith(".")]
        frames = [each for each in inside if looks_like_a_picture(each)]
        if not frames or any(each.is_dir() or each.suffix.lower() == ".gif" for each in inside):
            return None
        return _of_frames(sorted(frames, key=_by_number), field)
    return _of_gif(path, field) if looks_like_a_picture(path) and path.suffix.lower() == ".gif" else None


def looks_like_a_picture(path: Path) -> bool:
    """By its ending, or by its first bytes."""
    if not path.is_file():
        return False
    return path.name.lower().endswith(ENDINGS) or begins_like_a_picture(path.parent, path.name)


def _of_frames(paths: list[Path], field: Field) -> GivenFile:
    frames: list[Tensor] = []
    for each in paths:
        try:
            image, _ = open_picture(read(each.parent, each.name)[0])
            frames.append(_decoding(field.shape[1]).levels(_decoding(field.shape[1]).convert(image)))
            _check(frames)
        except Unusable as problem:
            return GivenFile(problem=f"not usable: frame '{each.name}' is {problem}")
    return GivenFile(pictures(torch.stack(frames)))


def _of_gif(path: Path, field: Field) -> GivenFile:
    try:
        decoding = _decoding(field.shape[1])
        data = read(path.parent, path.name)[0]
        open_picture(data)  # says in words what is wrong with it
        frames: list[Tensor] = []
        for frame in ImageSequence.Iterator(Image.open(io.BytesIO(data), formats=["GIF"])):
            frames.append(decoding.levels(decoding.convert(frame.convert("RGBA"))))
            _check(frames)
        return GivenFile(pictures(torch.stack(frames)))
    except Unusable as problem:
        return GivenFile(problem=str(problem))
    except (OSError, ValueError, SyntaxError, EOFError, IndexError):
        return GivenFile(problem="truncated or damaged")


def _decoding(channels: int) -> Decoding:
    if channels not in MODES:
        raise Unusable(f"a file, and no file holds a condition of {channels} channels; give arrays, FILE.npz")
    return Decoding(channels)


def _check(frames: list[Tensor]) -> None:
    """Frames so far are of one size, and not too many."""
    if frames[-1].shape != frames[0].shape:
        raise Unusable(f"{_size(frames[-1])}, and the first frame {_size(frames[0])}")
    if frames[0][0].numel() * len(frames) > LARGEST_PIXELS:
        raise Unusable(f"over {LARGEST_PIXELS // 1_000_000} megapixels, all frames together")


def _size(frame: Tensor) -> str:
    return f"{frame.shape[-2]} x {frame.shape[-1]}"


def _by_number(path: Path) -> tuple[list[tuple[int, str]], bytes]:
    """`frame2` before `frame10`."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(each), "") if each.isdigit() else (-1, each) for each in parts], os.fsencode(path.name)
