"""Pictures in pairs, for tasks that turn one into the other: side by side in one file, or in two folders.

Side by side is how the data of pix2pix come (Isola et al. 2017, arXiv:1611.07004): A is the left half, B the right.
Two folders are `A` and `B` below `path`, whose files match by their names without the ending.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ganlab import Dataset, Field
from ganlab.builtin.datasets import options
from ganlab.builtin.datasets.options import Background, Channels, Count, Extent, Resize, Share

if TYPE_CHECKING:
    from ganlab.builtin.datasets.decoding import Decoding
    from ganlab.builtin.datasets.files import Files
    from ganlab.builtin.datasets.folder import Contents
    from ganlab.builtin.datasets.samples import Samples


class PairedFolder(Dataset):
    """Fields `target` and `source`, (channels, H, W) each: with direction "a-to-b" A is the source.

    `layout`: "halves" cuts each file in the middle, "folders" matches the files of A and B, "auto" takes "folders" if
    there are both. `source_channels` are those of the source, if they differ. `size`, `resize`, `crop`, `flip`,
    `background`, `held_out`, `memory_mib` and `max_bad` are those of image-folder, for each picture of a pair; windows
    and mirrors move both together. Pictures of a pair may differ in size only if crop is left out.
    """

    def __init__(
        self,
        *,
        path: str,
        layout: Literal["auto", "halves", "folders"] = "auto",
        direction: Literal["a-to-b", "b-to-a"] = "a-to-b",
        channels: Channels = 3,
        source_channels: Channels | None = None,
        size: Extent | None = None,
        resize: Resize = "refuse",
        crop: Extent | None = None,
        flip: bool = False,
        background: Background = "white",
        held_out: Share = 0.1,
        memory_mib: Count = 1024,
        max_bad: Count = 0,
    ) -> None:
        from ganlab.builtin.datasets.folder import walk
        from ganlab.builtin.datasets.samples import warn
        from ganlab.builtin.datasets.shapes import common_shapes
        from ganlab.builtin.datasets.streaming import parts

        root = options.place(path)
        target = options.decoding(channels, size, resize, background)
        source = options.decoding(source_channels or channels, size, resize, background)
        movement = options.movement(size, crop, flip)
        a, b = (source, target) if direction == "a-to-b" else (target, source)

        contents = walk(root)
        contents.refuse_empty()
        twins = layout == "folders" or (layout == "auto" and both_folders(root))
        files, found = (look_at_twins if twins else look_at_halves)(contents, a, b, memory_mib << 20)
        contents.problems.refuse(root, len(found.names), max_bad)
        warn(files, contents)
        shapes = common_shapes(found, target.size, movement.crop)
        fields = ("source", "target") if direction == "a-to-b" else ("target", "source")
        kinds = {name: Field("image", shape) for name, shape in zip(fields, shapes, strict=True)}
        self.fields = {"target": kinds["target"], "source": kinds["source"]}
        self.train, self.held_out = parts(found, fields, {}, movement, held_out)
        self._fingerprint = found.fingerprint(f"{a} {b} {twins} {direction} {movement.crop} {held_out}")

    def fingerprint(self) -> str:
        return self._fingerprint


def both_folders(root: Path) -> bool:
    """Whether there are A and B, so that "auto" takes them for pairs."""
    return all((root / name).is_dir() for name in ("A", "B"))


def look_at_halves(contents: Contents, a: Decoding, b: Decoding, memory_bytes: int) -> tuple[Files, Samples]:
    """All files, each of which is a pair side by side."""
    from ganlab.builtin.datasets.cutting import Halves
    from ganlab.builtin.datasets.samples import single
    from ganlab.builtin.datasets.scanning import scan

    files = scan(contents.root, contents.names, Halves(a, b), memory_bytes)
    return files, single(files, contents, Halves(a, b))


def look_at_twins(contents: Contents, a: Decoding, b: Decoding, memory_bytes: int) -> tuple[Files, Samples]:
    """All files of A and B that have a partner in the other; those without one become problems."""
    from ganlab.builtin.datasets.cutting import Sides
    from ganlab.builtin.datasets.samples import paired
    from ganlab.builtin.datasets.scanning import scan

    sides = _sides(contents)
    pairs = {stem: (name, sides["B"][stem]) for stem, name in sides["A"].items() if stem in sides["B"]}
    names = sorted((name for pair in pairs.values() for name in pair), key=os.fsencode)
    files = scan(contents.root, names, Sides(a, b), memory_bytes)
    return files, paired(files, contents, Sides(a, b), pairs)


def _sides(contents: Contents) -> dict[str, dict[str, str]]:
    """Names by their stems, in A and in B."""
    sides: dict[str, dict[str, str]] = {"A": {}, "B": {}}
    for name in contents.names:
        folder, _, rest = name.partition("/")
        stem = rest.rpartition(".")[0] or rest
        if not rest or folder not in sides:
            contents.problems.add("neither in A nor in B", name)
        elif stem in sides[folder]:
            contents.problems.add("named like another but for the ending", name)
        else:
            sides[folder][stem] = name
    for folder, other in (("A", "B"), ("B", "A")):
        for stem, name in sides[folder].items():
            if stem not in sides[other]:
                contents.problems.add(f"without a partner in {other}", name)
    return sides
