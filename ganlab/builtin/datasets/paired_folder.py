"""Pictures in pairs, for tasks that turn one into the other: side by side in one file, or in two folders.

Side by side is how the data of pix2pix come (Isola et al. 2017, arXiv:1611.07004): A is the left half, B the right.
Two folders are `A` and `B` below `path`, whose files match by their names without the ending.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ganlab import Dataset, Field
from ganlab.builtin.datasets import options
from ganlab.builtin.datasets.options import Background, Channels, Count, Extent, Resize, Share
from ganlab.builtin.datasets.problems import Unusable

if TYPE_CHECKING:
    from ganlab.builtin.datasets.decoding import Decoding
    from ganlab.builtin.datasets.files import Read
    from ganlab.builtin.datasets.folder import Contents


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
        from ganlab.builtin.datasets.files import scan
        from ganlab.builtin.datasets.folder import walk
        from ganlab.builtin.datasets.shapes import common_shapes
        from ganlab.builtin.datasets.streaming import parts

        root = Path(path).expanduser()
        target = options.decoding(channels, size, resize, background)
        source = options.decoding(source_channels or channels, size, resize, background)
        movement = options.movement(size, crop, flip)
        a, b = (source, target) if direction == "a-to-b" else (target, source)

        contents = walk(root)
        twins = layout == "folders" or (layout == "auto" and (root / "A").is_dir() and (root / "B").is_dir())
        names, read = _twins(contents, a, b) if twins else (contents.names, _halves(root, a, b))
        found = scan(contents, names, read, memory_bytes=memory_mib << 20, max_bad=max_bad)
        shapes = common_shapes(found, target.size, movement.crop)
        fields = ("source", "target") if direction == "a-to-b" else ("target", "source")
        kinds = {name: Field("image", shape) for name, shape in zip(fields, shapes, strict=True)}
        self.fields = {"target": kinds["target"], "source": kinds["source"]}
        self.train, self.held_out = parts(found, read, fields, {}, movement, held_out)
        self._fingerprint = found.fingerprint(f"{a} {b} {twins} {direction} {movement.crop} {held_out}")

    def fingerprint(self) -> str:
        return self._fingerprint


def _halves(root: Path, a: Decoding, b: Decoding) -> Read:
    from hashlib import sha256

    from ganlab.builtin.datasets.files import Reading
    from ganlab.builtin.datasets.folder import read

    def halves(name: str) -> Reading:
        data = read(root / name)
        left, animated = a.picture(data)
        right = left if a == b else b.picture(data)[0]
        half, odd = divmod(left.width, 2)
        if odd:
            raise Unusable("of odd width, which are not two pictures side by side")
        cut = a.levels(left.crop((0, 0, half, left.height))), b.levels(right.crop((half, 0, 2 * half, right.height)))
        return Reading(cut, sha256(data).digest(), animated)

    return halves


def _twins(contents: Contents, a: Decoding, b: Decoding) -> tuple[list[str], Read]:
    from hashlib import sha256

    from ganlab.builtin.datasets.files import Reading
    from ganlab.builtin.datasets.folder import read

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

    def twins(stem: str) -> Reading:
        first, second = read(contents.root / sides["A"][stem]), read(contents.root / sides["B"][stem])
        (left, animated), (right, also) = a.picture(first), b.picture(second)
        digest = sha256(sha256(first).digest() + sha256(second).digest()).digest()
        return Reading((a.levels(left), b.levels(right)), digest, animated or also)

    return [stem for stem in sides["A"] if stem in sides["B"]], twins
