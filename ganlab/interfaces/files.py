"""What passes between samples and the files of a user: pictures, films, whatever a plugin knows to read or write.

Three instances: a photograph that is to be translated, a folder of frames that is to be gone on with, an MP4 that a
plugin writes. The answers to the questions `ganlab_read_given` and `ganlab_find_writer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class GivenFile:
    """One condition of a user's own, or why there is none.

    `data` is float32 in [-1, 1] in the form of the condition's field, (C, H, W) or (T, C, H, W), with the field's
    channels; height, width and the number of frames are the file's. `problem` says in a few words why it cannot be
    used ("truncated or damaged"); `notes` what was left out or converted.
    """

    data: Tensor | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleWriter:
    """`write(path, levels)` makes the file `path`, which is not there yet, of one sample: uint8 0..255, (C, H, W) or
    (T, C, H, W)."""

    write: Callable[[Path, Tensor], None]
