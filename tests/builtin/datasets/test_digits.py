"""The 1,797 real digits, and a thousand numbers made of them."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits

from ganlab import RecipeError
from ganlab.builtin.datasets.digits import Digits


def every(source):
    return source.rows(torch.arange(len(source)), None)


def test_every_fifth_of_each_digit_is_held_out(make):
    digits = make("digits", size=8)
    counts = load_digits().target
    expected = [int((counts == digit).sum()) // 5 for digit in range(10)]
    assert every(digits.held_out)["label"].bincount().tolist() == expected
    assert len(digits.train) + len(digits.held_out) == 1797


def test_the_pixels_are_those_of_scikit_learn_between_minus_one_and_one(make):
    digits = make("digits", size=8)
    ours = torch.cat([every(digits.train)["image"], every(digits.held_out)["image"]]).flatten(1)
    theirs = torch.from_numpy(load_digits().data).float() / 8 - 1
    assert torch.equal(ours.sort(0).values, theirs.sort(0).values)
    assert torch.equal(every(digits.train)["image"][0].flatten(), theirs[0])


def test_the_parts_share_no_digit(make):
    digits = make("digits", size=8)
    train = {tuple(image) for image in every(digits.train)["image"].flatten(1).tolist()}
    assert not train & {tuple(image) for image in every(digits.held_out)["image"].flatten(1).tolist()}


@pytest.mark.parametrize("size", [16, 32])
def test_the_means_of_an_enlarged_digit_are_the_real_pixels(make, size):
    small, large = (every(make("digits", size=each).train)["image"] for each in (8, size))
    assert large.shape[1:] == (1, size, size)
    assert large.abs().max() <= 1
    torch.testing.assert_close(torch.nn.functional.avg_pool2d(large, size // 8), small, rtol=0, atol=0.02)


def test_only_three_sizes_are_offered(make):
    with pytest.raises(RecipeError, match="size"):
        make("digits", size=12)


def test_a_stack_shows_the_digits_of_its_number(make):
    stacked, digits = make("stacked-digits", size=8, samples=3000, held_out=1000), make("digits", size=8)
    for part in ("train", "held_out"):
        real = every(getattr(digits, part))
        label_of = {
            tuple(image): int(label)
            for image, label in zip(real["image"].flatten(1).tolist(), real["label"], strict=True)
        }
        rows = getattr(stacked, part).rows(torch.tensor([7, 123, 998]), None)
        numbers = [
            int("".join(str(label_of[tuple(channel)]) for channel in image.flatten(1).tolist()))
            for image in rows["image"]
        ]
        assert numbers == rows["label"].tolist() == [7, 123, 998]


def test_all_thousand_numbers_are_equally_frequent(make):
    stacked = make("stacked-digits", size=8, samples=3000, held_out=1000)
    assert every(stacked.train)["label"].bincount().tolist() == [3] * 1000
    assert stacked.fields["label"].names[42] == "042"


def test_stacks_of_another_seed_are_others(make):
    first, again, other = (make("stacked-digits", size=8, samples=1000, held_out=1000, seed=seed) for seed in (0, 0, 1))
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


def test_of_the_training_samples_only_the_first_are_taken_if_a_number_is_given() -> None:
    few, all_of_them = Digits(training=64), Digits()
    assert len(few.train) == 64
    assert len(few.held_out) == len(all_of_them.held_out)
    assert torch.equal(few.train.tensors["image"], all_of_them.train.tensors["image"][:64])
    assert few.fingerprint() != all_of_them.fingerprint()
