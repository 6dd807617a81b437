"""Folders of pictures: everything that is wrong is said, in one line."""

from __future__ import annotations

import os
import re

import pytest
import torch

from ganlab import DataError
from ganlab.builtin.datasets import folder as folders


def refusal(make, path, **options) -> str:
    with pytest.raises(DataError) as caught:
        make("image-folder", path=str(path), **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


@pytest.fixture
def good(save):
    for shade in range(5):
        save(f"good{shade}.png", shade)


def test_a_folder_that_does_not_exist(make, tmp_path):
    assert "does not exist" in refusal(make, tmp_path / "nowhere")


def test_a_file_instead_of_a_folder(make, save):
    assert "is a file, not a folder" in refusal(make, save("a.png"))


def test_an_empty_folder_says_what_was_looked_for(make, tmp_path):
    assert re.search(r"no picture in .*: found nothing in 1 folder; looked for \.bmp .*\.webp", refusal(make, tmp_path))


def test_a_folder_of_other_things_says_what_was_found(make, save, tmp_path):
    save(".hidden.png")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.png").symlink_to(save(".hidden.png"))
    assert "found 1 hidden, 1 other files, 1 symbolic links in 2 folders" in refusal(make, tmp_path)


def test_mixed_sizes_are_refused_with_a_histogram(make, save, tmp_path, good):
    save("wide.png", size=(4, 8))
    assert "4 x 4 (5), 4 x 8 (1); set size, and resize" in refusal(make, tmp_path)


def test_a_size_that_pictures_do_not_have_is_refused(make, tmp_path, good):
    assert "are not all of size 8 x 8 (height x width): 4 x 4 (5)" in refusal(make, tmp_path, size=8)


def test_mixed_channels_are_refused_when_kept(make, save, tmp_path, good):
    save("grey.png", mode="L")
    assert "differ in channels: 3 (5), 1 (1); set channels" in refusal(make, tmp_path, channels="keep")


def test_a_window_larger_than_a_picture_is_refused(make, tmp_path, save, good):
    save("tall.png", size=(9, 9))
    assert re.search(
        r"window of 5 x 5 does not fit into 5 of 6 .*good0.png, good1.png, good2.png and 2 more",
        refusal(make, tmp_path, crop=5),
    )


def test_one_picture_cannot_be_split(make, save, tmp_path):
    save("a.png")
    assert "at least two that differ" in refusal(make, tmp_path)
    save("copy.png")
    assert "at least two that differ" in refusal(make, tmp_path)


def damage(tmp_path, save):
    whole = save("cut.png", size=(64, 64)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    whole = save("cut.jpg", size=(64, 64)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) - 40])
    (tmp_path / "text.png").write_text("hello")
    os.mkfifo(tmp_path / "pipe.png")


def test_all_problems_are_found_and_counted(make, save, tmp_path, good):
    damage(tmp_path, save)
    sentence = refusal(make, tmp_path)
    assert "4 of 9 samples" in sentence
    assert "2 truncated or damaged (cut.jpg, cut.png)" in sentence
    assert "1 not a regular file (pipe.png)" in sentence
    assert re.search(r"1 not a PNG, .* picture \(text.png\)", sentence)
    assert sentence.endswith("remove them or set max_bad = 4")


def test_so_many_may_be_left_out_as_was_said(make, save, tmp_path, good, caplog):
    damage(tmp_path, save)
    dataset = make("image-folder", path=str(tmp_path), max_bad=4)
    assert "4 samples are left out" in caplog.text
    assert len(dataset.train) + len(dataset.held_out) == 5
    assert "max_bad = 4" in refusal(make, tmp_path, max_bad=3)


def test_nothing_but_damage_is_refused_whatever_was_said(make, save, tmp_path):
    damage(tmp_path, save)
    assert "4 of 4 samples" in refusal(make, tmp_path, max_bad=100)


def test_what_cannot_be_opened_is_listed(make, tmp_path, good, monkeypatch):
    real = os.open

    def refuse(path, *arguments, **keywords):
        if str(path).endswith("good3.png"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **keywords)

    monkeypatch.setattr(folders.os, "open", refuse)
    assert "1 unreadable: Permission denied (good3.png)" in refusal(make, tmp_path)


def test_a_sub_folder_that_cannot_be_read_is_listed(make, tmp_path, save, good, monkeypatch):
    save("locked/a.png")
    real = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(folders.os, "scandir", refuse)
    assert "1 unreadable: Permission denied (locked/)" in refusal(make, tmp_path)


def test_a_picture_by_another_name_is_a_picture(make, save, tmp_path, good):
    save("photo.png", 99).rename(tmp_path / "photo.txt")
    save("photo.png", 98).rename(tmp_path / "photo")
    save("photo.jpg", 97).rename(tmp_path / "wrong.png")
    dataset = make("image-folder", path=str(tmp_path))
    assert len(dataset.train) + len(dataset.held_out) == 8


def test_links_are_not_followed(make, save, tmp_path, good, caplog):
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "root").symlink_to("/")
    (tmp_path / "again.png").symlink_to(tmp_path / "good0.png")
    dataset = make("image-folder", path=str(tmp_path))
    assert "3 symbolic links are passed over" in caplog.text
    assert len(dataset.train) + len(dataset.held_out) == 5


def test_animations_are_counted(make, save, tmp_path, caplog):
    from PIL import Image

    for shade in range(3):
        frames = [Image.new("L", (4, 4), 10 * shade + more) for more in (5, 6)]
        frames[0].save(tmp_path / f"{shade}.gif", save_all=True, append_images=frames[1:])
    dataset = make("image-folder", path=str(tmp_path), channels=1)
    assert "3 animations give their first frame only" in caplog.text
    rows = dataset.train.rows(torch.arange(len(dataset.train)), None)
    assert all(level % 10 == 5 for level in ((rows["image"][:, 0, 0, 0] + 1) * 127.5).round().int().tolist())


def test_strange_names_work_and_are_shown_escaped(make, save, tmp_path):
    for number, name in enumerate(
        [b"new\nline.png", "caf\u00e9.png".encode(), b"\xff\xfe.png", b"\xe2\x80\xaeright.png", b"a" * 251 + b".png"]
    ):
        os.rename(save("plain.png", number), os.fsencode(tmp_path) + b"/" + name)
    dataset = make("image-folder", path=str(tmp_path))
    assert len(dataset.train) + len(dataset.held_out) == 5
    (tmp_path / "new\nline.png").write_bytes(b"hello")
    assert r"(new\nline.png)" in refusal(make, tmp_path)


def test_a_picture_that_vanishes_or_changes_later_is_a_data_error(make, save, tmp_path, good):
    dataset = make("image-folder", path=str(tmp_path), memory_mib=0)
    order = torch.arange(len(dataset.train))
    dataset.train.rows(order, None)
    for path in tmp_path.iterdir():
        save(path.name, 200)
    with pytest.raises(DataError, match=r"good\d.png' has changed since the run began"):
        dataset.train.rows(order, None)
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(DataError, match="is now unreadable: No such file"):
        dataset.train.rows(order, None)
