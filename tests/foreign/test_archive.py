"""A .pt file is whole and no larger inside than outside, or it is refused, whatever was done to it."""

from __future__ import annotations

import random
import zipfile
from io import BytesIO

import pytest
import torch

from ganlab.foreign import Refused
from ganlab.foreign.archive import check_archive


def saved() -> bytes:
    file = BytesIO()
    torch.save({"g": {f"layer.{number}": torch.arange(16.0) + number for number in range(3)}}, file)
    return file.getvalue()


def check(raw: bytes) -> bool:
    return check_archive(BytesIO(raw), len(raw))


def zipped(names: list[str]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


def test_what_torch_saves_is_taken() -> None:
    assert check(saved())


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a/data.pkl", "b/version"], "none of torch.save"),
        (["a/version"], "none of torch.save"),
        (["data.pkl"], "torch never writes"),
        (["a/data.pkl", "a/../b"], "torch never writes"),
        (["a/data.pkl", "/etc/passwd"], "torch never writes"),
        (["a/data.pkl", "a\\..\\..\\b"], "torch never writes"),
        (["a/data.pkl", "a/data/"], "folder"),
        (["a/data.pkl", "a/constants.pkl"], "TorchScript"),
    ],
)
def test_an_archive_of_something_else_is_refused(names: list[str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        check(zipped(names))


def test_members_that_lie_one_upon_the_other_are_refused() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", bytes(10_000))
        first = archive.infolist()[0]
        for number in range(3):
            again = zipfile.ZipInfo(f"a/data/{number}")
            again.CRC, again.file_size, again.compress_size = first.CRC, first.file_size, first.compress_size
            again.header_offset = first.header_offset
            archive.filelist.append(again)
    with pytest.raises(Refused, match="one upon the other"):
        check(file.getvalue())


def test_an_encrypted_archive_is_refused() -> None:
    raw = bytearray(zipped(["a/data.pkl"]))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Refused, match="encrypted"):
        check(bytes(raw))


def test_of_ten_thousand_damaged_files_none_is_taken_and_loads_as_something_else() -> None:
    whole = saved()
    wanted = torch.load(BytesIO(whole), weights_only=True)["g"]
    dice = random.Random(0)
    refused = 0
    for _ in range(10_000):
        raw = bytearray(whole)
        for _ in range(dice.randint(1, 2)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        if dice.random() < 0.1:
            raw = raw[: dice.randrange(len(raw))]
        try:
            check(bytes(raw))
        except Refused:
            refused += 1
            continue
        try:
            found = torch.load(BytesIO(bytes(raw)), weights_only=True)["g"]
        except Exception:
            continue  # torch itself sees it
        assert found.keys() == wanted.keys()
        assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert refused > 6000
