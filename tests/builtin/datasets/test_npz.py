"""Arrays in a file that is not trusted."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from random import Random as Dice

import numpy as np
import pytest
import torch

from ganlab import DataError, RecipeError


@pytest.fixture
def store(tmp_path):
    def write(**arrays) -> str:
        np.savez(tmp_path / "data.npz", **arrays)
        return str(tmp_path / "data.npz")

    return write


def every(dataset, name="image"):
    """All samples in the order of the file: every tenth, held out, goes back to its place."""
    train, held_out = (part.rows(torch.arange(len(part)), None)[name] for part in (dataset.train, dataset.held_out))
    return torch.cat(
        [torch.cat([train[9 * block : 9 * block + 9], held_out[block : block + 1]]) for block in range(len(held_out))]
    )


def test_every_tenth_is_held_out(make, store):
    points = np.arange(40, dtype=np.float32).reshape(20, 2)
    dataset = make("npz", path=store(x=points))
    assert dataset.held_out.rows(torch.arange(2), None)["point"].tolist() == [[18, 19], [38, 39]]
    assert torch.equal(every(dataset, "point"), torch.from_numpy(points))
    assert dataset.fields["point"].shape == (2,)


@pytest.mark.parametrize(
    ("shape", "layout", "expected"),
    [
        ((10, 5, 6), "auto", (1, 5, 6)),
        ((10, 5, 6, 3), "auto", (3, 5, 6)),
        ((10, 3, 5, 6), "auto", (3, 5, 6)),
        ((10, 5, 6, 2), "nhwc", (2, 5, 6)),
        ((10, 3, 5, 4), "nchw", (3, 5, 4)),
        ((10, 3, 5, 4), "nhwc", (4, 3, 5)),
    ],
)
def test_axes_are_put_in_order(make, store, shape, layout, expected):
    values = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    dataset = make("npz", path=store(x=values), layout=layout)
    assert dataset.fields["image"].shape == expected
    got = ((every(dataset) + 1) * 127.5).round().byte().numpy()
    back = {3: lambda a: a[:, 0], 4: lambda a: a.transpose(0, 2, 3, 1) if shape[1:] != expected else a}[len(shape)]
    assert np.array_equal(back(got), values)


@pytest.mark.parametrize("shape", [(10, 3, 5, 3), (10, 5, 6, 7), (10,), (10, 1, 1, 1, 1)])
def test_axes_that_cannot_be_told_apart_are_refused(make, store, shape):
    with pytest.raises(DataError, match=r"cannot be told apart; set layout"):
        make("npz", path=store(x=np.zeros(shape, np.uint8)))


VALUES = {
    "bytes": (np.uint8, [0, 255], None, [-1, 1]),
    "16 bits": (np.uint16, [0, 65535], None, [-1, 1]),
    "truth values": (np.bool_, [False, True], None, [-1, 1]),
    "floating point": (np.float64, [-0.5, 0.25], None, [-0.5, 0.25]),
    "big-endian": (">f4", [-0.5, 0.25], None, [-0.5, 0.25]),
    "0 to 1": (np.float32, [0, 0.75], (0, 1), [-1, 0.5]),
    "integers of a range": (np.int64, [-1024, 0], (-1024, 1024), [-1, 0]),
    "bytes of a range": (np.uint8, [0, 1], (0, 1), [-1, 1]),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_become_numbers_between_minus_one_and_one(make, store, name):
    kind, values, value_range, expected = VALUES[name]
    array = np.broadcast_to(np.array(values, kind), (10, 3, 2))
    rows = every(make("npz", path=store(x=array), value_range=value_range))
    assert rows.dtype is torch.float32
    assert rows[0, 0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("kind", "values", "options", "words"),
    [
        (np.float32, [0.0, 0.9], {}, "0 to 0.9, so black and white are unknown"),
        (np.float32, [-3.0, 3.0], {}, "set value_range"),
        (np.int64, [0, 1], {}, "set value_range"),
        (np.float32, [0, 300], {"value_range": (0, 255)}, r"runs from 0 to 300, outside value_range = \[0, 255\]"),
        (np.float32, [0, np.nan], {}, "holds 30 values that are NaN or infinite"),
        (np.complex64, [0, 1], {}, "complex64"),
        ("U3", ["a", "b"], {}, "expected numbers"),
    ],
)
def test_values_of_unknown_range_are_refused(make, store, kind, values, options, words):
    array = np.broadcast_to(np.array(values, kind), (10, 3, 2))
    with pytest.raises(DataError, match=words):
        make("npz", path=store(x=array), **options)


def test_labels_are_numbers_or_names_and_every_class_is_held_out(make, store):
    images = np.zeros((20, 4, 4), np.uint8)
    dataset = make("npz", path=store(x=images, y=np.array([0, 3] * 10)), labels="y")
    assert dataset.fields["label"].cardinality == 4
    assert dataset.held_out.rows(torch.arange(2), None)["label"].tolist() == [0, 3]
    named = make("npz", path=store(x=images, y=np.array([["dog"], ["cat"]] * 10)), labels="y")
    assert named.fields["label"].names == ("cat", "dog")
    assert named.train.rows(torch.arange(2), None)["label"].tolist() == [1, 0]
    octets = make("npz", path=store(x=images, y=np.array([b"dog", b"cat"] * 10)), labels="y")
    assert octets.fields["label"].names == ("cat", "dog")


@pytest.mark.parametrize(
    "labels", [np.zeros(9, int), np.full(10, -1), np.full(10, 0.5), np.full(10, 10**9), np.zeros((10, 2), int)]
)
def test_labels_that_are_none_are_refused(make, store, labels):
    with pytest.raises(DataError, match=r"array 'y' of .*expected"):
        make("npz", path=store(x=np.zeros((10, 4, 4), np.uint8), y=labels), labels="y")


def test_windows_and_mirrors(make, store, draws):
    values = np.arange(200, dtype=np.uint8).reshape(10, 4, 5)
    dataset = make("npz", path=store(x=values), crop=(2, 3), flip=True)
    assert dataset.fields["image"].shape == (1, 2, 3)
    middle = dataset.train.rows(torch.tensor([0]), None)["image"]
    assert ((middle + 1) * 127.5).round().int().flatten().tolist() == [6, 7, 8, 11, 12, 13]
    moved = dataset.train.rows(torch.zeros(20, dtype=torch.int64), draws(20))["image"]
    assert len({tuple(row) for row in moved.flatten(1).tolist()}) > 5
    with pytest.raises(DataError, match="does not fit"):
        make("npz", path=store(x=values), crop=(5, 5))
    with pytest.raises(RecipeError, match="points"):
        make("npz", path=store(x=np.zeros((10, 2))), flip=True)


def test_which_array_is_asked_for(make, store):
    path = store(x=np.zeros((10, 2)), y=np.ones((10, 2)))
    with pytest.raises(DataError, match=r"holds 2 arrays \(x, y\); set array"):
        make("npz", path=path)
    with pytest.raises(DataError, match="holds no array 'z'; it holds x, y"):
        make("npz", path=path, array="z")
    assert every(make("npz", path=path, array="y"), "point").sum() == 20


def test_too_few_to_hold_some_out(make, store):
    with pytest.raises(DataError, match=r"5 samples, too few to hold out 0\.1"):
        make("npz", path=store(x=np.zeros((5, 2))))


def test_pickled_objects_are_never_read(make, store, tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    path = store(x=np.array([[Trap()]] * 10, dtype=object))
    with pytest.raises(DataError, match="holds pickled objects"):
        make("npz", path=path)
    assert not (tmp_path / "sprung").exists()


def test_an_array_that_claims_too_much_is_refused_unread(make, tmp_path):
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        np.lib.format.write_array(buffer := io.BytesIO(), np.zeros((3 << 20, 1), np.uint8))
        archive.writestr("x.npy", buffer.getvalue())
    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match="claims 3 MiB, more than memory_mib = 1"):
        make("npz", path=str(path), memory_mib=1)


def test_a_header_that_lies_is_refused_before_memory_is_taken(make, tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 2), }\n"
    body = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(16)
    with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive:
        archive.writestr("x.npy", body)
    with pytest.raises(DataError, match="its size is not what it says"):
        make("npz", path=str(tmp_path / "lie.npz"))


def test_damage_is_found(make, store, tmp_path):
    path = store(x=np.random.default_rng(0).integers(0, 256, (10, 8, 8), np.uint8))
    whole = (tmp_path / "data.npz").read_bytes()
    flipped = bytearray(whole)
    flipped[400] ^= 1
    for data, words in (
        (bytes(flipped), "is damaged"),
        (whole[:-30], "cut short"),
        (b"", "cut short"),
        (b"PK", "cut short"),
    ):
        (tmp_path / "data.npz").write_bytes(data)
        with pytest.raises(DataError, match=words):
            make("npz", path=path)


def test_what_is_no_file_is_refused(make, tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    for name, words in (
        ("nowhere.npz", "does not exist"),
        ("pipe.npz", "not a regular file"),
        (".", "not a regular file"),
    ):
        with pytest.raises(DataError, match=words):
            make("npz", path=str(tmp_path / name))


def packed(path, names, values, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name in names:
            archive.writestr(name, buffer.getvalue())
    return str(path)


def test_an_array_that_compresses_as_no_data_do_is_refused_unread(make, tmp_path):
    path = packed(tmp_path / "bomb.npz", ["x.npy"], np.zeros((100 << 20, 1), np.uint8))
    with pytest.raises(DataError, match=r"claims 100 MiB in \d+ KiB, as no data compress"):
        make("npz", path=path)


def test_names_that_lead_elsewhere_lead_nowhere(make, tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (20, 4, 4), np.uint8)
    names = ["../../outside.npy", "/absolute.npy", "a\\b.npy", "\x1b[2J\n.npy", "x.npy"]
    path = packed(tmp_path / "paths.npz", names, values)
    before = sorted(tmp_path.parent.rglob("*"))
    with pytest.raises(DataError, match=r"holds 5 arrays \(\.\./\.\./outside, ") as caught:
        make("npz", path=path)
    assert caught.value.args[0].isprintable()
    for name in ("../../outside", "x"):
        assert len(make("npz", path=path, array=name).train) == 18
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "/dev/null", "/dev/zero", "~nobody-of-this-name/a.npz"])
def test_a_path_that_is_no_file(make, name):
    with pytest.raises(DataError, match=r"does not exist|not a regular file"):
        make("npz", path=name)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_spoilt_archives_are_read_or_refused(make, tmp_path, compression):
    path = packed(tmp_path / "x.npz", ["x.npy"], np.arange(160, dtype=np.uint8).reshape(10, 4, 4), compression)
    whole = (tmp_path / "x.npz").read_bytes()
    dice, read = Dice(0), 0
    for _ in range(600):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            place = dice.randrange(len(data))
            if dice.random() < 0.3:
                number = dice.choice((0, 1, 2**16 - 1, 2**31 - 1, 2**32 - 1))
                data[place : place + 4] = struct.pack("<I", number)
            elif dice.random() < 0.1:
                del data[place:]
                break
            else:
                data[place] = dice.randrange(256)
        (tmp_path / "x.npz").write_bytes(data or b"x")
        try:
            make("npz", path=path, memory_mib=64)
            read += 1
        except DataError as refusal:
            (_,) = str(refusal).splitlines()
    assert 5 < read < 300
