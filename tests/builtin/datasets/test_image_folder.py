"""Folders of pictures: what becomes of good ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganlab import DataError, RecipeError


def every(source):
    return source.rows(torch.arange(len(source)), None)


def both(dataset, name="image"):
    return torch.cat([every(dataset.train)[name], every(dataset.held_out)[name]])


def levels(pictures):
    return ((pictures + 1) * 127.5).round().long()


def test_pictures_may_be_rectangular(make, save, tmp_path):
    for shade in range(10):
        save(f"{shade}.png", (shade, 100, 255), size=(3, 5))
    dataset = make("image-folder", path=str(tmp_path))
    assert dataset.fields["image"].shape == (3, 3, 5)
    assert (len(dataset.train), len(dataset.held_out)) == (9, 1)
    assert sorted(levels(both(dataset))[:, 0, 0, 0].tolist()) == list(range(10))
    assert levels(both(dataset))[0, 1:, 2, 4].tolist() == [100, 255]


@pytest.mark.parametrize(("channels", "count"), [(1, 1), (3, 3), (4, 4), ("keep", 4)])
def test_channels_are_those_asked_for(make, save, tmp_path, channels, count):
    for shade in range(3):
        save(f"{shade}.png", (shade, 0, 0, 255), mode="RGBA")
    assert make("image-folder", path=str(tmp_path), channels=channels).fields["image"].shape == (count, 4, 4)


def test_labels_are_the_first_sub_folders(make, save, tmp_path):
    for kind, shade in (("cat", 10), ("dog", 20)):
        for number in range(5):
            save(f"{kind}/deep/{number}.png", (shade + number, 0, 0))
    dataset = make("image-folder", path=str(tmp_path), held_out=0.2)
    assert dataset.fields["label"].names == ("cat", "dog")
    assert dataset.fields["label"].cardinality == 2
    assert torch.equal(both(dataset, "label"), (levels(both(dataset))[:, 0, 0, 0] >= 20).long())


def test_without_two_sub_folders_there_are_no_labels(make, save, tmp_path):
    for number in range(3):
        save(f"all/{number}.png", number)
    assert "label" not in make("image-folder", path=str(tmp_path)).fields
    assert make("image-folder", path=str(tmp_path), labels="folders").fields["label"].names == ("all",)
    save("loose.png", 9)
    with pytest.raises(DataError, match=r"1 pictures lie in .* itself: loose.png"):
        make("image-folder", path=str(tmp_path), labels="folders")


def test_streaming_gives_what_memory_gives(make, save, tmp_path, draws):
    for shade in range(12):
        save(f"{'ab'[shade % 2]}/{shade}.png", np.random.default_rng(shade).integers(0, 256, (6, 8, 3), np.uint8))
    kept, streamed = (
        make("image-folder", path=str(tmp_path), crop=(4, 5), flip=True, memory_mib=mib) for mib in (1024, 0)
    )
    assert kept.train.resident
    assert not streamed.train.resident
    order = torch.tensor([3, 0, 9, 9, 5])
    for random in (lambda: None, lambda: draws(5)):
        expected, got = (dataset.train.rows(order, random()) for dataset in (kept, streamed))
        assert torch.equal(expected["image"], got["image"])
        assert torch.equal(expected["label"], got["label"])
    assert kept.fields == streamed.fields
    assert kept.fingerprint() == streamed.fingerprint()


def test_windows_may_be_taken_from_pictures_of_many_sizes(make, save, tmp_path, draws):
    for side in range(4, 14):
        save(f"{side}.png", (side, 0, 0), size=(side, 2 * side))
    dataset = make("image-folder", path=str(tmp_path), crop=4, flip=True)
    rows = dataset.train.rows(torch.arange(len(dataset.train)), draws(len(dataset.train)))
    assert rows["image"].shape == (9, 3, 4, 4)
    assert sorted(levels(both(dataset))[:, 0, 0, 0].tolist()) == list(range(4, 14))


def test_resizing_is_asked_for(make, save, tmp_path):
    for side in (4, 6, 8):
        save(f"{side}.png", (side, 0, 0), size=(side, 12))
    for how in ("crop", "stretch"):
        dataset = make("image-folder", path=str(tmp_path), size=(4, 8), resize=how)
        assert dataset.fields["image"].shape == (3, 4, 8)
        assert sorted(levels(both(dataset))[:, 0, 0, 0].tolist()) == [4, 6, 8]


def test_the_split_knows_contents_not_names(make, save, tmp_path):
    for shade in range(20):
        save(f"{shade}.png", (shade, 0, 0))
    before = make("image-folder", path=str(tmp_path), held_out=0.25)
    for path in list(tmp_path.iterdir()):
        path.rename(tmp_path / f"renamed-{path.name}")
    after = make("image-folder", path=str(tmp_path), held_out=0.25)
    shades = [set(levels(every(each.held_out)["image"])[:, 0, 0, 0].tolist()) for each in (before, after)]
    assert len(shades[0]) == 5
    assert shades[0] == shades[1]
    assert before.fingerprint() != after.fingerprint()


def test_copies_of_one_picture_are_never_on_both_sides(make, save, tmp_path):
    for number in range(30):
        save(f"{number}.png", (number // 3, 0, 0))
    dataset = make("image-folder", path=str(tmp_path))
    train, held_out = (
        set(levels(every(part)["image"])[:, 0, 0, 0].tolist()) for part in (dataset.train, dataset.held_out)
    )
    assert not train & held_out
    assert train | held_out == set(range(10))


def test_the_fingerprint_changes_with_a_picture_and_with_a_rule(make, save, tmp_path):
    for shade in range(4):
        save(f"{shade}.png", (shade, 0, 0))
    path = str(tmp_path)
    first, again, grey = (
        make("image-folder", path=path),
        make("image-folder", path=path),
        make("image-folder", path=path, channels=1),
    )
    save("0.png", (0, 1, 0))
    changed = make("image-folder", path=path)
    assert first.fingerprint() == again.fingerprint()
    assert len({each.fingerprint() for each in (first, grey, changed)}) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"resize": "crop"}, "needs a size"),
        ({"size": 8, "crop": (4, 9)}, "does not fit into size"),
        ({"size": 0}, "size"),
        ({"channels": 2}, "channels"),
        ({"held_out": 1.0}, "held_out"),
        ({"flip": 1}, "flip"),
    ],
)
def test_options_that_cannot_be_are_recipe_errors(make, save, tmp_path, options, words):
    save("a.png")
    with pytest.raises(RecipeError, match=words):
        make("image-folder", path=str(tmp_path), **options)
