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
        from hashlib import sha256

        import torch

        from ganlab.builtin.datasets.files import Reading, scan
        from ganlab.builtin.datasets.folder import read as read_file
        from ganlab.builtin.datasets.folder import walk
        from ganlab.builtin.datasets.shapes import common_shapes
        from ganlab.builtin.datasets.streaming import parts

        root = Path(path).expanduser()
        decoding = options.decoding(channels, size, resize, background)
        movement = options.movement(size, crop, flip)

        def read(name: str) -> Reading:
            data = read_file(root / name)
            image, animated = decoding.picture(data)
            return Reading((decoding.levels(image),), sha256(data).digest(), animated)

        contents = walk(root)
        found = scan(contents, contents.names, read, memory_bytes=memory_mib << 20, max_bad=max_bad)
        shape = common_shapes(found, decoding.size, movement.crop)[0]
        self.fields = {"image": Field("image", shape)}
        classes: tuple[str, ...] = ()
        extra = {}
        if labels == "folders" or (labels == "auto" and _all_in_folders(found.names)):
            classes, numbers = _first_folders(root, found.names)
            self.fields |= {"label": Field("category", cardinality=len(classes), names=classes)}
            extra = {"label": torch.tensor(numbers)}
        self.train, self.held_out = parts(found, read, ("image",), extra, movement, held_out)
        self._fingerprint = found.fingerprint(f"{decoding} {movement.crop} {held_out} {classes}")

    def fingerprint(self) -> str:
        return self._fingerprint


def _all_in_folders(names: Sequence[str]) -> bool:
    return all("/" in name for name in names) and len({name.partition("/")[0] for name in names}) > 1


def _first_folders(root: Path, names: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
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
