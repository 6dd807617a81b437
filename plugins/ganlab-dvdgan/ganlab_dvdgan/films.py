"""Video files through PyAV: read for `ganlab sample --given FILE.mp4`, written for `--out FILE.mp4` and `DIR/`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ganlab

if TYPE_CHECKING:
    from torch import Tensor

FILMS = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg"})
"""Endings of files that are read."""

RATE = Fraction(50, 3)
"""Frames a second: 60 ms each, as in the GIFs that ganlab writes."""

CODEC = "mpeg4"
"""In every build of FFmpeg, and free of patents."""

ENDINGS = frozenset({".mp4", ".avi", ".mov", ".mkv"})
"""Of files that are written."""

BITS_PER_SECOND = 4_000_000


@ganlab.hookimpl
def ganlab_read_given(path: Path, field: ganlab.Field) -> ganlab.GivenFile | None:
    """All frames of a video file, with the field's channels."""
    from ganlab_dvdgan.decoding import Form, Unusable, read_video

    if field.kind != "video" or path.suffix.lower() not in FILMS or not path.is_file():
        return None
    try:
        frames = read_video(path.parent, path.name, [], Form(1 if field.shape[1] == 1 else 3, None, "crop")).frames
    except Unusable as problem:
        return ganlab.GivenFile(problem=str(problem))
    return ganlab.GivenFile(frames.float().div(127.5).sub(1))


@ganlab.hookimpl
def ganlab_find_writer(ending: str, kind: str) -> ganlab.SampleWriter | None:
    """MP4, AVI, MOV and MKV of clips, where PyAV is there."""
    from importlib.util import find_spec

    if kind != "video" or ending not in ENDINGS or find_spec("av") is None:
        return None
    return ganlab.SampleWriter(write_film)


def write_film(path: Path, levels: Tensor) -> None:
    """One clip (T, C, H, W); a side that is odd, which the codec does not take, gets its last pixels twice."""
    import av
    import numpy as np

    pixels = levels.permute(0, 2, 3, 1).numpy()
    pixels = pixels.repeat(3, axis=3) if pixels.shape[3] == 1 else pixels[..., :3]
    pixels = np.pad(pixels, ((0, 0), (0, pixels.shape[1] % 2), (0, pixels.shape[2] % 2), (0, 0)), mode="edge")
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(CODEC, rate=RATE)
        stream.height, stream.width = pixels.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = BITS_PER_SECOND
        for each in pixels:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(each), format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
