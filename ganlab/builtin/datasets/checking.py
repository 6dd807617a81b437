"""What `ganlab data check` tells of a folder of pictures, or of pairs: found by the scan that a run would make."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from ganlab import DataError, DataReport, Picture
from ganlab.builtin.datasets.cutting import Whole
from ganlab.builtin.datasets.decoding import Decoding
from ganlab.builtin.datasets.folder import Contents, walk
from ganlab.builtin.datasets.image_folder import all_in_folders, first_folders
from ganlab.builtin.datasets.opening import Facts
from ganlab.builtin.datasets.paired_folder import both_folders, look_at_twins
from ganlab.builtin.datasets.problems import shown
from ganlab.builtin.datasets.resident import pictures
from ganlab.builtin.datasets.samples import Samples, single
from ganlab.builtin.datasets.scanning import scan
from ganlab.builtin.datasets.shapes import common_shapes
from ganlab.builtin.datasets.streaming import split

HELD_OUT = 0.1
SIZES = (8, 16, 32, 64, 128)
"""Sides that may be proposed where pictures differ in size: what networks of stages can make."""

PREVIEW_SIDE = 128
COLOURS = {1: "grey", 3: "colour", 4: "with transparency"}


def check_folder(root: Path) -> DataReport:
    """The report on a folder: of pairs if there are A and B in it, else of single pictures."""
    contents = walk(root)
    twins = both_folders(root)
    if twins:
        files, samples = look_at_twins(contents, Decoding(), Decoding(), 0)
    else:
        files = scan(root, contents.names, Whole(Decoding()), 0)
        samples = single(files, contents, Whole(Decoding()))
    facts = [verdict for place, verdict in enumerate(files.verdicts) if isinstance(verdict, Facts)]
    one_size = _passes(lambda: common_shapes(samples, None, None))
    names = {"name": "paired-folder" if twins else "image-folder", "path": str(root)}
    return DataReport(
        kind="a folder of pairs of pictures, A and B" if twins else "a folder of pictures",
        samples=len(samples.names),
        held_out=len(split(samples, HELD_OUT)[1]) if _passes(lambda: split(samples, HELD_OUT)) else 0,
        sizes=_counted(f"{each.height} x {each.width}" for each in facts),
        channels=_counted(COLOURS[each.channels] for each in facts),
        conversions=_counted(note for each in facts for note in each.notes),
        classes=_classes(samples),
        duplicates=_duplicates(samples),
        problems=contents.problems.names,
        passed_over=dict(sorted(contents.passed.items())),
        refusals=_refusals(contents, samples),
        notes=_notes(contents, [] if twins else facts),
        dataset=names | _options(contents, facts, one_size),
        preview=_preview(samples, facts) if samples.names else None,
    )


def _refusals(contents: Contents, samples: Samples) -> list[str]:
    """Why a dataset without further options would not be made."""
    where, bad = f"in '{shown(str(contents.root))}'", len(contents.problems)
    advice = f"remove them or set max_bad = {bad}" if samples.names else "there is nothing else to use"
    refusals = [f"{group} {where} cannot be used; {advice}" for group in contents.problems.groups()]
    checks: list[Callable[[], object]] = [contents.refuse_empty]
    if samples.names:
        checks += [lambda: common_shapes(samples, None, None), lambda: split(samples, HELD_OUT)]
    for check in checks:
        try:
            check()
        except DataError as refusal:
            refusals.append(str(refusal))
    return refusals


def _passes(check: Callable[[], object]) -> bool:
    try:
        check()
    except (DataError, IndexError):  # there may be no sample at all
        return False
    return True


def _options(contents: Contents, facts: list[Facts], one_size: bool) -> dict[str, Any]:
    """What must be said, and what is better said, to use as much as can be used."""
    options: dict[str, Any] = {}
    if facts and all(each.channels == 1 for each in facts):
        options["channels"] = 1
    if facts and not one_size:
        side = median(min(each.height, each.width) for each in facts)
        options |= {"size": max((each for each in SIZES if each <= side), default=SIZES[0]), "resize": "crop"}
    if facts and contents.problems:
        options["max_bad"] = len(contents.problems)
    return options


def _notes(contents: Contents, facts: list[Facts]) -> list[str]:
    notes = []
    if facts and all(each.width == 2 * each.height for each in facts):
        notes.append("every picture is twice as wide as high: for pairs side by side say name = 'paired-folder'")
    if contents.disguised:
        notes.append(f"{contents.disguised} files are taken for pictures by their first bytes, whatever their endings")
    return notes


def _classes(samples: Samples) -> dict[str, int]:
    if len(samples.files) > 1 or not all_in_folders(samples.names):
        return {}
    classes, numbers = first_folders(samples.root, samples.names)
    counts = Counter(numbers)
    return {name: counts[number] for number, name in enumerate(classes)}


def _duplicates(samples: Samples) -> list[list[str]]:
    counts = Counter(samples.digests)
    copies: defaultdict[bytes, list[str]] = defaultdict(list)
    for name, digest in zip(samples.names, samples.digests, strict=True):
        if counts[digest] > 1:
            copies[digest].append(name)
    return list(copies.values())


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _preview(samples: Samples, facts: list[Facts]) -> Callable[[int], Picture]:
    """Samples small enough for a sheet, the pictures of one beside each other."""

    def preview(count: int) -> Picture:
        sizes = {(each.height, each.width) for each in facts}
        height, width = sizes.pop() if len(sizes) == 1 else (PREVIEW_SIDE, PREVIEW_SIDE)
        scale = min(1.0, PREVIEW_SIDE / max(height, width))
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        small = replace(samples, cut=Whole(Decoding(3, size=size, resize="crop")), kept=None)
        chosen = torch.linspace(0, len(samples.names) - 1, min(count, len(samples.names))).round().long()
        rows = [torch.cat(small.pictures(index), dim=2) for index in chosen.tolist()]
        return Picture("image", pictures(torch.stack(rows)))

    return preview
