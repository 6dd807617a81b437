"""Labels can be read back from the textures that are drawn of them, and from nothing else."""

import pytest
import torch
from ganlab_pix2pix import textures
from ganlab_pix2pix.labels_texture import LabelsTexture
from ganlab_pix2pix.texture_truth import TextureTruth

import ganlab.testing
from ganlab.cli import main


class TestLabelsTexture(ganlab.testing.DatasetConformance):
    def make(self):
        return LabelsTexture(samples=80, held_out=40)


class TestTexturesAlone(ganlab.testing.DatasetConformance):
    def make(self):
        return LabelsTexture(samples=80, held_out=40, look="texture", seed=1)


def pairs(count=256, size=32):
    dataset = LabelsTexture(samples=1, held_out=count, size=size)
    return dataset.truth, dataset.held_out.rows(torch.arange(count), None)


@pytest.mark.parametrize("size", [32, 64])
def test_every_label_is_read_back_from_real_textures(size):
    truth, rows = pairs(64, size)
    assert truth.read(rows["target"], rows).scores == {"labels": 1.0}
    assert truth.read(rows["target"], rows).readable == 1.0


def test_the_reader_passes_and_the_baselines_score_as_chance_has_it():
    truth, rows = pairs()
    found = truth.calibrate(rows["target"], rows)["labels"]
    assert found.passes
    assert (found.real, found.control) == (1.0, 0.0)
    assert found.baseline == pytest.approx(1 / 4, abs=0.05)


@pytest.mark.parametrize("strength", [0.5, 0.7])
def test_weak_stripes_are_no_texture(strength):
    truth, rows = pairs(64)
    local = torch.nn.functional.avg_pool2d(rows["target"], textures.CELL)
    flat = local.repeat_interleave(textures.CELL, 2).repeat_interleave(textures.CELL, 3)
    weak = flat + strength * (rows["target"] - flat)
    assert truth.read(weak, rows).scores["labels"] == float(strength > textures.LEAST_AMPLITUDE)


def test_noise_and_flat_colours_earn_nothing():
    truth, rows = pairs(64)
    noise = torch.rand(64, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert truth.read(noise, rows).scores["labels"] < 0.02
    for empty in (torch.zeros(64, 3, 32, 32), rows["source"], torch.full((64, 3, 32, 32), float("nan"))):
        assert truth.read(empty, rows).scores["labels"] == 0.0


def test_stripes_moved_along_are_stripes_of_the_same_label():
    labels = torch.arange(4)[None].expand(4, 4)[None]
    one, other = (textures.draw_textures(labels, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert (one - other).abs().max() > 0.1
    assert torch.equal(textures.seen(one)[0], labels)
    assert torch.equal(textures.seen(other)[0], labels)


def test_painted_labels_are_read_whatever_happens_to_the_colours():
    labels = textures.draw_labels(50, 4, torch.Generator().manual_seed(0))
    assert torch.equal(textures.painted(textures.paint(labels) * 0.9 + 0.05), labels)


def test_no_label_map_that_is_held_out_is_trained_on():
    dataset = LabelsTexture(samples=2000, held_out=200, look="labels")
    known = {each.numpy().tobytes() for each in dataset.train.levels["image"]}
    assert not any(each.numpy().tobytes() in known for each in dataset.held_out.levels["image"])


def test_pairs_that_do_not_share_a_seed_are_no_pairs():
    labels, textured = (LabelsTexture(samples=50, held_out=9, look=look, seed=n) for n, look in enumerate(SIDES))
    assert textured.truth is None
    score = labels.truth.read(
        textured.train.rows(torch.arange(50), None)["image"],
        {"source": labels.train.rows(torch.arange(50), None)["image"]},
    )
    assert score.readable == 1.0
    assert score.scores["labels"] < 0.5


SIDES = ("labels", "texture")


def test_the_fingerprint_is_that_of_the_content():
    one, same, other = (LabelsTexture(samples=9, held_out=3, seed=seed) for seed in (0, 0, 1))
    assert one.fingerprint() == same.fingerprint() != other.fingerprint()


def test_a_baseline_that_is_not_there_is_named():
    with pytest.raises(KeyError, match="identity"):
        TextureTruth(32).baseline("median", 3)
    with pytest.raises(KeyError, match="labels"):
        TextureTruth(32).control("colours", 3)


def test_ganlab_selftest_tries_the_reader(capsys):
    assert main(["selftest", "labels-texture"]) == 0
    assert "all 1 readers pass" in capsys.readouterr().out
