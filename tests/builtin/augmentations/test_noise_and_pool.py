"""Instance noise, and the pool of past fakes."""

from __future__ import annotations

import pytest
import torch

from ganlab import RecipeError, View


def test_instance_noise_has_the_deviation_asked_for_on_any_tensor(augmentation, random):
    view = View(torch.ones(5000, 2))
    noisy = augmentation("instance-noise", deviation=0.3).augment(view, "real", random(5000)).data
    assert noisy.mean().item() == pytest.approx(1.0, abs=0.012)  # 0.3 / sqrt(10000) = 0.003 is one standard error.
    assert noisy.std().item() == pytest.approx(0.3, abs=0.01)


def test_instance_noise_passes_the_gradient(augmentation, random):
    fake = torch.ones(4, 2, requires_grad=True)
    augmentation("instance-noise").augment(View(fake), "fake", random(4)).data.sum().backward()
    assert torch.equal(fake.grad, torch.ones(4, 2))


def test_instance_noise_acts_with_its_probability(augmentation, random):
    view = View(torch.zeros(4000, 1))
    noisy = augmentation("instance-noise", probability=0.25).augment(view, "real", random(4000)).data
    assert (noisy != 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert augmentation("instance-noise", probability=0.0).augment(view, "real", random(4000)) is view


def test_instance_noise_refuses_what_is_not_made_of_numbers(augmentation, random):
    with pytest.raises(RecipeError, match=r"'instance-noise'.*list"):
        augmentation("instance-noise").augment(View(["a cat"]), "real", random(1))


def numbered(first, count):
    """Fakes that say when they were made."""
    return View(torch.arange(first, first + count, dtype=torch.float32)[:, None])


def test_the_pool_shows_new_fakes_until_it_is_full(augmentation, random):
    pool = augmentation("image-pool", size=6)
    for first in (0, 3):
        view = numbered(first, 3)
        assert pool.augment(view, "fake", random(3)) is view


def test_a_full_pool_exchanges_fakes_and_loses_none(augmentation, random):
    pool = augmentation("image-pool", size=5)
    shown = [pool.augment(numbered(4 * turn, 4), "fake", random(4, turn)).data for turn in range(200)]
    kept = pool.state()["pool"][0]
    # Every fake is either in the pool or was shown, once after the pool was full; the first five were shown and kept.
    later = torch.cat(shown).flatten()[5:].tolist()
    assert sorted(later + kept.flatten().tolist()) == list(range(800))
    old = sum(number < 4 * turn for turn, part in enumerate(shown) for number in part.flatten().tolist())
    assert old / 800 == pytest.approx(0.5, abs=0.15)


def test_old_fakes_are_older_than_a_round(augmentation, random):
    pool = augmentation("image-pool", size=50)
    shown = [pool.augment(numbered(turn, 1), "fake", random(1, turn)).data.item() for turn in range(2000)]
    ages = [turn - number for turn, number in enumerate(shown) if number < turn]
    # A place of 50 is exchanged every 100 rounds.
    assert sum(ages) / len(ages) == pytest.approx(100, rel=0.2)


def test_the_pool_leaves_real_data_and_the_generators_turn_alone(augmentation, random):
    pool = augmentation("image-pool", size=1, probability=1.0)
    pool.augment(numbered(0, 1), "fake", random(1))
    real, live = numbered(5, 1), View(torch.ones(1, 1, requires_grad=True))
    assert pool.augment(real, "real", random(1)) is real
    assert pool.augment(live, "fake", random(1)) is live
    assert pool.augment(numbered(9, 1), "fake", random(1)).data.item() == 0


def test_an_old_fake_comes_with_its_own_condition(augmentation, random):
    pool = augmentation("image-pool", size=3)
    for turn in range(50):
        view = numbered(4 * turn, 4)
        shown = pool.augment(view.replace(given=view.data.flatten().long()), "fake", random(4, turn))
        assert torch.equal(shown.data.flatten().long(), shown.given)


def test_neither_what_was_made_nor_what_was_shown_is_changed_by_an_exchange(augmentation, random):
    pool = augmentation("image-pool", size=2, probability=1.0)
    made = [numbered(first, 2) for first in (0, 2, 4)]
    shown = [pool.augment(view, "fake", random(2, turn)).data for turn, view in enumerate(made)]
    before = [each.clone() for each in shown]
    pool.augment(numbered(6, 2), "fake", random(2, 3))
    assert [view.data.flatten().tolist() for view in made] == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert torch.equal(torch.cat(shown), torch.cat(before))


def test_the_pool_survives_a_restart(augmentation, random):
    unbroken, after = augmentation("image-pool", size=3), augmentation("image-pool", size=3)
    for turn in range(5):
        unbroken.augment(numbered(4 * turn, 4), "fake", random(4, turn))
    after.restore(unbroken.state())
    for turn in range(5, 10):
        view = numbered(4 * turn, 4)
        expected = unbroken.augment(view, "fake", random(4, turn)).data
        assert torch.equal(after.augment(view, "fake", random(4, turn)).data, expected)


def test_the_pool_keeps_tensors_only(augmentation, random):
    with pytest.raises(RecipeError, match=r"'image-pool'.*list"):
        augmentation("image-pool").augment(View(torch.zeros(1, 2), given=["a cat"]), "fake", random(1))
