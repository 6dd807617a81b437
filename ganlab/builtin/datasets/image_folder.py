"""Pictures in a folder, of any number of channels and any shape, with labels from its sub-folders if it has some."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ganlab import DataError, Dataset, Field
from ganlab.builtin.datasets import options
from ganlab.builtin.datasets.options import Background, Channels, Count, Extent, Resize, Share
from ganlab.builtin.datasets.problems import listed, shown


class ImageFolder(Dataset):
    """Field `image` (channels, H, W), and `label` where pictures lie in sub-folders: the first folder of the name.

    `size`: the size pictures must have, or get by `resize`: "crop" takes the largest window of that shape from the
    middle and scales it, "stretch" scales each side for itself (Lanczos). `crop`: training takes a random window of
    that size, held-out samples the middle one; with it alone, pictures may differ in size. `flip`: half of the
    training samples are mirrored. `labels`: "auto" gives labels if there are two sub-folders or more, and every
    picture lies in one. `background` is laid under transparent pictures unless channels is 4 or "keep".
    `held_out`: the share held out, those with the smallest SHA-256. Pictures stay in memory, as bytes, if they take no
    more than `memory_mib`. More than `max_bad` unusable files are an error that lists them.
    """

    def __init__(
        self,
        *,
        path: str,
        channels: Channels = 3,
        size: Extent | None = None,
        resize: Resize = "refuse",
        crop: Extent | None = None,
        flip: bool = False,
        labels: Literal["auto", "folders", "none"] = "auto",
        background: Background = "white",
        held_out: Share = 0.1,
        memory_mib: Count = 1024,
        max_bad: Count = 0,
    ) -> None:
        import torch

        from ganlab.builtin.datasets.cutting import Whole
        from ganlab.builtin.datasets.folder import walk
        from ganlab.builtin.datasets.samples import single, warn
        from ganlab.builtin.datasets.scanning import scan
        from ganlab.builtin.datasets.shapes import common_shapes
        from ganlab.builtin.datasets.streaming import parts

        root = options.place(path)
        decoding = options.decoding(channels, size, resize, background)
        movement = options.movement(size, crop, flip)
        contents = walk(root)
        contents.refuse_empty()
        files = scan(root, contents.names, Whole(decoding), memory_mib << 20)
        found = single(files, contents, Whole(decoding))
        contents.problems.refuse(root, len(found.names), max_bad)
        warn(files, contents)
        shape = common_shapes(found, decoding.size, movement.crop)[0]
        self.fields = {"image": Field("image", shape)}
        classes: tuple[str, ...] = ()
        extra = {}
        if labels == "folders" or (labels == "auto" and all_in_folders(found.names)):
            classes, numbers = first_folders(root, found.names)
            self.fields |= {"label": Field("category", cardinality=len(classes), names=classes)}
            extra = {"label": torch.tensor(numbers)}
        self.train, self.held_out = parts(found, ("image",), extra, movement, held_out)
        self._fingerprint = found.fingerprint(f"{decoding} {movement.crop} {held_out} {classes}")

    def fingerprint(self) -> str:
        return self._fingerprint


def all_in_folders(names: Sequence[str]) -> bool:
    """Whether the first folders of the names, two or more, can be labels."""
    return all("/" in name for name in names) and len({name.partition("/")[0] for name in names}) > 1


def first_folders(root: Path, names: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """The labels, and the number of each name's. Raises `DataError` if a picture lies in no folder."""
    loose = [name for name in names if "/" not in name]
    if loose:
        raise DataError(
            f"labels = 'folders', but {len(loose)} pictures lie in '{shown(str(root))}' itself: {listed(loose)}; move "
            "them into a sub-folder each label, or set labels = 'none'"
        )
    folders = [name.partition("/")[0] for name in names]
    classes = tuple(dict.fromkeys(folders))  # names come in the order of their bytes, so these do too
    number = {folder: index for index, folder in enumerate(classes)}
    return classes, [number[folder] for folder in folders]
