"""What `ganlab data check` tells of a NumPy .npz file: found by the dataset that a run would make."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganlab import DataError, DataReport, Picture
from ganlab.builtin.datasets.archive import Archive
from ganlab.builtin.datasets.npz import Npz
from ganlab.builtin.datasets.problems import shown

KIND = "arrays in an .npz file"
MOST_BYTES = 4096 << 20
RANGES = ((0, 1), (-1, 1), (0, 255), (0, 65535))
"""What pictures usually run from and to, the narrowest first."""


def check_npz(path: Path) -> DataReport:
    """The report on a file; the options it proposes name the array, its labels and its range where they must be."""
    named: dict[str, Any] = {"name": "npz", "path": str(path)}
    refusals = _refusals(path)
    try:
        archive = Archive(path, MOST_BYTES)
        options = _options(path, archive)
        dataset = Npz(path=str(path), **options)
        name = options.get("array") or archive.only(None)
        values = archive.read(name)
    except DataError as refusal:
        return DataReport(KIND, 0, refusals=refusals or [str(refusal)], dataset=named)
    kind, field = next(iter(dataset.fields.items()))
    size = " x ".join(map(str, field.shape if kind == "point" else field.shape[1:]))
    scaled = kind == "image" and values.dtype != np.uint8
    return DataReport(
        kind=KIND,
        samples=len(values),
        held_out=len(dataset.held_out),
        sizes={size if kind == "image" else f"points of {size} numbers": len(values)},
        channels={
            {1: "grey", 3: "colour"}.get(n, f"{n} channels"): len(values) for n in field.shape[: kind == "image"]
        },
        conversions={f"{values.dtype} scaled": len(values)} if scaled else {},
        classes=_classes(dataset),
        duplicates=_duplicates(values),
        refusals=refusals,
        notes=_notes(archive, name, options),
        dataset=named | options,
        preview=_preview(dataset, kind),
    )


def _refusals(path: Path, **options: Any) -> list[str]:
    """Why a dataset of these options is not made."""
    try:
        Npz(path=str(path), **options)
    except DataError as refusal:
        return [str(refusal)]
    return []


def _options(path: Path, archive: Archive) -> dict[str, Any]:
    """What must be said so that a dataset can be made, if anything helps. Raises `DataError`."""
    options: dict[str, Any] = {}
    shapes = {name: archive.shape(name) for name in archive.names}
    if len(shapes) > 1:
        first, *others = sorted(shapes, key=lambda name: -len(shapes[name]))  # pictures have more axes than labels
        options["array"] = first
        count = shapes[first][:1]
        labels = [name for name in others if shapes[name] in (count, (*count, 1))]
        if len(labels) == 1:
            options["labels"] = labels[0]
    if _refusals(path, **options):
        values = archive.read(options.get("array") or archive.only(None))
        for low, high in RANGES if values.dtype.kind in "iuf" and values.size else ():
            ranged = options | {"value_range": (low, high)}
            if low <= values.min() and values.max() <= high and not _refusals(path, **ranged):
                return ranged
    return options


def _colour(channels: int) -> str:
    return {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")


def _classes(dataset: Npz) -> dict[str, int]:
    if "label" not in dataset.fields:
        return {}
    field = dataset.fields["label"]
    labels = torch.cat([part.tensors["label"] for part in (dataset.train, dataset.held_out)])
    counts = torch.bincount(labels, minlength=field.cardinality or 0).tolist()
    return {field.names[number] if field.names else str(number): count for number, count in enumerate(counts) if count}


def _notes(archive: Archive, name: str, options: dict[str, Any]) -> list[str]:
    others = [shown(each) for each in archive.names if each not in (name, options.get("labels"))]
    return [f"not used: {', '.join(others)}"] if others else []


def _duplicates(values: np.ndarray[Any, Any]) -> list[list[str]]:
    copies: defaultdict[bytes, list[str]] = defaultdict(list)
    for number, row in enumerate(values):
        copies[hashlib.sha256(row.tobytes()).digest()].append(str(number))
    return [names for names in copies.values() if len(names) > 1]


def _preview(dataset: Npz, kind: str) -> Callable[[int], Picture]:
    def preview(count: int) -> Picture:
        chosen = torch.linspace(0, len(dataset.train) - 1, min(count, len(dataset.train))).round().long()
        return Picture(kind, next(iter(dataset.train.rows(chosen, None).values())))

    return preview
