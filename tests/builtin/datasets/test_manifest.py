"""What is remembered of a folder: it saves work, and changes nothing else whatever becomes of it."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from pathlib import Path
from random import Random as Dice

import numpy as np
import pytest
import torch

from ganlab import DataError
from ganlab.builtin.datasets import manifest, scanning
from ganlab.builtin.datasets.manifest import Manifest, Record, load, save
from ganlab.builtin.datasets.opening import Facts


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache") / "deeper"
    monkeypatch.setenv("GANLAB_CACHE", str(folder))
    return folder


@pytest.fixture
def folder(save, tmp_path):
    for shade in range(40):
        save(f"{'ab'[shade % 2]}/{shade}.png", (shade, 1, 2), size=(4, 4 + shade % 3))
    age(tmp_path)
    return tmp_path


def age(folder: Path) -> None:
    """As if the files had been there for long: ones that have just changed are not trusted by their times."""
    for path in folder.rglob("*"):
        os.utime(path, ns=(10**18, 10**18), follow_symlinks=False)


@pytest.fixture(autouse=True)
def nothing_is_fresh(monkeypatch):
    monkeypatch.setattr(scanning, "FRESH_NANOSECONDS", -(10**12))


@pytest.fixture
def decoded(monkeypatch):
    """How many pictures were decoded by scans since it was last cleared."""
    opened = []
    real = scanning.open_picture
    monkeypatch.setattr(scanning, "open_picture", lambda data: opened.append(len(data)) or real(data))
    return opened


@pytest.fixture
def look(make, decoded):
    """Make the dataset, streamed unless told; its fingerprint and how many pictures were decoded for it."""

    def look(folder, **options):
        decoded.clear()
        dataset = make("image-folder", path=str(folder), **{"crop": 4, "memory_mib": 0, **options})
        return dataset.fingerprint(), len(decoded)

    return look


def only(cache: Path) -> Path:
    (path,) = cache.iterdir()
    return path


def test_a_folder_that_has_not_changed_is_not_decoded_again(folder, look):
    first, decoded = look(folder)
    assert decoded == 40
    assert look(folder) == (first, 0)


def test_the_same_folder_by_another_path_is_the_same_folder(folder, look, tmp_path_factory, monkeypatch):
    first, _ = look(folder)
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(folder)
    assert look(link) == (first, 0)
    monkeypatch.chdir(folder.parent)
    assert look(folder.name) == (first, 0)


def test_other_rules_share_what_is_known_of_the_files(folder, look, make, decoded):
    look(folder)
    fingerprints = {
        look(folder, channels=channels, size=size, resize="crop", crop=crop)
        for channels in (1, 3, 4, "keep")
        for size, crop in ((8, None), (8, 4), ((4, 6), None))
    }
    assert {decoded for _, decoded in fingerprints} == {0}
    assert len(fingerprints) == 12
    pairs = make("paired-folder", path=str(folder), layout="halves", size=4, resize="stretch", memory_mib=0, max_bad=99)
    assert len(pairs.train) > 0
    assert decoded == []


@pytest.mark.parametrize("options", [{}, {"size": (4, 6), "resize": "crop", "crop": None}, {"channels": 1}])
def test_with_a_manifest_and_without_the_dataset_is_the_same(folder, make, cache, options):
    datasets = []
    for memory_mib in (0, 1024, 1024, 0):
        datasets.append(make("image-folder", path=str(folder), **{"crop": 4, "memory_mib": memory_mib, **options}))
    only(cache).unlink()
    datasets.append(make("image-folder", path=str(folder), **{"crop": 4, **options}))
    first, *others = datasets
    order = torch.arange(len(first.train))
    for other in others:
        assert other.fingerprint() == first.fingerprint()
        assert other.fields == first.fields
        for name, rows in first.train.rows(order, None).items():
            assert torch.equal(rows, other.train.rows(order, None)[name])


def test_only_what_is_new_or_changed_is_decoded(folder, look, save):
    before, _ = look(folder)
    save("a/new.png", (200, 0, 0))
    save("b/3.png", (201, 0, 0), size=(9, 9))
    (folder / "a/0.png").unlink()
    after, decoded = look(folder)
    assert decoded == 2
    assert after != before
    assert look(folder) == (after, 0)
    save("a/0.png", (0, 1, 2))
    (folder / "a/new.png").unlink()
    save("b/3.png", (3, 1, 2))
    assert look(folder) == (before, 2)


def test_a_file_that_was_touched_is_read_but_not_decoded(folder, look, monkeypatch):
    before, _ = look(folder)
    os.utime(folder / "a/0.png")
    os.link(folder / "a/2.png", folder.parent / f"link-of-{folder.name}.png")
    os.chmod(folder / "a/4.png", 0o600)
    assert look(folder) == (before, 0)


def test_the_same_size_and_time_are_no_proof_of_the_same_content(folder, look, save):
    """A program that puts the times back cannot put back the time of the last change of anything."""
    before, _ = look(folder)
    data = (folder / "a/0.png").read_bytes()
    other = save("a/0.png", (99, 1, 2)).read_bytes()
    assert len(other) == len(data)
    age(folder)
    after, decoded = look(folder)
    assert decoded == 1
    assert after != before


def test_a_file_that_changed_just_now_is_read_again_whatever_its_times_say(folder, look, monkeypatch, save):
    monkeypatch.setattr(scanning, "FRESH_NANOSECONDS", 10**12)
    read, real = [], scanning.read
    monkeypatch.setattr(scanning, "read", lambda *arguments: read.append(arguments) or real(*arguments))
    before, _ = look(folder)
    read.clear()
    assert look(folder) == (before, 0)
    assert len(read) == 40


def forged(cache: Path, change) -> None:
    """Rewrite the manifest, `change` having its way with every record, under a hash that is right."""
    path = only(cache)
    lines = zlib.decompress(path.read_bytes()[32:]).splitlines()
    records = [change(json.loads(line)) for line in lines[1:]]
    body = zlib.compress(b"\n".join([lines[0], *(json.dumps(each).encode() for each in records)]) + b"\n")
    path.write_bytes(hashlib.sha256(body).digest() + body)


def test_one_file_that_is_not_what_it_says_makes_all_be_decoded(folder, look, cache, monkeypatch):
    before, _ = look(folder)
    monkeypatch.setattr(scanning, "PUT_TO_THE_TEST", 40)
    forged(cache, lambda record: [*record[:4], "0" * 64, record[5]] if record[0] == "a/10.png" else record)
    assert look(folder) == (before, 40)
    assert look(folder) == (before, 0)


def test_a_small_part_is_put_to_the_test(folder, look, monkeypatch):
    before, _ = look(folder)
    read, real = [], scanning.read
    monkeypatch.setattr(scanning, "read", lambda root, name: read.append(name) or real(root, name))
    monkeypatch.setattr(scanning, "PUT_TO_THE_TEST", 5)
    assert look(folder) == (before, 0)
    assert len(set(read)) == 5


def test_pictures_that_are_kept_are_all_put_to_the_test(folder, look, cache, monkeypatch):
    before, _ = look(folder, memory_mib=64)
    monkeypatch.setattr(scanning, "PUT_TO_THE_TEST", 0)
    forged(cache, lambda record: [*record[:4], "0" * 64, record[5]] if record[0] == "b/9.png" else record)
    fingerprint, decoded = look(folder, memory_mib=64)
    assert fingerprint == before
    assert decoded > 40


def reds(source):
    rows = source.rows(torch.arange(len(source)), None)
    return ((rows["image"][:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def test_a_sample_that_is_no_longer_what_it_was_makes_the_manifest_be_forgotten(folder, make, cache, save):
    dataset = make("image-folder", path=str(folder), crop=4, memory_mib=0)
    assert only(cache).exists()
    (part,) = (each for each in (dataset.train, dataset.held_out) if 0 in reds(each))
    save("a/0.png", (99, 1, 2))
    with pytest.raises(DataError, match=r"a/0\.png' has changed since the run began; put back"):
        part.rows(torch.arange(len(part)), None)
    assert list(cache.iterdir()) == []


def test_what_cannot_be_used_is_remembered_too(folder, look, make, decoded):
    (folder / "a/text.png").write_text("no picture")
    whole = (folder / "a/0.png").read_bytes()
    (folder / "a/cut.png").write_bytes(whole[:50])
    age(folder)
    for expected in (42, 0):
        decoded.clear()
        with pytest.raises(DataError, match=r"1 truncated or damaged \(a/cut.png\), 1 not a PNG"):
            make("image-folder", path=str(folder), crop=4, memory_mib=0)
        assert len(decoded) == expected
    assert look(folder, max_bad=2)[1] == 0


DAMAGE = {
    "nothing": lambda raw: b"",
    "half": lambda raw: raw[: len(raw) // 2],
    "one byte less": lambda raw: raw[:-1],
    "one byte more": lambda raw: raw + b"\0",
    "zeroes": lambda raw: bytes(len(raw)),
    "another hash": lambda raw: bytes(32) + raw[32:],
    "text": lambda raw: b"hello " * 20,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_manifest_is_as_good_as_none(folder, look, cache, damage):
    before, _ = look(folder)
    path = only(cache)
    path.write_bytes(damage(path.read_bytes()))
    assert look(folder) == (before, 40)
    assert look(folder) == (before, 0)


def test_no_flipped_bit_of_a_manifest_is_believed(folder, look, cache):
    look(folder)
    raw = only(cache).read_bytes()
    dice = Dice(0)
    for _ in range(300):
        flipped = bytearray(raw)
        flipped[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        only(cache).write_bytes(flipped)
        assert list(load(folder).records()) == []


FORGERIES = {
    "a name that is a number": lambda record: [7, *record[1:]],
    "too few things": lambda record: record[:3],
    "no list": lambda record: 5,
    "a size that is text": lambda record: [record[0], "big", *record[2:]],
    "a size beyond all bounds": lambda record: [record[0], 10**30, *record[2:]],
    "a digest too short": lambda record: [*record[:4], "00", record[5]],
    "a digest of other letters": lambda record: [*record[:4], "zz" * 32, record[5]],
    "no reason": lambda record: [*record[:5], ""],
    "nested facts": lambda record: [*record[:5], [[[1]], 2, 3, []]],
    "two channels": lambda record: [*record[:5], [4, 4, 2, []]],
    "no height": lambda record: [*record[:5], [0, 4, 3, []]],
    "notes that are numbers": lambda record: [*record[:5], [4, 4, 3, [1]]],
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_manifest_is_as_good_as_none(folder, look, cache, forgery):
    before, _ = look(folder)
    forged(cache, forgery)
    assert look(folder) == (before, 40)


def test_a_manifest_of_another_version_is_as_good_as_none(folder, look, cache, monkeypatch):
    before, _ = look(folder)
    monkeypatch.setattr(manifest, "FORMAT", "ganlab manifest 0")
    assert look(folder) == (before, 40)


def test_a_manifest_of_another_folder_says_nothing_of_this_one(folder, look, cache, save, tmp_path_factory):
    look(folder)
    foreign = only(cache).read_bytes()
    only(cache).unlink()
    other = tmp_path_factory.mktemp("other")
    for number in range(3):
        save(f"unused/{number}.png", number).rename(other / f"{number}.png")
    (folder / "unused").rmdir()
    look(other)
    only(cache).write_bytes(foreign)
    assert look(other)[1] == 3


def unwritable(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANLAB_CACHE", "/proc/nowhere")


def a_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("in the way")


def nowhere(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANLAB_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)


def no_letter_left(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANLAB_CACHE", str(cache / ("x" * 300)))


@pytest.mark.parametrize("obstacle", [unwritable, a_file, nowhere, no_letter_left])
def test_a_cache_that_cannot_be_written_is_not_missed(folder, look, cache, monkeypatch, obstacle, caplog):
    obstacle(cache, monkeypatch)
    before, _ = look(folder)
    assert look(folder) == (before, 40)
    assert caplog.text == ""


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "device"])
def test_what_is_no_file_is_no_manifest(folder, look, cache, kind, tmp_path_factory):
    before, _ = look(folder)
    path = only(cache)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "manifest"
    path.rename(elsewhere)
    {
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to(elsewhere),
        "device": lambda: path.symlink_to("/dev/zero"),
    }[kind]()
    assert look(folder) == (before, 40)


def test_the_manifest_of_another_user_is_as_good_as_none(folder, look, cache, monkeypatch):
    before, _ = look(folder)
    me = os.geteuid()
    monkeypatch.setattr(manifest.os, "geteuid", lambda: me + 1)
    assert look(folder) == (before, 40)


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.delenv("GANLAB_CACHE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "me")
    for shared, expected in (
        (None, tmp_path / "me/.cache/ganlab"),
        ("", tmp_path / "me/.cache/ganlab"),
        ("relative", tmp_path / "me/.cache/ganlab"),
        (str(tmp_path / "shared"), tmp_path / "shared/ganlab"),
    ):
        if shared is None:
            monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        else:
            monkeypatch.setenv("XDG_CACHE_HOME", shared)
        save(tmp_path, [])
        (path,) = expected.iterdir()
        assert path.stat().st_mode & 0o777 == 0o600
        path.unlink()


def test_records_come_back_as_they_were(tmp_path):
    dice = np.random.default_rng(0)
    names = sorted((os.fsdecode(dice.bytes(20).replace(b"\0", b"x")) for _ in range(5000)), key=os.fsencode)
    records = [
        (
            name,
            Record(
                (int(dice.integers(2**62)), int(dice.integers(2**62)), -1),
                dice.bytes(32),
                "unusable, for a reason" if number % 7 == 0 else Facts(number + 1, 5, 3, ("a", "b")[: number % 3]),
            ),
        )
        for number, name in enumerate(names)
    ]
    save(tmp_path, records)
    assert list(load(tmp_path).records()) == records


def test_a_manifest_that_would_swell_is_not_unpacked_at_once(tmp_path, cache):
    import tracemalloc

    cache.mkdir()
    save(tmp_path, [])
    body = zlib.compress(json.dumps(manifest.FORMAT).encode() + b"\n" + b"[" * 100_000_000, 1)
    only(cache).write_bytes(hashlib.sha256(body).digest() + body)
    tracemalloc.start()
    try:
        assert list(load(tmp_path).records()) == []
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_two_lists_are_gone_through_together():
    record = Record((1, 2, 3), bytes(32), "x")
    known = [(name, record) for name in ("a", "b", "d", "e", "\udcff")]
    found = [place for place, _ in scanning.together(["b", "c", "e", "é", "\udcff"], known)]
    assert found == [None, 0, None, 2, 4]
    assert list(scanning.together([], known)) == [(None, record)] * 5
    assert list(scanning.together(["a"], Manifest().records())) == []
