"""Samples as files: a sheet, a film, arrays, or a folder of pictures. Each is there whole or not at all, and takes the
place of nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import ZipFile

from ganlab.cli.places import new_place
from ganlab.errors import DataError, RecipeError
from ganlab.values import Field, Given, Picture, Sample

if TYPE_CHECKING:
    from ganlab.interfaces.task import Task
    from ganlab.plugins import Plugins

Made = Iterable[tuple[Sample, Given]]
"""Samples and what they were made from, chunk by chunk."""

CHANNELS = (1, 3, 4)
"""How many channels what is shown may have."""

ENDINGS = {"image": ".png", "video": ".gif"}
"""What files in a folder are written as, by kind of field."""


class Form(StrEnum):
    """What an ending asks for; one that is not here may be a film, if a plugin writes it."""

    SHEET = ".png"
    ARRAYS = ".npz"
    FILM = ".gif"
    FILES = "/"


@dataclass(frozen=True)
class NewPath:
    """A place where nothing is yet."""

    path: Path
    form: Form

    @classmethod
    def parse(cls, out: str, plugins: Plugins) -> NewPath:
        """Raises `RecipeError` for an ending that says nothing, `StorageError` if nothing can be written there."""
        ending = "/" if out.endswith("/") else Path(out).suffix.lower()
        if ending not in list(Form):
            if not ending or plugins.find_writer(ending, "video") is None:
                raise RecipeError(f"--out {out}: the ending decides what is written; expected .png, .npz, .gif or /")
            ending = Form.FILM
        return cls(new_place(out), Form(ending))

    @property
    def temporary(self) -> Path:
        """Where it grows until it is whole."""
        return self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")

    @contextmanager
    def file(self) -> Iterator[BinaryIO]:
        """A file that takes its name when it is whole."""
        try:
            with self.temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            self.temporary.rename(self.path)
        finally:
            self.temporary.unlink(missing_ok=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder that takes its name when all its files are there; unless FILES were asked for, one in which the
        file of that name grows."""
        try:
            self.temporary.mkdir()
            yield self.temporary
            (self.temporary if self.form is Form.FILES else self.temporary / self.path.name).rename(self.path)
        finally:
            shutil.rmtree(self.temporary, ignore_errors=True)


def read_arrays(path: Path) -> Mapping[str, Any]:
    """The arrays in a .npz file, by name. Raises `DataError` if there is something else in it."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, AttributeError, EOFError) as error:
        raise DataError(f"--given {path}: is no .npz file of plain arrays ({error})") from None


def arrays(target: NewPath, task: Task, made: Made) -> int:
    """`samples`, other fields that are made, and categories that were given, by name."""
    import numpy as np

    parts: dict[str, list[Any]] = {}
    for sample, given in made:
        first, *others = (name for name in task.makes() if name in sample)
        found = {"samples": sample[first], **{name: sample[name] for name in others}}
        found |= {name: given[name] for name in task.conditions if name in given and _is_category(task, name)}
        for name, value in found.items():
            parts.setdefault(name, []).append(value.numpy())
    whole = {name: np.concatenate(each) for name, each in parts.items()}
    with target.file() as file, ZipFile(file, "w") as archive:
        for name, each in whole.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, each, allow_pickle=False)
    return len(whole["samples"])


def separate(target: NewPath, task: Task, made: Made, plugins: Plugins) -> int:
    """One file per sample, in its own size and channels, named by its number: PNG, or GIF of a clip."""
    name, field = next(iter(task.makes().items()))
    ending = ENDINGS.get(field.kind, "")
    writer = plugins.find_writer(ending, field.kind)
    if writer is None or field.shape[-3] not in CHANNELS:
        raise RecipeError(f"samples of kind '{field.kind}' {field.shape} are no files; say --out FILE.npz")
    from ganlab.assemble.tiles import levels

    number = 0
    with target.folder() as folder:
        for sample, _ in made:
            for each in levels(sample[name].float()):
                writer.write(folder / f"{number:06d}{ending}", each)
                number += 1
    return number


def sheet(target: NewPath, task: Task, made: Made, steps: int) -> int:
    """One picture of all samples; of a journey, one row for each way."""
    from ganlab.pictures import draw, png

    picture = _picture(task, made)
    count = len(picture.data)
    if steps and picture.kind == "image":
        picture = Picture("video", picture.data.reshape(-1, steps, *picture.data.shape[1:]))
    pixels = draw(picture)
    if pixels is None:
        raise _undrawable(picture)
    with target.file() as file:
        file.write(png(pixels))
    return count


def film(target: NewPath, task: Task, made: Made, plugins: Plugins, *, moving: bool) -> int:
    """A film of clips side by side, or of a journey, one sample after the other."""
    import numpy as np
    import torch

    from ganlab.pictures import draw

    picture = _picture(task, made)
    data = picture.data
    if picture.kind == "video":
        frames = [draw(Picture("image", data[:, time])) for time in range(data.shape[1])]
    elif moving:
        frames = [draw(Picture(picture.kind, data[place : place + 1]), picture) for place in range(len(data))]
    else:
        raise RecipeError("--out: samples that do not move are no film; add --interpolate, or say --out FILE.png")
    drawn = [frame for frame in frames if frame is not None]
    writer = plugins.find_writer(target.path.suffix.lower(), "video")
    if writer is None or len(drawn) < len(frames):
        raise _undrawable(picture)
    with target.folder() as folder:
        writer.write(folder / target.path.name, torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2))
    return len(data)


def _picture(task: Task, made: Made) -> Picture:
    """All chunks in one picture."""
    import torch

    pictures = [task.picture(sample, given) for sample, given in made]
    return Picture(pictures[0].kind, torch.cat([each.data for each in pictures]))


def _undrawable(picture: Picture) -> RecipeError:
    shape = tuple(picture.data.shape[1:])
    return RecipeError(f"samples of kind '{picture.kind}' {shape} cannot be drawn; say --out FILE.npz")


def _is_category(task: Task, condition: str) -> bool:
    field = task.fields[condition]
    return isinstance(field, Field) and field.cardinality is not None
