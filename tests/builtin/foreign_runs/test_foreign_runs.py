"""Logs of other programs: what is read of them, in all their variants and whatever has become of them."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from ganlab import DataError, ForeignRun, ReadOptions, RecipeError
from ganlab.plugins import Plugins
from tests.builtin.foreign_runs.logs import KEPT, LOST, NEW, OLD, curve, events, seconds, studiogan, stylegan

NOTHING = ReadOptions()


def read(path: Path, options: ReadOptions = NOTHING) -> ForeignRun:
    """What ours read there."""
    found = Plugins().read_run(path, options)
    assert found is not None
    return found


def values(run: ForeignRun, name: str) -> list[tuple[float, float]]:
    """Where and what, of one measurement."""
    return [(point.at, point.value) for point in run.series[name]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A place for a text log."""
    return tmp_path / "train.log"


FIDS = [(10_000.0 * number, fid) for number, fid in enumerate(LOST, 1)]


@pytest.mark.parametrize("form", [OLD, NEW], ids=["2020", "2022"])
def test_studiogan_of_all_years(form: str, log: Path) -> None:
    log.write_text(studiogan(LOST, form))
    run = read(log)
    assert (run.kind, run.unit, run.budget) == ("a text log of StudioGAN", "step", 100_000)
    assert values(run, "fid@inception-v3") == FIDS
    assert len(run.series["cost/generator"]) == len(run.series["cost/discriminator"]) == 40
    assert run.series["inception-score@inception-v3"][0].value == 5.504762172698975
    assert not run.notes


def test_the_time_of_an_evaluation_counts(log: Path) -> None:
    log.write_text(studiogan(LOST))
    fids = read(log).series["fid@inception-v3"]
    assert fids[-1].seconds is not None
    assert fids[3].seconds is not None
    assert fids[-1].seconds - fids[3].seconds == pytest.approx(seconds(60_000, 6), abs=2)


def spoilt_encodings() -> dict[str, bytes]:
    """The same log as terminals, loggers and other systems leave it."""
    text = studiogan(LOST)
    coloured = text.replace("[INFO]", "\x1b[32m[INFO]\x1b[0m").replace("FID score", "\x1b[1;31mFID\x1b[0m score")
    bars = text.replace("\n", "\n 12%|█▏        | 12/100 [00:01<00:09, 9.3it/s]\r", 500)
    warned = text.replace("\n", "\n/site-packages/torch/nn.py:7: UserWarning: Step: of a scheduler\n  warn(\n", 300)
    return {
        "windows": text.replace("\n", "\r\n").encode(),
        "utf-16": text.encode("utf-16"),
        "utf-16 without a mark": text.encode("utf-16-be"),
        "byte order mark": codecs.BOM_UTF8 + text.encode(),
        "colours": coloured.encode(),
        "progress bars": bars.encode(),
        "warnings between": warned.encode(),
        "latin-1 between": text.encode().replace(b"Start training", b"Entra\xeenement \xff\xfe"),
        "zeros of a crash": text.encode() + b"\0" * 4096,
    }


@pytest.mark.parametrize("kind", spoilt_encodings())
def test_a_log_is_read_whatever_its_encoding(kind: str, log: Path) -> None:
    log.write_bytes(spoilt_encodings()[kind])
    assert values(read(log), "fid@inception-v3") == FIDS


def test_a_number_cut_at_the_end_is_not_believed(log: Path) -> None:
    text = studiogan(LOST)
    log.write_text(text[: text.index("moments): 46.0") + len("moments): 4")])
    run = read(log)
    assert values(run, "fid@inception-v3") == FIDS[:-1]
    assert "the last line is cut short" in run.notes


