"""Scalars of a TensorBoard directory, whoever wrote it: PyTorch, TensorFlow 1 and 2, Lightning, StyleGAN.

The files are read here, since TensorBoard's own reader gives up on a spoilt record or waits for more. A record is
length, checksum of the length, an `Event`, checksum of the event: a wrong length ends what can be read of a file, a
wrong event is left out.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from ganlab import DataError, ForeignRun, ReadOptions, RecipeError, SeriesPoint
from ganlab.builtin.foreign_runs.course import Course, notes
from ganlab.builtin.foreign_runs.opening import opened
from ganlab.builtin.foreign_runs.tags import kebab, meaning

LARGEST = 1 << 28
"""Bytes of an event; what claims to be larger is no event."""

CHECKED = 1 << 10
"""Events up to so many bytes are checked against their checksum, which Python computes slowly; scalars are small."""

MOST_FILES = 1000

NUMBERS = {1: "f", 2: "d", 3: "i", 9: "q"}
"""TensorFlow's types of numbers, and how Python unpacks them."""

Scalars = dict[str, list[SeriesPoint]]


def read(path: Path, options: ReadOptions) -> ForeignRun | None:
    """The run whose events lie there; None if there are none. Raises `DataError` if there are those of several runs."""
    files = event_files(path)
    if not files:
        return None
    course = Course()
    spoilt = sum(take_in(file, prefix, course) for file, prefix in files)
    scale = options.kimg_per_step
    series = {
        name: [SeriesPoint(each.at * (scale or 1.0), each.value, each.seconds) for each in points]
        for name, points in named(course.series(), options).items()
    }
    told = notes(course, 0, {"files are spoilt or cut short somewhere; what can be read of them is used": spoilt})
    return ForeignRun(str(path), "TensorBoard events", "kimg" if scale else "step", series, notes=told)


def event_files(path: Path) -> list[tuple[Path, str]]:
    """Event files in the order of their names, each with what its tags begin with: the folder below the run's."""
    if not os.path.isdir(path):
        return [(path, "")] if "tfevents" in path.name else []
    found: dict[Path, list[Path]] = {}
    for folder, below, files in os.walk(path):
        below.sort()
        if events := [Path(folder) / name for name in sorted(files) if "tfevents" in name]:
            found[Path(folder)] = events
        if sum(map(len, found.values())) > MOST_FILES:
            raise DataError(f"'{path}' holds more than {MOST_FILES} files of events; name the folder of one run")
    if path not in found and len(found) > 1:
        names = ", ".join(os.path.relpath(each, path) for each in list(found)[:5])
        raise DataError(f"'{path}' holds the events of {len(found)} runs ({names}); name the folder of one of them")
    root = path if path in found else next(iter(found), path)
    return [
        (file, "" if folder == root else f"{os.path.relpath(folder, root)}/")
        for folder, events in found.items()
        for file in events
    ]


def take_in(path: Path, prefix: str, course: Course) -> int:
    """Add the file's scalars; 1 if it is spoilt somewhere. A life that went back replaces what it trained again."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog

    spoilt, began = 0, None
    fresh: set[str] = set()
    for raw in payloads(path):
        if raw is None:
            spoilt = 1
            continue
        try:
            event = Event.FromString(raw)
        except DecodeError:
            spoilt = 1
            continue
        began = event.wall_time if began is None else began
        if event.HasField("session_log") and event.session_log.status == SessionLog.START:
            course.go_back(float(event.step))
        for value in event.summary.value:
            scalar = scalar_of(value)
            if scalar is None or event.step < 0:
                continue
            tag = f"{prefix}{value.tag}"
            if tag not in fresh:
                fresh.add(tag)
                course.go_back(float(event.step), tag)
            course.add(tag, float(event.step), scalar, event.wall_time)
    return spoilt


def payloads(path: Path) -> Iterator[bytes | None]:
    """The events of a file as bytes; None for one that is spoilt."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        while head := file.read(12):
            if len(head) < 12 or masked(head[:8]) != struct.unpack("<I", head[8:])[0]:
                yield None
                return
            (length,) = struct.unpack("<Q", head[:8])
            if length > LARGEST or file.tell() + length + 4 > size:
                yield None
                return
            raw = file.read(length)
            (checksum,) = struct.unpack("<I", file.read(4))
            yield raw if length > CHECKED or masked(raw) == checksum else None


def scalar_of(value: Any) -> float | None:
    """The number in a summary, if it is one: as TensorFlow 1 and PyTorch write it, or as a tensor without a shape."""
    if value.HasField("simple_value"):
        return float(value.simple_value)
    if not value.HasField("tensor") or any(each.size != 1 for each in value.tensor.tensor_shape.dim):
        return None
    tensor = value.tensor
    kind = NUMBERS.get(tensor.dtype)
    with suppress(struct.error, OverflowError):
        if kind and tensor.tensor_content:
            return float(struct.unpack(f"<{kind}", tensor.tensor_content)[0])
    for values in (tensor.float_val, tensor.double_val, tensor.int_val, tensor.int64_val):
        if kind and len(values) == 1:
            return float(values[0])
    return None


def named(series: dict[str, Any], options: ReadOptions) -> Scalars:
    """The series by what they mean: as the user says, or else as their tags say. Their clocks begin with the run's.

    Raises `RecipeError` for a tag that is not there.
    """
    for name, tag in options.names.items():
        if tag not in series:
            known = ", ".join(list(series)[:12]) + (", ..." if len(series) > 12 else "")
            raise RecipeError(f"--map {name}={tag}: there is no such tag; the log has {known or 'none'}")
    chosen = {tag: name for name, tag in options.names.items()}
    taken = set(chosen.values())
    found: Scalars = {}
    times = training_clock(series)
    for tag in sorted(series, key=lambda each: (each not in chosen, -len(series[each]), len(each), each)):
        name = chosen.get(tag) or meaning(tag)
        if tag not in chosen and name in taken:
            name = kebab(tag)
        while name in found:
            name += "-"
        taken.add(name)
        found[name] = [SeriesPoint(each.at, each.value, times.get(each.seconds)) for each in series[tag]]
    return dict(sorted(found.items()))


def training_clock(series: dict[str, Any]) -> dict[float | None, float]:
    """Seconds trained by time on the wall. A pause of more than an hour that is a hundred times as long as usual was
    no training: the run was interrupted, and went on another day."""
    times = sorted({each.seconds for points in series.values() for each in points if each.seconds is not None})
    gaps = [after - before for before, after in pairwise(times)]
    usual = sorted(gaps)[len(gaps) // 2] if gaps else 0.0
    clock: dict[float | None, float] = {}
    spent = 0.0
    for time, gap in zip(times, [0.0, *gaps], strict=False):
        spent += gap if gap < max(3600.0, 100 * usual) else 0.0
        clock[time] = spent
    return clock


def _table() -> list[int]:
    """CRC-32C, a byte at a time."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = _table()


def masked(raw: bytes) -> int:
    """The checksum that TensorFlow writes beside these bytes: CRC-32C, turned by 15 bits and shifted."""
    code = 0xFFFFFFFF
    for byte in raw:
        code = code >> 8 ^ TABLE[(code ^ byte) & 255]
    code ^= 0xFFFFFFFF
    return ((code >> 15 | code << 17) + 0xA282EAD8) & 0xFFFFFFFF
