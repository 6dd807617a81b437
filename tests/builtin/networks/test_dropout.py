from __future__ import annotations

from math import sqrt

import pytest
import torch

from ganlab.builtin.networks.dropout import LatentDropout, splitmix

SEEDS = torch.tensor([0, 1, 2**31 - 1, 12345, 7])


def splitmix_by_the_book(state: int) -> int:
    """SplitMix64's output function on Python's unbounded integers."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) % 2**64
    return state ^ (state >> 31)


def test_the_first_outputs_of_splitmix_for_seed_1234567_are_the_published_ones() -> None:
    states = [(1234567 + step * 0x9E3779B97F4A7C15) % 2**64 for step in (1, 2, 3)]
    signed = torch.tensor([state - 2**64 * (state >= 2**63) for state in states])
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [each % 2**64 for each in splitmix(signed).tolist()] == published
    assert [splitmix_by_the_book(state) for state in states] == published


def test_the_mask_is_splitmix_of_seed_layer_and_position() -> None:
    golden = 0x9E3779B97F4A7C15
    expected = [
        [
            splitmix_by_the_book((splitmix_by_the_book((seed + 3 * golden) % 2**64) + place * golden) % 2**64) >> 40
            < 0.7 * 2**24
            for place in range(1, 13)
        ]
        for seed in SEEDS.tolist()
    ]
    mask = LatentDropout(0.3, index=2).mask(SEEDS, torch.Size((3, 2, 2)))
    assert mask.flatten(1).tolist() == expected


def test_a_sample_is_dropped_the_same_in_any_batch_and_mode() -> None:
    dropout = LatentDropout(0.5, index=0)
    maps = torch.randn(5, 4, 8, 8)
    together = dropout(maps, SEEDS)
    alone = torch.cat([dropout.eval()(maps[[row]], SEEDS[[row]]) for row in range(5)])
    assert torch.equal(together, alone)
    channels_last = maps.to(memory_format=torch.channels_last)
    assert torch.equal(together, dropout(channels_last, SEEDS))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_share_of_kept_entries_is_binomial(p: float) -> None:
    count = 40_000
    kept = LatentDropout(p, index=1).mask(SEEDS, torch.Size((count,))).double().mean(1)
    assert (kept - (1 - p)).abs().max().item() < 4 * sqrt(p * (1 - p) / count)


def test_masks_of_different_seeds_and_layers_agree_no_more_than_chance() -> None:
    count = 40_000
    first = LatentDropout(0.5, index=0).mask(SEEDS, torch.Size((count,)))
    second = LatentDropout(0.5, index=1).mask(SEEDS, torch.Size((count,)))
    bound = 4 * sqrt(0.25 / count)
    assert abs((first[0] == first[1]).double().mean().item() - 0.5) < bound
    assert (((first == second).double().mean(1) - 0.5).abs() < bound).all()


def test_kept_entries_are_scaled_so_that_the_mean_stays() -> None:
    dropped = LatentDropout(0.75, index=0)(torch.ones(5, 100), SEEDS)
    assert set(dropped.unique().tolist()) == {0.0, 4.0}


def test_without_a_seed_nothing_is_dropped() -> None:
    maps = torch.randn(2, 3)
    assert LatentDropout(0.5, index=0)(maps, None) is maps