def test_a_resumed_run_replaces_what_it_trains_again_and_pays_twice(log: Path) -> None:
    again = [*LOST[:4], 23.0, *LOST[5:]]
    log.write_text(studiogan(LOST, until=55_000) + studiogan(again, since=40_000, days=9))
    run = read(log)
    assert values(run, "fid@inception-v3") == [(10_000.0 * number, fid) for number, fid in enumerate(again, 1)]
    assert "went back" in run.notes[0]
    trained = [point.seconds or 0.0 for point in run.series["cost/generator"]]
    assert trained == sorted(trained)
    assert trained[-1] == pytest.approx(seconds(55_000, 5) + seconds(60_000, 5), abs=3), (
        "nine days later is no training"
    )


def test_days_are_counted(log: Path) -> None:
    log.write_text(
        "[INFO] 2022-02-11 13:40:02 > Step: 1165900 Progress: 97.2% Elapsed: 1 day, 17:22:36 Gen_loss: 1.4 aa_p: N/A \n"
        "[INFO] 2022-02-11 13:41:24 > Step: 1166000 Progress: 97.2% Elapsed: 2 days, 17:23:59 Gen_loss: nan aa_p: 1 \n"
    )
    first, second = read(log).series["cost/generator"]
    assert first.seconds == 86400 + 17 * 3600 + 22 * 60 + 36
    assert second.seconds == 2 * 86400 + 17 * 3600 + 23 * 60 + 59
    assert second.value != second.value
    assert read(log).budget == pytest.approx(1_199_588, rel=1e-3)


def test_the_evaluation_of_the_best_at_the_end_is_none_of_the_curve(log: Path) -> None:
    log.write_text(studiogan(LOST) + "[INFO] 2020-09-18 > FID score (Step: 40000, Using test moments): 19.5\n")
    run = read(log)
    assert values(run, "fid@inception-v3") == FIDS
    assert "another checkpoint" in run.notes[0]


def test_one_odd_step_does_not_take_the_run_back(log: Path) -> None:
    text = studiogan(LOST)
    log.write_text(text.replace("Step:   62500 ", "Step:       5 ").replace("Step:   82500 ", "Step: 9982500 "))
    run = read(log)
    assert values(run, "fid@inception-v3") == FIDS


def test_the_network_of_the_scores_is_named(log: Path) -> None:
    text = studiogan(LOST).replace("'batch_size'", "'eval_backbone': 'SwAV_torch', 'batch_size'")
    log.write_text(text)
    assert "fid@swav" in read(log).series


def test_a_folder_with_one_log_is_that_run_and_with_two_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(studiogan(KEPT))
    assert "fid@inception-v3" in read(tmp_path).series
    (tmp_path / "b.log").write_text(studiogan(KEPT))
    with pytest.raises(DataError, match=r"logs of 2 runs \(a.log, b.log\); name one"):
        Plugins().read_run(tmp_path, NOTHING)


def test_stylegan_is_read_from_its_folder_or_one_of_its_files(tmp_path: Path) -> None:
    folder = stylegan(tmp_path / "00000-run", LOST)
    (folder / "training_options.json").write_text('{"total_kimg": 25000}')
    events(folder, {"Metrics/fid50k_full": curve(KEPT)})  # it writes the same to TensorBoard, without the snapshots
    for path in (folder, folder / "stats.jsonl", folder / "metric-fid50k_full.jsonl"):
        run = read(path)
        assert (run.unit, run.budget) == ("kimg", 25000)
        assert values(run, "fid50k-full@inception-v3") == [(100.0 * at, fid) for at, fid in enumerate(LOST, 1)]
        assert run.checkpoints[400] == "network-snapshot-000400.pkl"
        assert run.series["fid50k-full@inception-v3"][3].seconds == 400
    assert {value for _, value in values(run, "sign-real/image")} == {0.5}
    assert {value for _, value in values(run, "balance/image/logit-gap")} == {1.5}
    assert "loss/g/reg" not in run.series, "nothing was collected: its NaN means nothing"


