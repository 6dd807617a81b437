"""A user's own files, read for a generator and written for people: pictures of every format that image-folder reads,
GIFs and folders of frames; PNG and GIF.

`reading` makes conditions of files, `writing` files of samples, `band_png` a PNG of a picture too large for Pillow.
"""

from __future__ import annotations

from pathlib import Path

import ganlab


@ganlab.hookimpl
def ganlab_read_given(path: Path, field: ganlab.Field) -> ganlab.GivenFile | None:
    """Pictures for fields of kind "image"; GIFs and folders of frames for "video"."""
    from ganlab.builtin.files import reading

    if field.kind == "image":
        return reading.picture(path, field)
    return reading.clip(path, field) if field.kind == "video" else None


@ganlab.hookimpl
def ganlab_find_writer(ending: str, kind: str) -> ganlab.SampleWriter | None:
    """PNG of images, GIF of clips."""
    from ganlab.builtin.files import writing

    return {("image", ".png"): writing.PNG, ("video", ".gif"): writing.GIF}.get((kind, ending))
