"""Terms that remember: LeCam the logits of both sides, path length the mean length."""

from __future__ import annotations

import pytest
import torch

from ganlab import Verdict, View
from ganlab.engine.random import Stream

REAL, FAKE = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, 0.0])


def judged(table, real, fake):
    """A turn whose discriminator gives just these logits."""
    return table(lambda data, given: data, {"image": (View(real), View(fake))}, rows=len(real))


def test_lecam_is_the_distance_of_each_side_from_the_mean_of_the_other(term, table):
    # Means 2 and -0.5. Real: (1.5^2 + 3.5^2) / 2 = 7.25; fake: (3^2 + 2^2) / 2 = 6.5.
    torch.testing.assert_close(term("lecam").cost(judged(table, REAL, FAKE)), torch.tensor(13.75))


def test_lecam_remembers_by_its_decay(term, table):
    lecam = term("lecam", decay=0.75)
    lecam.cost(judged(table, REAL, FAKE))
    # Means 0.75 * 2 + 0.25 * 6 = 3 and 0.75 * -0.5 + 0.25 * -2.5 = -1. Real: 7^2; fake: 5.5^2.
    second = lecam.cost(judged(table, torch.tensor([6.0, 6.0]), torch.tensor([-2.5, -2.5])))
    torch.testing.assert_close(second, torch.tensor(49.0 + 30.25))


def test_lecam_pulls_both_sides_towards_each_other(term, table):
    real, fake = REAL.clone().requires_grad_(True), FAKE.clone().requires_grad_(True)
    term("lecam").cost(judged(table, real, fake)).backward()
    # d/dx mean (x - a)^2 = 2 (x - a) / N; the means carry no gradient.
    torch.testing.assert_close(real.grad, torch.tensor([1.5, 3.5]))
    torch.testing.assert_close(fake.grad, torch.tensor([-3.0, -2.0]))


def test_lecam_follows_every_judgement_apart(term, table):
    turn = table(lambda data, given: Verdict({"a": data, "b": 2 * data}), {"image": (View(REAL), View(FAKE))}, rows=2)
    torch.testing.assert_close(term("lecam").cost(turn), torch.tensor(13.75 + 4 * 13.75))


def test_lecam_forgets_nothing_and_learns_nothing_where_there_are_no_rows(term, table):
    lecam = term("lecam")
    lecam.cost(judged(table, REAL, FAKE))
    before = {name: mean.clone() for name, mean in lecam.state()["means"].items()}
    cost = lecam.cost(judged(table, torch.zeros(0, requires_grad=True), torch.zeros(0)))
    assert cost.item() == 0
    cost.backward()
    assert lecam.state()["means"] == before


def test_lecam_refuses_a_player_that_judges_nothing(term, table, refuses):
    turn = table(lambda data, given: data, {"image": (View(REAL), View(FAKE))}, player="generator")
    refuses("lecam", lambda: term("lecam").cost(turn), "'generator'")


MATRIX = torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
"""A linear generator from 2 latents to 3 numbers; it is its own Jacobian."""


def generated(table, make=lambda latent: latent @ MATRIX.T, rows=4, place=0, **given):
    given = {"latent": torch.randn(rows, 2), **given}
    return table(player="generator", networks={"generator": make}, given=given, rows=rows, place=place)


def lengths(place, rows=4):
    return (Stream(0, "test", torch.device("cpu")).at(place, rows).normal(3) @ MATRIX).norm(dim=1)


def test_path_length_of_a_linear_generator_is_the_length_of_noise_through_its_transpose(term, table):
    cost = term("path-length").cost(generated(table))
    torch.testing.assert_close(cost, (lengths(0) - lengths(0).mean()).square())


def test_path_length_is_measured_from_the_mean_so_far(term, table):
    path_length = term("path-length", decay=0.9)
    path_length.cost(generated(table))
    cost = path_length.cost(generated(table, place=1))
    mean = 0.9 * lengths(0).mean() + 0.1 * lengths(1).mean()
    torch.testing.assert_close(cost, (lengths(1) - mean).square())


def test_a_path_length_does_not_grow_with_the_number_of_pixels(term, table):
    def mean_length(size):
        flat = generated(table, lambda latent: latent[:, :1, None, None].expand(-1, 1, size, size), rows=4000)
        path_length = term("path-length")
        path_length.cost(flat)
        return path_length.state()["mean"].item()

    # |J^T y| = |sum of size^2 normals| / size is a half-normal number, of mean sqrt(2 / pi) = 0.798 at any size.
    assert mean_length(1) == pytest.approx(0.798, abs=0.03)  # One standard error is 0.6 / sqrt(4000) = 0.01.
    assert mean_length(4) == pytest.approx(0.798, abs=0.03)


def test_path_length_reaches_the_generators_weights(term, table):
    weight = MATRIX.clone().requires_grad_(True)
    path_length = term("path-length", decay=0.5)
    path_length.cost(generated(table, lambda latent: latent @ weight.T))
    path_length.cost(generated(table, lambda latent: latent @ weight.T, place=1)).mean().backward()
    # With a held fixed, d/dA (|A^T y| - a)^2 = 2 (|A^T y| - a) y (A^T y)^T / |A^T y|.
    noise = Stream(0, "test", torch.device("cpu")).at(1, 4).normal(3)
    mean = (lengths(0).mean() + lengths(1).mean()) / 2
    factor = 2 * (lengths(1) - mean) / lengths(1) / 4
    torch.testing.assert_close(weight.grad, torch.einsum("n,ni,nj->ij", factor, noise, noise @ MATRIX))


def test_path_length_hands_conditions_on_and_takes_the_named_field(term, table):
    def make(latent, label):
        return {"label": label, "points": latent @ MATRIX.T}

    turn = generated(table, make, label=torch.arange(4))
    cost = term("path-length", field="points").cost(turn)
    torch.testing.assert_close(cost, (lengths(0) - lengths(0).mean()).square())


def test_path_length_needs_a_latent(term, table, refuses):
    turn = table(player="generator", given={"source": torch.zeros(4, 2)})
    refuses("path-length", lambda: term("path-length").cost(turn), "'latent'", "source")


@pytest.mark.parametrize("name", ["lecam", "path-length"])
def test_what_is_remembered_survives_a_restart(name, term, table):
    def turn(place):
        return judged(table, REAL + place, FAKE - place) if name == "lecam" else generated(table, place=place)

    unbroken, before, after = term(name), term(name), term(name)
    unbroken.cost(turn(0))
    before.cost(turn(0))
    after.restore(before.state())
    assert torch.equal(after.cost(turn(1)), unbroken.cost(turn(1)))
    assert not torch.equal(term(name).cost(turn(1)), unbroken.cost(turn(1)))


def test_a_term_that_never_spoke_can_be_stored(term):
    for name in ("lecam", "path-length"):
        fresh = term(name)
        fresh.restore(fresh.state())
