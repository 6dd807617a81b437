"""Logs of every kind, cut anywhere, with bytes turned, lines doubled, lost and shuffled: never a traceback."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganlab import DataError, ReadOptions
from ganlab.assemble.diagnosis import diagnosed, diagnosed_foreign
from ganlab.assemble.run_directory import RunDirectory
from ganlab.cli import main
from ganlab.cli.diagnosis_told import lines, plain
from ganlab.plugins import Plugins
from ganlab.records import json_line
from tests.builtin.foreign_runs.logs import KEPT, LOST, NEW, OLD, curve, events, studiogan, stylegan

TIMES = 25

Spoil = Callable[[random.Random, bytes], bytes]


def cut(dice: random.Random, raw: bytes) -> bytes:
    """Up to anywhere."""
    return raw[: dice.randrange(len(raw) + 1)]


def turned(dice: random.Random, raw: bytes) -> bytes:
    """Some bytes are others."""
    spoilt = bytearray(raw)
    for _ in range(dice.choice([1, 5, 200])):
        spoilt[dice.randrange(len(spoilt))] = dice.choice([0, 10, 13, 34, 45, 57, 123, 255, dice.randrange(256)])
    return bytes(spoilt)


def stretched(dice: random.Random, raw: bytes) -> bytes:
    """A piece is there twice, elsewhere, or not at all."""
    begin, end = sorted(dice.randrange(len(raw) + 1) for _ in range(2))
    where = dice.randrange(len(raw) + 1)
    return dice.choice([raw[:begin] + raw[end:], raw[:where] + raw[begin:end] + raw[where:], raw[begin:]])


def renumbered(dice: random.Random, raw: bytes) -> bytes:
    """Some digits are other numbers, or none."""
    others = [b"9" * 40, b"-1", b"nan", b"1e400", b"", b"-0", b"Infinity", b"null", b"[]", b"0x1p3", b"1" * 5000]
    places = [index for index, byte in enumerate(raw) if 48 <= byte < 58]
    for index in sorted(dice.sample(places, min(len(places), 6)), reverse=True):
        raw = raw[:index] + dice.choice(others) + raw[index + 1 :]
    return raw


SPOILS: dict[str, Spoil] = {"cut": cut, "turned": turned, "stretched": stretched, "renumbered": renumbered}


def logs(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Of each kind: what is diagnosed, and the file that is spoilt."""
    for name, text in {"old": studiogan(LOST, OLD), "new": studiogan(KEPT, NEW)}.items():
        path = folder / f"{name}.log"
        path.write_text(text)
        yield name, path, path
    for name in ("stats.jsonl", "metric-fid50k_full.jsonl", "training_options.json"):
        run = stylegan(folder / f"of-{name}", LOST)
        (run / "training_options.json").write_text('{"total_kimg": 25000, "metrics": ["fid50k_full"]}')
        yield name, run, run / name
    curves = {"eval/fid": curve(LOST), "Loss/D": curve([1.0] * 30)}
    yield "events", folder / "events", events(folder / "events", curves)
    record = folder / "ours"
    record.mkdir()
    ticks = [
        {"kimg": at / 1000, "round": at, "seconds": at / 10, "images_per_second": 9.0, "coverage@flatten": value}
        for at, value in curve([0.1, 0.5, 0.8, 0.85, 0.1, 0.1, 0.1, 0.1])
    ]
    (record / "measurements.jsonl").write_text("".join(json.dumps(line) + "\n" for line in ticks))
    finding = {"monitor": "m", "sentence": "s", "severity": "critical", "kimg": 0.5, "round": 500, "began_kimg": 0.4}
    (record / "findings.jsonl").write_text(json.dumps({**finding, "evidence": {"coverage": 0.1}}) + "\n")
    yield "measurements.jsonl", record, record / "measurements.jsonl"
    yield "findings.jsonl", record, record / "findings.jsonl"


KINDS = ["old", "new", "stats.jsonl", "metric-fid50k_full.jsonl", "training_options.json", "events"]
KINDS += ["measurements.jsonl", "findings.jsonl"]


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """The plugins, looked for once."""
    return Plugins()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_log_ends_with_a_verdict_or_one_line(kind: str, spoil: str, tmp_path: Path, plugins: Plugins) -> None:
    path, file = next((path, file) for name, path, file in logs(tmp_path) if name == kind)
    whole = file.read_bytes()
    dice = random.Random(f"{kind} {spoil}")
    directory = RunDirectory(path) if kind in ("measurements.jsonl", "findings.jsonl") else None
    read = 0
    for _ in range(TIMES):
        file.write_bytes(SPOILS[spoil](dice, whole))
        try:
            if directory is not None:
                diagnosis = diagnosed(directory, plugins, [], None)
            else:
                diagnosis = diagnosed_foreign(path, plugins, ReadOptions(), [], None)
        except DataError as error:
            (_,) = str(error).splitlines()
            continue
        assert list(lines(diagnosis, directory))
        assert json.loads(json_line(plain(diagnosis, directory)))["sick"] == diagnosis.sick
        assert diagnosis.share_after_best is None or 0 <= diagnosis.share_after_best <= 1
        read += 1
    assert read, "something could be read"


@pytest.mark.parametrize("kind", ["old", "events"])
def test_the_command_ends_with_7_or_0_or_with_3_and_a_line(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, file = next((path, file) for name, path, file in logs(tmp_path) if name == kind)
    raw = file.read_bytes()
    for size in (len(raw), len(raw) // 2, 30, 0):
        file.write_bytes(raw[:size])
        status = main(["diagnose", str(path)])
        printed = capsys.readouterr()
        assert status == (7 if size == len(raw) else 0 if size > 30 else 3)
        assert len(printed.err.splitlines()) == (status == 3)


def test_the_kinds_are_all_there(tmp_path: Path) -> None:
    assert [name for name, _, _ in logs(tmp_path)] == KINDS
