"""`ganlab diagnose`: what it says of runs whose health is known, and how it ends."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ganlab.cli import main
from tests.builtin.foreign_runs.logs import KEPT, LOST, curve, events, seconds, studiogan, stylegan
from tests.cli.conftest import RING, Ask

HEALTHY = [0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.88, 0.9, 0.89]
COLLAPSED = [0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.1, 0.05, 0.04, 0.05]
"""Coverage at the ten ticks of the ring; the second falls at the seventh, at 1.792 kimg."""

Record = Callable[[Iterable[float]], Path]


@pytest.fixture(scope="module")
def unwatched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one of the ring, that nothing has watched."""
    folder = tmp_path_factory.mktemp("unwatched")
    (folder / "ring.toml").write_text(RING)
    alone = ["--set", "watch.monitors=[]", "--set", "watch.diagnostics=[]"]
    assert main(["run", str(folder / "ring.toml"), "--name", "first", "--runs", str(folder / "runs"), *alone]) == 0
    return folder / "runs"


@pytest.fixture
def record(unwatched: Path, here: Path) -> Record:
    """`record(coverage)` is the run `first` in the folder `runs`, as if its coverage had been that."""

    def changed(coverage: Iterable[float]) -> Path:
        shutil.rmtree(here / "runs", ignore_errors=True)
        shutil.copytree(unwatched, here / "runs")
        path = here / "runs/first/measurements.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert len(lines) == 10
        kept = [
            {**line, "coverage@flatten": value, "seconds": 360.0 * number}
            for number, (line, value) in enumerate(zip(lines, coverage, strict=False), 1)
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in kept))
        return here / "runs/first"

    return changed


def test_a_healthy_run_is_healthy(record: Record, ask: Ask) -> None:
    record(HEALTHY)
    answer = ask("diagnose", "first")
    assert (answer.status, answer.err) == (0, "")
    head, verdict, *_, step = answer.out.splitlines()
    assert (head, verdict) == ("first: a run of ganlab, 2.56 kimg in 1:00:00", "healthy")
    words = " ".join(answer.out.split())
    assert "best coverage@flatten .90 at 1.792 kimg, round 14, after 42:00; .89 at the end" in words
    assert "after it 18:00 of 1:00:00, 30% of the time" in words
    assert step == "  ganlab sample first --out first.png"


def test_a_collapse_is_found_where_it_began_though_the_recipe_names_no_monitor(record: Record, ask: Ask) -> None:
    record(COLLAPSED)
    answer = ask("diagnose", "first", "--json")
    assert answer.status == 7
    told = answer.json()
    assert told["sick"]
    assert told["first_bad"] == {"at": 1.792, "round": 14, "seconds": 2520.0}
    assert (told["best"]["value"], told["best"]["at"], told["best"]["share_after"]) == (0.85, 1.536, 0.4)
    (lost,) = (each for each in told["findings"] if each["monitor"] == "lost-coverage")
    assert (lost["severity"], lost["began"], lost["ended"]) == ("critical", 1.792, None)
    assert lost["causes"]
    assert lost["advice"]
    answer = ask("diagnose", "first")
    assert answer.out.splitlines()[1].startswith("sick: ")
    assert "first bad   1.792 kimg, round 14, after 42:00" in answer.out


def test_what_to_do_next_can_be_done(record: Record, ask: Ask) -> None:
    record(COLLAPSED)
    command = ask("diagnose", "first").out.splitlines()[-1]
    assert command == (
        "  ganlab run runs/first/recipe.toml --set players.generator.optimizer.lr=0.0005 "
        "--set players.point.optimizer.lr=0.0005"
    )
    _, *words = shlex.split(command)
    assert ask(*words, "--name", "second").status == 0