def test_a_snapshot_without_its_kimg_is_placed_by_the_clock(tmp_path: Path) -> None:
    folder = stylegan(tmp_path / "run", LOST)
    metrics = folder / "metric-fid50k_full.jsonl"
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    metrics.write_text("".join(json.dumps({**line, "snapshot_pkl": None}) + "\n" for line in lines))
    assert values(read(folder), "fid50k-full@inception-v3")[3] == (400.0, 20.0)


def test_stylegan_without_its_statistics_or_with_half_a_line(tmp_path: Path) -> None:
    folder = stylegan(tmp_path / "run", LOST)
    stats = folder / "stats.jsonl"
    stats.write_bytes(stats.read_bytes()[:-30])
    assert read(folder).notes == ["1 line cannot be read and is left out"]
    stats.unlink()
    assert values(read(folder), "fid50k-full@inception-v3")[3] == (400.0, 20.0)


TAGS = {
    "cost/discriminator": ["Loss/D", "D_loss", "errD", "loss/discriminator", "train/loss_D", "LossD", "critic_loss"],
    "cost/generator": ["Loss/G", "g_loss", "errG", "Loss_G", "netG/loss", "generator/loss_step"],
    "fid": ["FID", "eval/fid", "Metrics/fid50k_full", "fid_score"],
    "coverage": ["Coverage", "prdc/coverage"],
    "coverage@flatten": ["coverage@flatten"],
    "loss/d-real": ["loss/D_real"],
}


@pytest.mark.parametrize(("name", "tag"), [(name, tag) for name, tags in TAGS.items() for tag in tags])
def test_tags_are_recognised(name: str, tag: str, tmp_path: Path) -> None:
    events(tmp_path, {tag: curve(KEPT)})
    assert values(read(tmp_path), name)[-1] == (1000.0, pytest.approx(20.2))


def test_a_tag_may_be_mapped_and_a_step_be_worth_kimg(tmp_path: Path) -> None:
    events(tmp_path, {"score/7": curve(LOST)}, tensor=True)
    run = read(tmp_path, ReadOptions({"fid": "score/7"}, 0.064))
    assert run.unit == "kimg"
    assert values(run, "fid")[3] == (pytest.approx(25.6), 20.0)
    with pytest.raises(RecipeError, match=r"--map fid=score/8: there is no such tag; the log has score/7"):
        Plugins().read_run(tmp_path, ReadOptions({"fid": "score/8"}))


def test_a_second_life_replaces_the_first_and_the_pause_is_no_training(tmp_path: Path) -> None:
    events(tmp_path, {"fid": curve(LOST)})
    again = [(at, 10.0) for at, _ in curve(LOST) if at > 500]
    events(tmp_path, {"fid": again}, began=1.6e9 + 900_000, number=1, start=501)
    run = read(tmp_path)
    assert [value for _, value in values(run, "fid")] == [*LOST[:5], *[10.0] * 5]
    assert run.series["fid"][-1].seconds == pytest.approx(800, abs=1)


def test_events_below_a_folder_are_those_of_one_run_or_none(tmp_path: Path) -> None:
    events(tmp_path / "version_0", {"fid": curve(KEPT)})
    assert "fid" in read(tmp_path).series
    events(tmp_path / "version_1", {"fid": curve(KEPT)})
    with pytest.raises(DataError, match=r"events of 2 runs \(version_0, version_1\)"):
        Plugins().read_run(tmp_path, NOTHING)


def test_what_comes_before_the_damage_is_read(tmp_path: Path) -> None:
    path = events(tmp_path, {"fid": curve(LOST)})
    raw = path.read_bytes()
    path.write_bytes(raw[:-5])
    run = read(tmp_path)
    assert [value for _, value in values(run, "fid")] == LOST[:-1]
    assert "spoilt or cut short" in run.notes[0]
    middle = raw.index(b"fid", len(raw) // 2)
    path.write_bytes(raw[:middle] + b"x" + raw[middle + 1 :])
    assert len(read(tmp_path).series["fid"]) == len(LOST) - 1, "a spoilt event is left out, and the next is read"
