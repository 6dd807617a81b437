"""Mixtures whose truth is known."""

from __future__ import annotations

import math

import pytest
import torch

from ganlab import RecipeError


def every(source):
    return source.rows(torch.arange(len(source)), None)


def test_the_centres_of_a_ring_lie_on_its_circle(make):
    ring = make("ring", modes=4, radius=3.0, sigma=0.3, scale=0.1, samples=10, held_out=10)
    assert torch.allclose(ring.centres, torch.tensor([[0.3, 0.0], [0.0, 0.3], [-0.3, 0.0], [0.0, -0.3]]), atol=1e-7)
    assert ring.sigma == pytest.approx(0.03)
    assert ring.fields["mode"].cardinality == 4


def test_the_centres_of_a_grid_surround_the_origin(make):
    grid = make("grid", side=3, spacing=2.0, sigma=0.1, scale=1.0, samples=10, held_out=10)
    assert grid.centres.tolist() == [[x, y] for x in (-2.0, 0.0, 2.0) for y in (-2.0, 0.0, 2.0)]


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_left_to_itself_the_outermost_centre_lies_at_four_fifths(make, name):
    assert make(name, samples=10, held_out=10).centres.abs().max() == pytest.approx(0.8)


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_points_scatter_around_their_centre_as_sigma_says(make, name):
    mixture = make(name, samples=40_000, held_out=10)
    rows = every(mixture.train)
    offset = (rows["point"] - mixture.centres[rows["mode"]]) / mixture.sigma
    # Mean and variance of 80,000 standard normals: standard errors 1/283 and sqrt(2)/283.
    assert abs(float(offset.mean())) < 4 / 283
    assert float(offset.var()) == pytest.approx(1, abs=4 * math.sqrt(2) / 283)
    # Within three sigma in the plane: 1 - exp(-9/2) = 0.98889, standard error 0.0005.
    assert float((offset.norm(dim=1) < 3).float().mean()) == pytest.approx(1 - math.exp(-4.5), abs=0.0025)


def test_all_modes_are_equally_likely(make):
    counts = every(make("ring", samples=40_000, held_out=10).train)["mode"].bincount()
    assert counts.shape == (8,)
    assert ((counts - 5000).abs() < 4 * math.sqrt(40_000 / 8 * 7 / 8)).all()


def test_the_parts_share_no_point(make):
    grid = make("grid", samples=1000, held_out=1000)
    points = torch.cat([every(grid.train)["point"], every(grid.held_out)["point"]])
    assert len({tuple(point) for point in points.tolist()}) == 2000


def test_the_draw_depends_on_the_seed_alone(make):
    first, again, other = (make("ring", samples=100, held_out=100, seed=seed) for seed in (3, 3, 4))
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


@pytest.mark.parametrize("options", [{"sigma": 0.0}, {"radius": -1.0}, {"modes": 0}, {"samples": 0}, {"modes": True}])
def test_nonsense_is_refused(make, options):
    with pytest.raises(RecipeError, match=next(iter(options))):
        make("ring", **options)
