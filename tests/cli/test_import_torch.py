"""`ganlab import-torch`: weights come out as they went in, and what is no weights does no harm."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from ganlab.errors import CheckpointError, StorageError
from ganlab.foreign import reader
from ganlab.foreign.reader import import_weights
from tests.cli.conftest import Ask
from tests.cli.test_export import Failing, full
from tests.disks import put_in

GIBIBYTE = 1 << 30


def archive(path: Path, pickled: bytes, compression: int = zipfile.ZIP_STORED, **members: bytes) -> None:
    """A file as torch.save writes it, with this pickle in it."""
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("archive/data.pkl", pickled)
        file.writestr("archive/byteorder", b"little")
        for name, content in members.items():
            file.writestr(f"archive/{name}", content)
        file.writestr("archive/version", b"3\n")


def calling(module: str, name: str, *arguments: bytes) -> bytes:
    """A pickle that calls a function."""
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"(" + b"".join(arguments) + b"tR."


def text(letters: str) -> bytes:
    return b"X" + struct.pack("<I", len(letters)) + letters.encode()


def shared(levels: int) -> list[Any]:
    """A list of 2 to the power of `levels` leaves, and `levels` lists."""
    leaf: list[Any] = [0, 0]
    for _ in range(levels - 1):
        leaf = [leaf, leaf]
    return leaf


def a_system_call(path: Path) -> None:
    archive(path, calling("os", "system", text(f"touch {path.parent}/canary")))


def a_system_call_by_its_other_name(path: Path) -> None:
    archive(path, calling("posix", "system", text(f"touch {path.parent}/canary")))


def a_python_expression(path: Path) -> None:
    archive(path, calling("builtins", "eval", text(f"open('{path.parent}/canary', 'w')")))


def two_gibibytes_from_a_few_bytes(path: Path) -> None:
    archive(path, calling("builtins", "bytearray", b"\x8a\x05" + (2**31).to_bytes(5, "little")))


def a_million_million_numbers_in_four_bytes(path: Path) -> None:
    torch.save({"w": torch.zeros(1).expand(10**6, 10**6)}, path)


def a_sparse_tensor_that_points_outside(path: Path) -> None:
    ends, columns = torch.tensor([0, 1, 10**9]), torch.tensor([10**9, -5])
    sparse = torch.sparse_csr_tensor(ends, columns, torch.ones(2), (2, 2), check_invariants=False)
    torch.save({"w": sparse}, path)


def sixty_seven_million_leaves(path: Path) -> None:
    torch.save({"w": torch.ones(2), "x": shared(26)}, path)


def a_hundred_thousand_lists_one_inside_the_other(path: Path) -> None:
    archive(path, b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".")


def members_that_inflate_to_400_megabytes(path: Path) -> None:
    archive(path, b"\x80\x02}.", zipfile.ZIP_DEFLATED, **{"data/0": bytes(400_000_000)})


def half_of_a_file(path: Path) -> None:
    torch.save({"w": torch.ones(1000)}, path)
    path.write_bytes(path.read_bytes()[:2500])


def a_file_with_a_bit_flipped(path: Path) -> None:
    torch.save({"w": torch.ones(1000)}, path)
    raw = bytearray(path.read_bytes())
    raw[raw.index(struct.pack("<f", 1.0) * 9) + 8] ^= 1
    path.write_bytes(raw)


def a_pickle_without_its_archive(path: Path) -> None:
    path.write_bytes(calling("os", "system", text(f"touch {path.parent}/canary")))


def a_file_of_torch_before_1_6(path: Path) -> None:
    torch.save({"w": torch.ones(2)}, path, _use_new_zipfile_serialization=False)


def a_tar(path: Path) -> None:
    with tarfile.open(path, "w") as file:
        file.addfile(tarfile.TarInfo("storages"), BytesIO())


def an_empty_file(path: Path) -> None:
    path.touch()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.mkdir()


def some_text(path: Path) -> None:
    path.write_text("not weights\n" * 100)


def a_way_out_of_its_folder(path: Path) -> None:
    archive(path, b"\x80\x02}.", **{"../../canary": b""})


def a_program(path: Path) -> None:
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2)), path)


PAYLOADS: dict[Callable[[Path], None], str] = {
    a_system_call: "'os.system'",
    a_system_call_by_its_other_name: "'posix.system'",
    a_python_expression: "names 'eval'",
    two_gibibytes_from_a_few_bytes: "memory",
    a_million_million_numbers_in_four_bytes: "share fewer places",
    a_sparse_tensor_that_points_outside: "",
    sixty_seven_million_leaves: "more than 262144 values",
    a_hundred_thousand_lists_one_inside_the_other: "deeper than 32 levels",
    members_that_inflate_to_400_megabytes: "compressed members",
    half_of_a_file: "cut short",
    a_file_with_a_bit_flipped: "CRC",
    a_pickle_without_its_archive: "no file of torch.save",
    a_file_of_torch_before_1_6: "no file of torch.save",
    a_tar: "no file of torch.save",
    an_empty_file: "is empty",
    a_pipe: "no plain file",
    a_folder: "no plain file",
    some_text: "no file of torch.save",
    a_way_out_of_its_folder: "torch never writes",
    a_program: "TorchScript",
}


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.__name__)
def test_what_is_no_weights_is_answered_in_one_line_and_does_nothing(
    here: Path, ask: Ask, payload: Callable[[Path], None]
) -> None:
    payload(here / "foreign.pt")
    before = sorted(here.iterdir())
    answer = ask("import-torch", "foreign.pt", "--out", "x.safetensors")
    assert answer.status == 4
    (problem,) = answer.problems
    assert problem.startswith("ganlab: error[E-CHECKPOINT]: foreign.pt: ")
    assert PAYLOADS[payload] in problem
    assert answer.out == ""
    assert sorted(here.iterdir()) == before


READ_ALL = """
import os, resource, sys
from ganlab.cli import main
for folder in sys.argv[1:]:
    os.chdir(folder)
    assert main(["import-torch", "foreign.pt", "--out", "x.safetensors"]) == 4
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A process counts what its parent held when it was forked, so whoever measures must be small: not this one, which has
run other tests."""


def test_none_of_them_takes_a_gibibyte(here: Path) -> None:
    for payload in PAYLOADS:
        (here / payload.__name__).mkdir()
        payload(here / payload.__name__ / "foreign.pt")
    folders = [here / payload.__name__ for payload in PAYLOADS]
    told = subprocess.run([sys.executable, "-c", READ_ALL, *folders], capture_output=True, text=True, check=True)
    most = int(told.stdout) * 1024
    assert 10 << 20 < most < GIBIBYTE


def taken(here: Path, ask: Ask, value: Any, *options: str) -> dict[str, Tensor]:
    """The tensors that come of what was saved."""
    torch.save(value, here / "foreign.pt")
    answer = ask("import-torch", "foreign.pt", "--out", "x.safetensors", *options)
    assert answer.status == 0, answer.err
    return load_file(here / "x.safetensors")


def test_a_state_dict_comes_out_bit_for_bit(here: Path, ask: Ask) -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(2, 2).double())
    found = taken(here, ask, network.state_dict())
    wanted = network.state_dict()
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)
    assert sorted(path.name for path in here.iterdir()) == ["foreign.pt", "ring.toml", "x.safetensors"]


def test_what_is_no_tensor_is_left_out_and_told(here: Path, ask: Ask) -> None:
    torch.save({"g_ema": {"w": torch.ones(2, 3)}, "step": 3, "names": ["a"]}, here / "foreign.pt")
    answer = ask("import-torch", "foreign.pt", "--out", "x.safetensors")
    assert answer.out.splitlines() == [
        "name     kind     shape",
        "g_ema.w  float32  2 x 3",
        "left out: step (int), names.0 (str)",
        "x.safetensors: 1 tensors, 6 numbers, 0 KB",
    ]
    assert answer.err == ""


def test_a_key_picks_a_part_and_a_wrong_one_is_told(here: Path, ask: Ask) -> None:
    nested = {"nets": {"g.ema": {"w": torch.ones(2)}}, "d": torch.zeros(3)}
    assert list(taken(here, ask, nested, "--key", "nets.g.ema")) == ["w"]
    answer = ask("import-torch", "foreign.pt", "--out", "y.safetensors", "--key", "net")
    assert answer.status == 2
    assert "Did you mean 'nets'? It has: nets, d" in answer.err
    assert not (here / "y.safetensors").exists()


def test_shared_turned_and_cut_out_weights_each_get_numbers_of_their_own(here: Path, ask: Ask) -> None:
    weight = torch.arange(24.0).reshape(4, 6)
    tied = {
        "in": weight,
        "out": weight,
        "turned": weight.t(),
        "row": weight[1],
        "parameter": torch.nn.Parameter(weight),
    }
    found = taken(here, ask, tied)
    for name, value in tied.items():
        assert found[name].tolist() == value.tolist()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.int64, torch.bool])
def test_every_kind_of_number_stays_what_it_is(tmp_path: Path, kind: torch.dtype) -> None:
    from ganlab.foreign.child import write

    weight = torch.tensor([[0.0, 1.0], [2.0, -3.5]]).to(kind)
    target = os.open(tmp_path / "x.safetensors", os.O_CREAT | os.O_RDWR)
    assert write(target, {"w": weight}) == []
    found = load_file(tmp_path / "x.safetensors")["w"]
    assert found.dtype == kind
    assert torch.equal(found.float(), weight.float())


def test_numbers_that_are_not_finite_are_warned_of(here: Path, ask: Ask) -> None:
    torch.save({"good": torch.ones(2), "bad": torch.tensor([1.0, float("nan")])}, here / "foreign.pt")
    answer = ask("import-torch", "foreign.pt", "--out", "x.safetensors", "--json")
    assert answer.problems == ["ganlab: warning: numbers that are not finite in bad"]
    assert answer.json()["not_finite"] == ["bad"]
    assert answer.json()["tensors"]["good"] == {"kind": "float32", "shape": [2]}


def test_a_file_without_checksums_is_taken_with_a_warning(here: Path, ask: Ask) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"w": torch.ones(2)}, here / "foreign.pt")
    finally:
        torch.serialization.set_crc32_options(True)
    answer = ask("import-torch", "foreign.pt", "--out", "x.safetensors")
    assert answer.status == 0
    assert "damage in it could not be seen" in answer.err


@pytest.mark.parametrize(
    ("out", "status", "said"),
    [
        ("ring.toml", 2, "nothing is overwritten"),
        ("x.pt", 2, ".safetensors"),
        ("no/x.safetensors", 2, "make it first"),
    ],
)
def test_a_place_that_will_not_do_is_told_before_the_file_is_read(
    here: Path, ask: Ask, out: str, status: int, said: str
) -> None:
    (here / "foreign.pt").write_bytes(b"never read")
    answer = ask("import-torch", "foreign.pt", "--out", out)
    assert answer.status == status
    assert said in answer.err


def test_a_reader_that_crashes_is_one_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "foreign.pt").write_bytes(b"PK\x03\x04")
    monkeypatch.setattr(reader, "START", f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})")
    with pytest.raises(CheckpointError, match="ended by signal 11"):
        import_weights(here / "foreign.pt", here / "x.safetensors")
    monkeypatch.setattr(reader, "START", "raise SystemExit(3)")
    with pytest.raises(CheckpointError, match="status 3"):
        import_weights(here / "foreign.pt", here / "x.safetensors")
    assert sorted(path.name for path in here.iterdir()) == ["foreign.pt", "ring.toml"]


def test_a_reader_that_hangs_is_stopped(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "foreign.pt").write_bytes(b"PK\x03\x04")
    monkeypatch.setattr(reader, "START", "import time; time.sleep(60)")
    with pytest.raises(CheckpointError, match="longer than 1 s"):
        import_weights(here / "foreign.pt", here / "x.safetensors", seconds=0.6)


def test_a_reader_that_was_taken_over_cannot_publish_what_it_likes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "foreign.pt").write_bytes(b"PK\x03\x04")
    forged = "import sys, os; os.write(int(sys.argv[2]), b'no safetensors'); print('{}')"
    monkeypatch.setattr(reader, "START", forged)
    with pytest.raises(CheckpointError, match="no safetensors file"):
        import_weights(here / "foreign.pt", here / "x.safetensors")
    assert not (here / "x.safetensors").exists()


LOOK = """
import sys; sys.path[:] = sys.argv[5:]
from ganlab.foreign import child
child.cut_off()
import json, os
devices = [line.split(":")[0].strip() for line in open("/proc/self/net/dev") if ":" in line]
print(json.dumps({"refused": f"{sorted(os.environ)} {devices}"}))
"""


def test_a_file_is_safely_on_the_disk_before_it_gets_its_name(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "foreign.pt").write_bytes(b"PK\x03\x04")
    written = save({"w": torch.ones(2)}).hex()
    monkeypatch.setattr(
        reader, "START", f"import sys, os; os.write(int(sys.argv[2]), bytes.fromhex('{written}')); print('{{}}')"
    )
    in_order = ["create", "sync", "close", "rename", "sync_folder"]
    for fatal in range(len(in_order) + 1):
        system = Failing(fatal, full)
        with monkeypatch.context() as patch:
            put_in(patch, system)
            with pytest.raises(StorageError) if fatal < len(in_order) else nullcontext():
                import_weights(here / "foreign.pt", here / "x.safetensors")
        assert system.done == in_order[:fatal]
        assert (here / "x.safetensors").exists() == ("rename" in system.done)
        (here / "x.safetensors").unlink(missing_ok=True)
        assert sorted(path.name for path in here.iterdir()) == ["foreign.pt", "ring.toml"]


def test_a_disk_that_fills_up_under_the_reader_is_told_as_such(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "foreign.pt").write_bytes(b"PK\x03\x04")
    monkeypatch.setattr(reader, "START", """print('{"storage": "No space left on device"}')""")
    with pytest.raises(StorageError, match="No space left"):
        import_weights(here / "foreign.pt", here / "x.safetensors")


def test_the_reader_knows_no_secrets_and_no_network(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "foreign.pt").write_bytes(b"PK\x03\x04")
    monkeypatch.setenv("SECRET_TOKEN", "canary")
    monkeypatch.setattr(reader, "START", LOOK)
    with pytest.raises(CheckpointError) as told:
        import_weights(here / "foreign.pt", here / "x.safetensors")
    assert "PATH" in str(told.value)
    assert "SECRET" not in str(told.value)
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0:
        assert str(told.value).endswith("['lo']")
