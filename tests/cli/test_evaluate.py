"""What `ganlab evaluate` measures is what a run measures, of anybody's samples, and `compare` ranks what is alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganlab.cli import main
from tests.cli.conftest import RING, Ask
from tests.cli.test_start_up import HEAVY, after

DIAGNOSTICS = """diagnostics = [
    {name = "coverage", count = 200},
    {name = "coverage", count = 100, weights = "raw"},
    {name = "balance"},
]"""
WATCHED = RING.replace("diagnostics = []", DIAGNOSTICS)
"""The ring, with a number of the averaged generator, one of the raw one, and one of the discriminator."""

CONDITIONAL = """
budget_rounds = 2
batch_size = 16
task = {name = "class-conditional", latent_size = 4}
dataset = {name = "digits"}
loss = {name = "hinge"}
[players.generator]
architecture = {name = "mlp", width = 8, depth = 1}
[players.image]
architecture = {name = "mlp", width = 8, depth = 1}
[watch]
reporters = [{name = "jsonl"}]
diagnostics = [{name = "coverage", count = 100}]
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs: `ring`, which was watched, and `digits`, which makes digits of a class."""
    folder = tmp_path_factory.mktemp("watched")
    for name, recipe in (("ring", WATCHED), ("digits", CONDITIONAL)):
        (folder / f"{name}.toml").write_text(recipe)
        assert main(["run", str(folder / f"{name}.toml"), "--name", name, "--runs", str(folder / "runs")]) == 0
    return folder / "runs"


@pytest.fixture(scope="module")
def real() -> Any:
    """The training digits (N, 1, 16, 16), and their labels, as arrays."""
    from ganlab.builtin.datasets.digits import Digits

    digits = Digits()
    return digits.train.tensors["image"].numpy(), digits.train.tensors["label"].numpy()


def last_tick(run: Path) -> dict[str, float]:
    found: dict[str, float] = json.loads((run / "measurements.jsonl").read_text().splitlines()[-1])
    return found


@pytest.mark.parametrize("name", ["ring", "digits"])
def test_a_run_is_measured_as_its_own_last_tick_measured_it(name: str, watched: Path, here: Path, ask: Ask) -> None:
    answer = ask("evaluate", name, "--runs", watched, "--json")
    assert answer.status == 0
    found = answer.json()["measurements"]
    ticked = last_tick(watched / name)
    assert found == {key: ticked[key] for key in found}
    if name == "ring":
        assert {"coverage@flatten", "coverage/raw@flatten", "balance/point/auc"} <= set(found)


def test_the_record_says_how_a_number_was_measured(watched: Path, here: Path, ask: Ask) -> None:
    answer = ask("evaluate", "ring", "--runs", watched, "--metric", "coverage", "--count", 64, "--out", "e.json")
    assert answer.status == 0
    record = json.loads((here / "e.json").read_text())
    metric = record["protocol"]["metrics"]["coverage"]
    assert metric["real"] == {"held-out": 64}
    assert metric["generated"] == {"averaged": 64}
    assert list(metric["features"]) == ["flatten"]
    assert metric["options"]["neighbours"] == 5
    assert len(record["protocol"]["data"]["fingerprint"]["dataset"]) == 64
    assert record["samples"]["run"] == "ring"
    assert record["samples"]["seed"] == 0
    again = ask("evaluate", "ring", "--runs", watched, "--metric", "coverage", "--count", 64, "--out", "e.json")
    assert again.status == 2
    assert "nothing is overwritten" in again.err


def test_what_is_printed_fits_a_narrow_terminal_but_for_names(watched: Path, here: Path, ask: Ask) -> None:
    lines = ask("evaluate", "ring", "--runs", watched, "--metric", "coverage").out.splitlines()
    assert lines[0].split() == ["measurement", "value"]
    assert [line.split()[0] for line in lines[4:]] == ["samples", "data", "counts", "features", "resize", "ganlab"]


def test_raw_weights_and_other_latents_are_other_samples(watched: Path, here: Path, ask: Ask) -> None:
    records = [
        ask("evaluate", "ring", "--runs", watched, "--metric", "coverage", "--count", 300, "--json", *words).json()
        for words in ((), ("--raw",), ("--seed", 5), ())
    ]
    hashes = [each["samples"]["sha256"] for each in records]
    assert hashes[0] == hashes[3]
    assert len(set(hashes)) == 3
    assert records[1]["samples"]["weights"] == "raw"


def evaluated(ask: Ask, *words: object) -> float:
    """Coverage of what the words name, among real digits."""
    answer = ask("evaluate", *words, "--json")
    assert answer.status == 0, answer.err
    narrow, wide = answer.json()["measurements"].values()
    assert wide >= narrow
    return float(narrow)


def test_files_and_folders_are_measured_beside_a_dataset(real: Any, here: Path, ask: Ask) -> None:
    images, labels = real
    np.savez(here / "all.npz", samples=images)
    np.savez(here / "half.npz", samples=images[labels < 5])
    (here / "folder").mkdir()
    for number, each in enumerate(images[:400]):
        Image.fromarray(np.rint((each[0] + 1) * 127.5).astype(np.uint8)).save(here / f"folder/{number}.png")
    whole = evaluated(ask, "all.npz", "--against", "digits")
    assert whole > 0.9
    assert evaluated(ask, "folder", "--against", "name=digits,size=16") > 0.9
    assert evaluated(ask, "half.npz", "--against", "digits") < 0.7
    assert evaluated(ask, "name=digits,size=16", "--against", "digits") == pytest.approx(whole, abs=0.02)
    assert evaluated(ask, "half.npz", "--against", "digits", "--features", "random-conv") < 0.7


def test_a_run_is_measured_beside_other_data_and_in_another_size(watched: Path, here: Path, ask: Ask) -> None:
    told = ask("evaluate", "digits", "--runs", watched, "--against", "name=digits,size=32", "--count", 50)
    assert told.status == 3
    assert "--resize" in told.err
    words = ("evaluate", "digits", "--runs", watched, "--against", "name=digits,size=32", "--count", 50)
    record = ask(*words, "--metric", "coverage", "--resize", 16, "--json").json()
    assert record["protocol"]["resize"] == "antialiased bilinear to 16 x 16 px"
    assert list(record["measurements"]) == ["coverage@projection-128", "coverage-wide@projection-128"]


def test_a_metric_that_needs_a_game_is_passed_over_or_refused_where_there_is_none(
    watched: Path, here: Path, ask: Ask
) -> None:
    words = ("evaluate", "ring", "--runs", watched, "--against", "ring")
    answer = ask(*words, "--json")
    assert answer.status == 0
    names = ["coverage@flatten", "coverage-wide@flatten", "coverage/raw@flatten", "coverage-wide/raw@flatten"]
    assert list(answer.json()["measurements"]) == names
    assert "balance" in answer.err
    asked = ask(*words, "--metric", "balance")
    assert asked.status == 2
    assert len(asked.problems) == 1
    assert "measure a run against its own data" in asked.err


@pytest.fixture
def bad(here: Path) -> Path:
    """Files and folders with something wrong about them."""
    draws = np.random.default_rng(0)
    images = draws.uniform(-1, 1, (40, 16, 16)).astype(np.float32)
    np.savez("few.npz", x=images[:4])
    np.savez("large.npz", x=draws.uniform(-1, 1, (40, 32, 32)).astype(np.float32))
    np.savez("points.npz", x=draws.normal(size=(40, 2)))
    images[3, 2, 2] = np.nan
    np.savez("nan.npz", x=images)
    (here / "cut.npz").write_bytes((here / "large.npz").read_bytes()[:3000])
    (here / "empty").mkdir()
    (here / "colour").mkdir()
    for number in range(20):
        pixels = draws.integers(0, 255, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(here / f"colour/{number}.png")
    return here


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["nan.npz"], 3, "NaN"),
        (["few.npz"], 3, "4 samples are too few for 5 neighbours"),
        (["empty"], 3, "no picture in 'empty'"),
        (["cut.npz"], 3, "is not an .npz file, or is cut short"),
        (["colour"], 3, "3 channels and the data 1"),
        (["large.npz"], 3, "say --resize N"),
        (["points.npz"], 3, "of kind 'point'"),
        (["nowhere"], 2, "no folder and no file"),
        (["large.npz", "--raw"], 2, "--raw: 'large.npz' is no run"),
        (["large.npz", "--metric", "covrage"], 5, "Did you mean 'coverage'?"),
        (["large.npz", "--set", "covrage.count=9"], 2, "Did you mean 'coverage'?"),
        (["large.npz", "--set", "coverage.count=x"], 2, "coverage.count"),
        (["large.npz", "--features", "inception-v3"], 2, "weights"),
        (["large.npz", "--features", "incepton"], 5, "Did you mean 'inception-v3'?"),
        (["large.npz", "--resize", "16", "--features", f"name=dinov2,weights=none,sha256={'0' * 64}"], 2, "none"),
        (["large.npz", "--against", "digts"], 2, "Did you mean 'digits'?"),
        (["large.npz", "--against", "size=16"], 2, "names a dataset"),
        (["large.npz", "--out", "e.txt"], 2, "FILE.json"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_line(
    words: list[str], status: int, told: str, bad: Path, ask: Ask
) -> None:
    against = [] if "--against" in words else ["--against", "digits"]
    answer = ask("evaluate", *words, *against)
    assert answer.status == status
    errors = [line for line in answer.problems if "error" in line]
    assert told in errors[0]
    assert answer.out == ""
    assert not list(bad.glob("e.*"))


def test_samples_alone_need_data_to_be_measured_against(bad: Path, ask: Ask) -> None:
    answer = ask("evaluate", "large.npz")
    assert answer.status == 2
    assert "--against" in answer.err


def test_channels_and_neighbours_can_be_set(bad: Path, ask: Ask) -> None:
    assert ask("evaluate", "colour", "--against", "digits", "--set", "samples.channels=1").status == 0
    assert ask("evaluate", "few.npz", "--against", "digits", "--set", "coverage.neighbours=2").status == 0


def test_mistakes_are_answered_without_torch(watched: Path, here: Path) -> None:
    runs = ["--runs", str(watched)]
    statuses, modules = after(
        here,
        ["evaluate", "--help"],
        ["evaluate", "nowhere", *runs],
        ["evaluate", "ring", *runs, "--metric", "covrage"],
        ["evaluate", "ring", *runs, "--set", "coverage.cuont=3"],
        ["evaluate", "ring", *runs, "--against", "digts"],
        ["evaluate", "ring", *runs, "--metric", "coverage", "--features", "incepton"],
        ["evaluate", "ring", *runs, "--out", "none/e.json"],
    )
    assert statuses == [0, 2, 5, 2, 2, 5, 2]
    assert not modules & HEAVY


def test_evaluations_that_were_measured_alike_are_ranked(watched: Path, here: Path, ask: Ask) -> None:
    words = ("evaluate", "ring", "--runs", watched, "--metric", "coverage", "--count", 200)
    for name, more in (("a", ()), ("b", ("--raw",)), ("c", ("--seed", 3))):
        assert ask(*words, *more, "--out", f"{name}.json").status == 0
    found = ask("compare", "a.json", "b.json", "--json").json()
    assert list(found["measurements"]) == ["coverage@flatten", "coverage-wide@flatten"]
    each = found["measurements"]["coverage@flatten"]
    assert each["difference"] == each["values"][1] - each["values"][0]
    assert ask("compare", "a.json", "c.json").out.splitlines()[0].split() == ["measurement", "a", "c", "difference"]


def test_evaluations_of_different_protocols_are_not_ranked_unless_told(watched: Path, here: Path, ask: Ask) -> None:
    words = ("evaluate", "ring", "--runs", watched, "--metric", "coverage")
    assert ask(*words, "--count", 200, "--out", "a.json").status == 0
    assert ask(*words, "--count", 100, "--set", "coverage.neighbours=3", "--out", "b.json").status == 0
    answer = ask("compare", "a.json", "b.json")
    assert answer.status == 2
    assert answer.out == ""
    lines = [line.partition("]: ")[2] for line in answer.problems]
    assert "generated: [200] against [100]" in lines
    assert "real.held-out: 200 against 100" in lines
    assert "options.neighbours: 5 against 3" in lines
    assert lines[-1].endswith("say --anyway")
    told = ask("compare", "a.json", "b.json", "--anyway")
    assert told.status == 0
    assert "not alike: options.neighbours: 5 against 3" in told.out
    assert len(ask("compare", "a.json", "b.json", "--anyway", "--json").json()["not_alike"]) == len(lines) - 1


def test_what_is_no_evaluation_is_not_compared(watched: Path, here: Path, ask: Ask) -> None:
    words = ("evaluate", "ring", "--runs", watched, "--count", 100)
    assert ask(*words, "--metric", "coverage", "--out", "a.json").status == 0
    assert ask(*words, "--metric", "modes", "--out", "m.json").status == 0
    whole = (here / "a.json").read_text()
    for name, text in {
        "cut": whole[:200],
        "empty": "",
        "list": "[]",
        "other": '{"format": "ganlab evaluation 9"}',
        "odd": json.dumps(json.loads(whole) | {"protocol": {"metrics": {"coverage": 3}}}),
        "texts": json.dumps(json.loads(whole) | {"measurements": {"a": "high"}}),
    }.items():
        (here / f"{name}.json").write_text(text)
        answer = ask("compare", "a.json", f"{name}.json")
        assert answer.status == 3, name
        assert len(answer.problems) == 1
    assert ask("compare", "a.json", "m.json").status == 2
    mixed = ask("compare", "a.json", "ring", "--runs", watched)
    assert mixed.status == 2
    assert "compare two runs, or two evaluations" in mixed.err