def test_what_a_later_life_changed_is_taken_back(record: Record, ask: Ask) -> None:
    folder = record(COLLAPSED)
    newest = max((folder / "checkpoints").glob("*.ckpt"))
    newest.rename(newest.with_name("000000001536.ckpt"))
    path = folder / "provenance.json"
    provenance = json.loads(path.read_text())
    changes = {"players.generator.optimizer.lr": [0.001, 0.5], "budget_kimg": [1.6, 2.56]}
    provenance["lineage"] += [{"from": {"kimg": 1.6, "round": 12}, "changes": changes}]
    path.write_text(json.dumps(provenance))
    command = ask("diagnose", "first").out.splitlines()[-1]
    assert command == "  ganlab resume first --from healthy --allow recipe --set players.generator.optimizer.lr=0.001"


def test_a_collapse_that_is_over_is_told_and_is_none(record: Record, ask: Ask) -> None:
    record([0.1, 0.5, 0.8, 0.8, 0.1, 0.1, 0.1, 0.8, 0.82, 0.85])
    answer = ask("diagnose", "first", "--json")
    assert answer.status == 0
    assert answer.json()["verdict"].startswith("healthy again")
    (lost,) = (each for each in answer.json()["findings"] if each["monitor"] == "lost-coverage")
    assert lost["ended"] is not None


def test_a_monitor_may_be_asked_with_other_options(record: Record, ask: Ask) -> None:
    record([0.1, 0.3, 0.5, 0.7, 0.8, 0.8, 0.7, 0.69, 0.68, 0.68])
    assert ask("diagnose", "first").status == 0
    assert ask("diagnose", "first", "--monitor", "lost-coverage={ratio = 0.95}").status == 7


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        (["--monitor", "lost-coverage={ratio = 2}"], 2, "--monitor lost-coverage.ratio: must be less than 1, not 2"),
        (["--monitor", "lost-coverage=0.5"], 2, "is no monitor; expected a name, or a name with its options"),
        (["--monitor", "lost-coverage={"], 2, "is no monitor; expected a name, or a name with its options"),
        (["--monitor", "lost-covrage"], 5, "no monitor named 'lost-covrage'. Did you mean 'lost-coverage'?"),
        (["--by", "fid"], 2, "--by fid: was not measured in this run"),
        (["--map", "fid"], 2, "'fid' maps nothing; expected NAME=TAG"),
        (["--kimg-per-step", "0"], 2, "--kimg-per-step"),
    ],
)
def test_a_mistake_is_one_line(given: list[str], status: int, words: str, record: Record, ask: Ask) -> None:
    record(HEALTHY)
    answer = ask("diagnose", "first", *given)
    (line,) = answer.problems
    assert (answer.status, answer.out) == (status, "")
    assert words in line


def test_a_finding_of_the_run_itself_is_believed_once(record: Record, ask: Ask) -> None:
    folder = record(HEALTHY)
    finding = {"monitor": "mine", "sentence": "it is blue", "severity": "critical", "kimg": 2.048, "round": 16}
    line = json.dumps({**finding, "began_kimg": 1.8}) + "\n"
    (folder / "findings.jsonl").write_text(line + line + "no finding\n")
    answer = ask("diagnose", "first", "--json")
    assert (answer.status, answer.json()["verdict"]) == (7, "sick: it is blue")
    assert answer.json()["first_bad"]["at"] == 2.048
    assert answer.json()["notes"] == ["1 line of the record cannot be read and is left out"]


def test_a_run_that_diverged_is_sick(record: Record, ask: Ask) -> None:
    folder = record([*HEALTHY[:9], float("nan")])
    outcome = {"ending": "diverged", "sentence": "cost/point became nan", "kimg": 2.56, "round": 20, "seconds": 1.0}
    (folder / "outcome.json").write_text(json.dumps(outcome))
    answer = ask("diagnose", "first")
    assert answer.status == 7
    assert "sick: the run diverged: cost/point became nan" in answer.out


