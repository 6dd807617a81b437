"""Patches of photographs that come with other packages."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_sample_image

from ganlab import RecipeError
from ganlab.builtin.datasets import patches


def every(source):
    return source.rows(torch.arange(len(source)), None)


def levels(pictures):
    return ((pictures + 1) * 127.5).round()


def test_a_photograph_is_the_one_its_package_shows():
    assert torch.equal(
        patches.photograph("china.jpg", 1), torch.tensor(load_sample_image("china.jpg")).permute(2, 0, 1)
    )


def test_patches_have_the_shape_and_the_contrast_asked_for(make):
    dataset = make("photographs", size=16, patches=300, held_out=50, least_contrast=20.0, look="grey")
    images = every(dataset.train)["image"]
    assert images.shape == (300, 1, 16, 16)
    assert dataset.fields["image"].shape == (1, 16, 16)
    assert levels(images).flatten(1).std(1, correction=0).min() >= 19.99


def test_held_out_patches_come_from_other_photographs(make):
    dataset = make("photographs", size=16, patches=60, held_out=40)
    flower, cat = (patches.photograph(name, 1) for name in ("flower.jpg", "chelsea.png"))
    windows = {name: each[0].unfold(0, 16, 1).unfold(1, 16, 1) for name, each in (("flower", flower), ("cat", cat))}

    def found(patch):
        red = levels(patch)[0].byte()
        corners = {name: (each[:, :, 0, :4] == red[0, :4]).all(2) for name, each in windows.items()}
        return any((windows[name][where] == red).flatten(1).all(1).any() for name, where in corners.items())

    assert all(found(patch) for patch in every(dataset.held_out)["image"])
    assert not any(found(patch) for patch in every(dataset.train)["image"])


def test_grey_is_the_luma_of_the_target(make):
    dataset = make("photographs", size=16, patches=100, held_out=10, pairs="grey")
    rows = every(dataset.train)
    red, green, blue = levels(rows["target"]).unbind(1)
    luma = (0.299 * red + 0.587 * green + 0.114 * blue)[:, None]
    assert (levels(rows["source"]) - luma).abs().max() <= 0.501
    assert list(dataset.fields) == ["target", "source"]
    assert dataset.fields["source"].shape == (1, 16, 16)


def test_edges_are_black_lines_where_the_target_changes(make):
    rows = every(make("photographs", size=32, patches=200, held_out=10, pairs="edges").train)
    lines = levels(rows["source"])
    assert set(lines.unique().tolist()) == {0.0, 255.0}
    grey = levels(rows["target"]).mean(1)
    slope = (grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2]).abs() + (grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1]).abs()
    inner = lines[:, 0, 1:-1, 1:-1]
    assert slope[inner == 0].mean() > 2 * slope[inner == 255].mean()


def test_shrinking_shows_more(make):
    full, half = (patches.photograph("coffee.png", shrink).float() for shrink in (1, 2))
    assert half.shape == (3, 200, 300)
    assert abs(float(half[0, 10, 20] - full[0, 20:22, 40:42].mean())) <= 0.5


def test_mirrors_are_drawn_for_pairs_together(make, draws):
    dataset = make("photographs", size=16, patches=20, held_out=10, pairs="grey", flip=True)
    rows = dataset.train.rows(torch.zeros(20, dtype=torch.int64), draws(20))
    plain = dataset.train.rows(torch.zeros(20, dtype=torch.int64), None)
    mirrored = (rows["target"] != plain["target"]).flatten(1).any(1)
    assert 0 < int(mirrored.sum()) < 20
    for name in ("target", "source"):
        assert torch.equal(torch.where(mirrored[:, None, None, None], plain[name].flip(3), plain[name]), rows[name])


def test_the_draw_depends_on_the_seed_alone(make):
    prints = [make("photographs", size=8, patches=20, held_out=5, seed=seed).fingerprint() for seed in (0, 0, 1)]
    assert prints[0] == prints[1] != prints[2]


def test_science_can_be_added(make):
    scenes, everything = (
        make("photographs", size=8, patches=50, held_out=5, subjects=each) for each in ("scenes", "all")
    )
    assert scenes.fingerprint() != everything.fingerprint()


@pytest.mark.parametrize(
    ("options", "words"),
    [({"size": 256, "shrink": 8}, "does not fit"), ({"size": 8, "least_contrast": 100.0}, "contrast")],
)
def test_patches_that_do_not_exist_are_refused(make, options, words):
    with pytest.raises(RecipeError, match=words):
        make("photographs", patches=50, held_out=5, **options)
