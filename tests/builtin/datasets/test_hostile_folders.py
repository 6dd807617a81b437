"""Folders as they lie on disks, in mailboxes and on purpose: none hangs, escapes or brings a run down."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganlab import DataError, RecipeError
from ganlab.builtin.datasets import reaching, scanning
from ganlab.builtin.datasets.folder import walk

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def good(save):
    for shade in range(5):
        save(f"good{shade}.png", shade)


def refusal(make, path, name="image-folder", **options) -> str:
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        make(name, path=str(path), **options)
    assert time.monotonic() - began < 5
    assert "\n" not in str(caught.value)
    return str(caught.value)


def samples(dataset) -> int:
    return len(dataset.train) + len(dataset.held_out)


def test_pipes_sockets_and_folders_by_the_name_of_a_picture(make, tmp_path, good):
    os.mkfifo(tmp_path / "pipe.png")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.jpg"))
    (tmp_path / "folder.gif").mkdir()
    assert "2 not a regular file (pipe.png, socket.jpg)" in refusal(make, tmp_path)
    assert samples(make("image-folder", path=str(tmp_path), max_bad=2)) == 5


@pytest.mark.skipif(not AS_ROOT, reason="only root makes devices")
def test_devices_by_the_name_of_a_picture_are_not_opened(make, tmp_path, good):
    for name, device in (("zero.png", (1, 5)), ("random.tif", (1, 8)), ("terminal.bmp", (5, 0))):
        os.mknod(tmp_path / name, stat.S_IFCHR | 0o666, os.makedev(*device))
    assert "3 not a regular file" in refusal(make, tmp_path)


def test_pipes_without_an_ending_are_passed_over(make, tmp_path, good):
    os.mkfifo(tmp_path / "pipe")
    assert samples(make("image-folder", path=str(tmp_path))) == 5


def test_links_lead_nowhere(make, save, tmp_path, tmp_path_factory, good):
    outside = tmp_path_factory.mktemp("outside")
    save("secret.png", 99).rename(outside / "secret.png")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "self.png").symlink_to("self.png")
    (tmp_path / "round/and").mkdir(parents=True)
    (tmp_path / "round/and/round").symlink_to("../../round")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "root").symlink_to("/")
    (tmp_path / "out").symlink_to(outside)
    (tmp_path / "out.png").symlink_to(outside / "secret.png")
    (tmp_path / "dangling.png").symlink_to("nothing")
    assert walk(tmp_path).passed["symbolic links"] == 8
    assert samples(make("image-folder", path=str(tmp_path))) == 5


def test_a_link_to_the_folder_itself_is_what_the_user_asked_for(make, tmp_path, good, tmp_path_factory):
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(tmp_path)
    assert samples(make("image-folder", path=str(link))) == 5


def test_a_file_that_becomes_a_link_while_we_look_is_not_followed(tmp_path, save, monkeypatch):
    outside = save("outside.png")
    (tmp_path / "in.png").symlink_to(outside)
    with pytest.raises(reaching.UnusableNow, match="not a regular file"):
        reaching.read(tmp_path, "in.png")
    monkeypatch.setattr(reaching, "status", lambda root, name: (0, 0, 0))  # it became one just after that
    with pytest.raises(reaching.UnusableNow, match="unreadable: Too many levels of symbolic links"):
        reaching.read(tmp_path, "in.png")


def test_a_file_that_becomes_a_pipe_while_we_look_is_not_waited_for(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.png")
    monkeypatch.setattr(reaching, "status", lambda root, name: (0, 0, 0))
    with pytest.raises(reaching.UnusableNow, match="not a regular file"):
        reaching.read(tmp_path, "pipe.png")


@pytest.mark.parametrize("name", ["d", "folder-with-a-longer-name"])
def test_folders_a_thousand_deep(make, save, tmp_path, good, name):
    """The second is 26,000 bytes deep, further than the system takes in one path."""
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(1000):
            os.mkdir(name, dir_fd=here)
            inner = os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        data = save("deep.png", 77).read_bytes()
        with os.fdopen(os.open("deep.png", os.O_WRONLY | os.O_CREAT, dir_fd=here), "wb") as file:
            file.write(data)
        dataset = make("image-folder", path=str(tmp_path), labels="none", memory_mib=0)
        assert samples(dataset) == 7
        for part in (dataset.train, dataset.held_out):
            part.rows(torch.arange(len(part)), None)
        with os.fdopen(os.open("deep.png", os.O_WRONLY | os.O_TRUNC, dir_fd=here), "wb") as file:
            file.write(b"no picture")
        sentence = refusal(make, tmp_path)
        assert "deep.png" in sentence
        assert len(sentence) < 1000
    finally:
        os.close(here)
        subprocess.run(["rm", "-rf", str(tmp_path / name)], check=True)


def test_names_that_look_alike_are_two(make, save, tmp_path, good):
    for form in ("NFC", "NFD"):
        save(unicodedata.normalize(form, "café.png"), 50 + len(form))
        save(f"{form}.png", (9, 9, len(os.listdir(tmp_path)))).rename(
            tmp_path / f"{unicodedata.normalize(form, 'é')}{form}.png"
        )
    assert samples(make("image-folder", path=str(tmp_path))) == 9


def test_a_name_as_long_as_names_can_be(make, save, tmp_path, good):
    os.rename(save("x.png", 9), tmp_path / ("é" * 125 + "x.png"))
    assert samples(make("image-folder", path=str(tmp_path))) == 6


def test_labels_of_any_bytes(make, save, tmp_path):
    for name in (b"\xff\xfe", b"new\nline", "\u202edesrever".encode(), b"plain"):
        folder = os.fsencode(tmp_path) + b"/" + name
        os.mkdir(folder)
        for shade in range(3):
            os.rename(save("x.png", (shade, len(name), name[0])), folder + b"/%d.png" % shade)
    dataset = make("image-folder", path=str(tmp_path))
    assert dataset.fields["label"].names == tuple(
        sorted(map(os.fsdecode, (b"\xff\xfe", b"new\nline", "\u202edesrever".encode(), b"plain")), key=os.fsencode)
    )
    assert dataset.fingerprint() == make("image-folder", path=str(tmp_path)).fingerprint()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("x" * 5000, "does not exist"),
        ("/dev/null", "is a file, not a folder"),
        ("a\0b", "does not exist"),
        ("~nobody-of-this-name/pictures", "does not exist"),
        ("/proc/self/fd/99999", "does not exist"),
    ],
)
@pytest.mark.parametrize("name", ["image-folder", "paired-folder"])
def test_a_path_that_is_no_folder(make, path, words, name):
    assert words in refusal(make, path, name)


@pytest.mark.parametrize("name", ["image-folder", "paired-folder", "npz"])
def test_no_path_at_all(make, name):
    with pytest.raises(RecipeError, match="path = '' names nothing"):
        make(name, path="")


def test_only_hidden_files(make, save, tmp_path):
    save(".a.png")
    save(".folder/b.png")
    for name in ("image-folder", "paired-folder"):
        assert "found 2 hidden in 1 folder; looked for .bmp" in refusal(make, tmp_path, name)


def test_pairs_are_looked_at_as_closely(make, save, tmp_path):
    for shade in range(4):
        save(f"A/{shade}.png", shade)
        save(f"B/{shade}.png", 100 + shade)
    (tmp_path / "A/0.png").write_text("no picture")
    (tmp_path / "B/1.png").unlink()
    os.mkfifo(tmp_path / "B/1.png")
    whole = (tmp_path / "B/2.png").read_bytes()
    (tmp_path / "B/2.png").write_bytes(whole[:50])
    sentence = refusal(make, tmp_path, "paired-folder")
    assert "3 of 4 samples" in sentence
    for words in (r"TIFF picture (A/0.png)", "1 not a regular file (B/1.png)", "1 truncated or damaged (B/2.png)"):
        assert words in sentence
    (tmp_path / "B/1.png").unlink()
    save("B/1.png", 101)
    dataset = make("paired-folder", path=str(tmp_path), max_bad=2, memory_mib=0)
    assert samples(dataset) == 2
    for number in (1, 3):
        save(f"B/{number}.png", 51)
    with pytest.raises(DataError, match=r"A/[13]\.png' or '.*B/[13]\.png' has changed since the run began"):
        dataset.train.rows(torch.tensor([0]), None)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that any user can get at, with five good pictures."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    for shade in range(5):
        Image.new("RGB", (4, 4), (shade, 0, 0)).save(folder / f"good{shade}.png")
    yield folder
    for each in folder.iterdir():  # to anybody but root a locked folder stays locked
        each.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def nobody(make, tmp_path, save) -> Iterator[None]:
    """Root reads everything, so permissions are tried as somebody else."""
    for shade in range(3):
        save(f"first/{shade}.png", shade)
    for name in ("image-folder", "paired-folder"):  # everything that is imported later is imported now
        make(name, path=str(tmp_path / "first"))
    if AS_ROOT:
        os.seteuid(65534)
    yield
    if AS_ROOT:
        os.seteuid(0)


def test_what_may_not_be_read_is_listed(make, open_to_all, nobody):
    with as_owner():
        (open_to_all / "good3.png").chmod(0)
        (open_to_all / "locked").mkdir(mode=0)
        (open_to_all / "secret").mkdir(mode=0o311)
        (open_to_all / "note").write_bytes(b"\x89PNG\r\n\x1a\n")
        (open_to_all / "note").chmod(0)
    sentence = refusal(make, open_to_all)
    assert "3 of 7 samples" in sentence
    for name in ("good3.png", "locked/", "secret/"):
        assert name in sentence.partition("3 unreadable: Permission denied (")[2]
    assert samples(make("image-folder", path=str(open_to_all), max_bad=3)) == 4


def test_a_folder_that_may_not_be_read_is_listed(make, open_to_all, nobody):
    with as_owner():
        open_to_all.chmod(0)
    assert "unreadable: Permission denied (./)" in refusal(make, open_to_all)
    with as_owner():
        open_to_all.chmod(0o755)


class as_owner:
    """Inside, the user is who made the files."""

    def __enter__(self) -> None:
        if AS_ROOT:
            os.seteuid(0)

    def __exit__(self, *raised: object) -> None:
        if AS_ROOT:
            os.seteuid(65534)


def test_a_file_that_vanishes_between_the_listing_and_the_look_is_listed(make, tmp_path, good, monkeypatch):
    before = scanning.scan

    def scan(root, names, cut, memory_bytes):
        (tmp_path / "good2.png").unlink(missing_ok=True)
        return before(root, names, cut, memory_bytes)

    monkeypatch.setattr(scanning, "scan", scan)
    assert "1 unreadable: No such file or directory (good2.png)" in refusal(make, tmp_path)


def test_a_file_that_grows_while_it_is_read_is_no_sample(tmp_path, save, monkeypatch):
    save("log.png")
    real = os.fstat

    def small(descriptor):
        found = real(descriptor)
        return os.stat_result((*found[:6], 3, *found[7:]))

    monkeypatch.setattr(reaching.os, "fstat", small)
    with pytest.raises(reaching.UnusableNow, match="growing while it is read"):
        reaching.read(tmp_path, "log.png")


def test_a_file_too_large_for_any_picture_is_not_read(make, tmp_path, good):
    with (tmp_path / "sparse.png").open("wb") as file:
        file.truncate(1 << 40)
    assert "1 over 512 MiB (sparse.png)" in refusal(make, tmp_path)


MEMORY = """
import resource, sys
import torch
from ganlab.builtin.datasets.image_folder import ImageFolder
ImageFolder(path=sys.argv[1], memory_mib=1, labels="none")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ImageFolder(path=sys.argv[2], memory_mib=int(sys.argv[3]), labels="none")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.parametrize("memory_mib", [0, 64])
def test_pictures_do_not_pile_up_in_memory(tmp_path, memory_mib):
    """Two dozen pictures of 27 MB each, of which 64 MB may be kept: never all of them are there."""
    for folder, side in (("small", 8), ("large", 3000)):
        (tmp_path / folder).mkdir()
        Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(tmp_path / folder / "0.png", compress_level=1)
        Image.new("RGB", (side, side), (1, 2, 3)).save(tmp_path / folder / "1.png")
    for number in range(2, 24):
        os.link(tmp_path / "large/0.png", tmp_path / f"large/{number}.png")
    words = [str(tmp_path / "small"), str(tmp_path / "large"), str(memory_mib)]
    done = subprocess.run([sys.executable, "-c", MEMORY, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 64 + 8 * 27