def test_checkpoints_are_whole_and_healthy_or_not(record: Record, ask: Ask) -> None:
    folder = record(COLLAPSED)
    newest = max((folder / "checkpoints").glob("*.ckpt"))
    told = ask("diagnose", "first", "--json").json()["checkpoints"]
    assert told[0] == {"name": newest.name, "kimg": 2.56, "whole": True, "healthy": False, "tagged": True}
    raw = bytearray(newest.read_bytes())
    raw[len(raw) // 2] ^= 1
    newest.write_bytes(raw)
    answer = ask("diagnose", "first", "--json")
    assert (answer.status, answer.json()["checkpoints"][0]["whole"]) == (7, False)


@pytest.mark.parametrize("name", ["recipe.toml", "provenance.json", "outcome.json", "findings.jsonl", "checkpoints"])
def test_a_run_of_which_a_part_is_lost_is_diagnosed_from_the_rest(name: str, record: Record, ask: Ask) -> None:
    path = record(COLLAPSED) / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    answer = ask("diagnose", "runs/first", "--json")
    assert (answer.status, answer.json()["first_bad"]["at"]) == (7, 1.792)


def test_a_spoilt_record_is_read_as_far_as_it_can_be(record: Record, ask: Ask) -> None:
    path = record(COLLAPSED) / "measurements.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"\xff\x00 {\n", *lines[1:9], lines[9][:40]]))
    answer = ask("diagnose", "first", "--json")
    assert (answer.status, answer.json()["first_bad"]["at"], answer.json()["end"]["at"]) == (7, 1.792, 2.304)
    assert "2 lines of the record cannot be read and are left out" in answer.json()["notes"]
    path.write_bytes(b"")
    answer = ask("diagnose", "first")
    assert answer.status == 3
    assert "has no record to read" in answer.problems[0]


def foreign(kind: str, folder: Path, fids: list[float]) -> Path:
    """A log of that kind with these FIDs."""
    if kind == "studiogan":
        path = folder / "train.log"
        path.write_text(studiogan(fids))
        return path
    if kind == "stylegan":
        return stylegan(folder / "00000-stylegan", fids)
    events(folder / "events", {"eval/FID": curve(fids), "Loss/D": curve([1.0] * 50)})
    return folder / "events"


ANSWERS: Mapping[str, tuple[float, float, float]] = {
    # where the best is, where twice as much is reached, the share of the time after the best
    "studiogan": (40_000, 80_000, seconds(60_000, 6) / seconds(100_000, 10)),
    "stylegan": (400, 800, 0.6),
    "events": (400, 800, 600 / 980),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_foreign_run_that_lost_its_best_is_sick_and_says_since_when(kind: str, here: Path, ask: Ask) -> None:
    best, bad, share = ANSWERS[kind]
    answer = ask("diagnose", foreign(kind, here, LOST), "--json")
    assert (answer.status, answer.err) == (7, "")
    told: dict[str, Any] = answer.json()
    assert (told["best"]["at"], told["best"]["value"], told["best"]["last"]) == (best, 20.0, 46.0)
    assert told["best"]["times_worse"] == pytest.approx(2.3)
    assert told["best"]["share_after"] == pytest.approx(share, abs=0.002)
    assert told["first_bad"]["at"] == bad
    assert told["unit"] == ("kimg" if kind == "stylegan" else "step")
    assert told["best"]["checkpoint"] == ("network-snapshot-000400.pkl" if kind == "stylegan" else None)


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_foreign_run_that_kept_its_best_is_healthy(kind: str, here: Path, ask: Ask) -> None:
    answer = ask("diagnose", foreign(kind, here, KEPT))
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.splitlines()[1] == "healthy"


def test_the_worst_of_the_past_is_forgiven_and_the_end_is_not(here: Path, ask: Ask) -> None:
    swing = [100.0, 20.0, 70.0, 90.0, 25.0, 19.0, 18.0, 30.0, 20.0, 19.0]
    assert ask("diagnose", foreign("studiogan", here, swing)).status == 0
    answer = ask("diagnose", foreign("studiogan", here, [*swing[:9], 27.0]))
    assert (answer.status, answer.out.splitlines()[1]) == (0, "healthy, with warnings")
    assert ask("diagnose", foreign("studiogan", here, [*swing[:9], 36.0])).status == 7


def test_a_loss_that_is_no_number_any_more_is_the_end(here: Path, ask: Ask) -> None:
    text = studiogan(KEPT)
    head, middle, tail = text.partition("Step:   72500")
    (here / "train.log").write_text(head + middle + tail.replace("Generator_loss: 2", "Generator_loss: nan"))
    answer = ask("diagnose", "train.log", "--json")
    assert (answer.status, answer.json()["first_bad"]["at"]) == (7, 72_500)
    assert "cost/generator became nan at step 72500" in answer.json()["verdict"]


def test_costs_alone_judge_a_run_only_where_they_run_away(here: Path, ask: Ask) -> None:
    events(here / "calm", {"Loss/D": curve([1.0 + number % 7 for number in range(100)])})
    assert ask("diagnose", "calm").status == 0
    events(here / "wild", {"Loss/D": curve([1.0] * 70 + [1e6] * 30)})
    answer = ask("diagnose", "wild", "--json")
    assert (answer.status, answer.json()["first_bad"]["at"], answer.json()["best"]) == (7, 710, None)


def test_a_discriminator_that_knows_its_data_by_heart_is_warned_of(here: Path, ask: Ask) -> None:
    answer = ask("diagnose", stylegan(here / "run", KEPT, r_t=0.97))
    assert answer.status == 0
    assert "knows its training data by heart: r_t is 0.97" in answer.out


def test_tags_can_be_mapped_and_steps_counted_in_kimg(here: Path, ask: Ask) -> None:
    events(here / "run", {"score": curve(LOST)})
    assert ask("diagnose", "run").status == 0
    answer = ask("diagnose", "run", "--map", "fid=score", "--kimg-per-step", "0.064", "--json")
    assert (answer.status, answer.json()["unit"]) == (7, "kimg")
    assert answer.json()["best"]["at"] == pytest.approx(25.6)
    answer = ask("diagnose", "run", "--map", "fid=scores")
    assert (answer.status, len(answer.problems)) == (2, 1)


def made(kind: str, here: Path) -> Path:
    """Something at a path that is no log."""
    path = here / "thing.log"
    if kind == "empty file":
        path.touch()
    elif kind == "garbage":
        path.write_bytes(bytes(range(256)) * 500)
    elif kind == "one endless line":
        path.write_bytes(b"Step: " * 500_000)
    elif kind == "prose":
        path.write_text("Step 1: install. Step 2: train. Score your FID.\n")
    elif kind == "header alone":
        path.write_text(studiogan(LOST).partition("Start training")[0])
    elif kind == "empty folder":
        path.mkdir()
    elif kind == "empty events":
        path = events(here / "run", {})
    elif kind == "garbage events":
        path = events(here / "run", {})
        path.write_bytes(b"\xff" * 500)
    elif kind == "empty statistics":
        path = here / "stats.jsonl"
        path.touch()
    elif kind == "JSON of another kind":
        path = here / "stats.jsonl"
        path.write_text('[1, 2]\n"Progress/kimg"\n{"Progress/kimg": 3}\n{"Progress/kimg": {"mean": "x"}}\nnull\n')
    return path


@pytest.mark.parametrize(
    "kind",
    "nothing/empty file/garbage/one endless line/prose/header alone/empty folder/empty events/garbage events"
    "/empty statistics/JSON of another kind".split("/"),
)
def test_where_nothing_can_be_read_one_line_says_so(kind: str, here: Path, ask: Ask) -> None:
    answer = ask("diagnose", made(kind, here))
    assert (answer.status, answer.out) == (3, "")
    (line,) = answer.problems
    assert "expected" in line


def test_another_folder_of_runs_stands_in_the_next_command(record: Record, ask: Ask) -> None:
    record(HEALTHY)
    Path("runs").rename("others")
    answer = ask("diagnose", "first", "--runs", "others")
    assert answer.out.splitlines()[-1] == "  ganlab sample first --runs others --out first.png"


def test_lines_fit_a_narrow_terminal(record: Record, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    record(COLLAPSED)
    *lines, _ = ask("diagnose", "first").out.splitlines()
    assert max(map(len, lines)) <= 50
