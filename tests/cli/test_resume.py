"""To go on with a run: what may change and what not, what is said of it, what is remembered, and what may be broken."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from ganlab.assemble.changes import FREE, FROZEN, as_tree, changed
from ganlab.assemble.difference import differing, leaves
from ganlab.engine import container
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.recipe import override, parse
from tests.cli.conftest import RING, Answer, Ask

LINE = re.compile(r"ganlab: error\[E-[A-Z]+\]: .+")

MORE = ("--set", "budget_kimg=2.816")
"""Two rounds and a tick more than the finished run."""


@pytest.fixture
def first(here: Path, played: Path) -> Path:
    """The finished run `first`, to be changed."""
    shutil.copytree(played, here / "runs")
    return here / "runs/first"


def newest(run: Path) -> tuple[dict[str, Any], Path]:
    tree, path, _ = CheckpointFolder(run / "checkpoints").newest()
    return tree, path


def forge(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the newest checkpoint holds; its hash is right all the same."""
    tree, path = newest(run)
    change(tree)
    path.write_bytes(container.pack(tree))


def hashes(run: Path) -> dict[str, str]:
    """Every file of the run, but those that a refused process may write to."""
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name not in ("lock", "crash.log")
    }


def provenance(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "provenance.json").read_text())
    return found


def weights(run: Path) -> torch.Tensor:
    """All weights of the newest checkpoint, in a row."""
    players = newest(run)[0]["game"]["players"]
    return torch.cat([each.flatten() for player in players.values() for each in player["network"].values()])


def refused(answer: Answer, status: int) -> str:
    """The one line in which it was said why."""
    assert answer.status == status, answer.err
    (line,) = answer.problems
    assert LINE.fullmatch(line), line
    return line


# What may change


def keys_of_a_rich_recipe() -> Iterator[str]:
    tree = tomllib.loads(RING) | {
        "counted": "a",
        "datasets": {"a": {"name": "ring"}, "b": {"name": "grid"}},
        "views": {"point": {"real": 2.0}},
        "phases": [{"player": "point"}, {"player": "generator"}],
        "terms": [{"name": "r1", "on": "point"}],
        "augmentations": [{"name": "instance-noise"}],
        "stages": [
            {
                "name": "early",
                "kimg": 1.0,
                "task": {"name": "unconditional"},
                "batch_size": 3,
                "loss": {"name": "hinge"},
            }
        ],
        "threads": 1,
    }
    del tree["dataset"]
    tree["watch"] |= {"monitors": [{"name": "lost-coverage"}], "interventions": [{"name": "stop"}]}
    for key, _ in leaves(as_tree(parse(tree))):
        yield key


def test_every_key_is_free_or_frozen_or_changes_the_game() -> None:
    keys = list(keys_of_a_rich_recipe())
    free = {key for key in keys if FREE.fullmatch(key)}
    frozen = {key for key in keys if FROZEN.fullmatch(key)}
    assert free == {
        "about",
        "budget_kimg",
        "checkpoint_seconds",
        "watch.tick_kimg",
        "watch.picture_every",
        "watch.picture_count",
        "watch.diagnostics",
        "watch.monitors.lost-coverage.name",
        "watch.reporters.jsonl.name",
        "watch.observers",
    }
    assert frozen == {
        "seed",
        "batch_size",
        "counted",
        "task.name",
        "task.latent_size",
        "datasets.a.name",
        "datasets.b.name",
        "players.generator.architecture.name",
        "players.generator.architecture.width",
        "players.generator.architecture.depth",
        "players.point.architecture.name",
        "players.point.architecture.width",
        "players.point.architecture.depth",
        "stages.early.name",
        "stages.early.task.name",
        "stages.early.batch_size",
    }
    assert len(set(keys) - free - frozen) > 40


@pytest.mark.parametrize(
    "setting",
    [
        "budget_kimg=3",
        "checkpoint_seconds=5",
        "about=hello",
        "watch.picture_every=2",
        "watch.tick_kimg=0.512",
        'watch.diagnostics=[{name="balance"}]',
    ],
)
def test_how_long_a_run_lasts_and_what_is_seen_of_it_may_change(first: Path, ask: Ask, setting: str) -> None:
    key = setting.partition("=")[0]
    answer = ask("resume", "first", *MORE, "--set", setting)
    assert answer.status == 0
    assert any(line.startswith(f"ganlab: note: {key}") for line in answer.problems)
    assert not any("warning" in line for line in answer.problems)
    changes = provenance(first)["lineage"][-1]["changes"]
    assert any(each.startswith(key) for each in changes)


@pytest.mark.parametrize(
    "setting",
    [
        "seed=1",
        "batch_size=64",
        "task.latent_size=5",
        "dataset.name=grid",
        "players.generator.architecture.width=8",
        'players.new={architecture={name="mlp"}}',
        'stages=[{name="early", kimg=1.0}]',
    ],
)
def test_what_makes_a_run_what_it_is_cannot_change_whatever_is_allowed(first: Path, ask: Ask, setting: str) -> None:
    before = hashes(first)
    answer = ask("resume", "first", "--set", setting, "--allow", "recipe", "--allow", "data", "--allow", "device")
    assert answer.status == 2
    assert setting.partition("=")[0] in answer.err
    assert "a run that has begun keeps it" in answer.err
    assert all(LINE.fullmatch(line) for line in answer.problems)
    assert hashes(first) == before


@pytest.mark.parametrize(
    "setting",
    [
        "players.generator.optimizer.lr=0.0005",
        "players.generator.ema_half_life_kimg=2",
        "loss.name=hinge",
        'terms=[{name="r1", on="point"}]',
        'phases=[{player="point", turns=2}, {player="generator"}]',
        "views.point.real=2",
        "accumulate=2",
        "threads=1",
        "precision=bfloat16",
        'watch.interventions=[{name="stop"}]',
    ],
)
def test_a_change_of_the_game_is_asked_about_and_then_made(first: Path, ask: Ask, setting: str) -> None:
    before = hashes(first)
    answer = ask("resume", "first", *MORE, "--set", setting)
    assert answer.status == 2
    assert all(line.endswith("add --allow recipe") and LINE.fullmatch(line) for line in answer.problems)
    assert setting.partition("=")[0] in answer.err
    assert hashes(first) == before
    assert ask("resume", "first", *MORE, "--set", setting, "--allow", "recipe").status == 0
    entry = provenance(first)["lineage"][-1]
    assert entry["allowed"] == ["recipe"]
    assert any(key.startswith(setting.partition("=")[0]) for key in entry["changes"])


def test_a_change_names_its_key_what_was_and_what_would_be(first: Path, ask: Ask) -> None:
    setting = "players.generator.optimizer.lr=0.0005"
    assert refused(ask("resume", "first", *MORE, "--set", setting), 2) == (
        "ganlab: error[E-RECIPE]: players.generator.optimizer.lr: was 0.001, would become 0.0005; "
        "this changes the game of a run that has begun: add --allow recipe"
    )


def test_a_smaller_learning_rate_moves_the_weights_less(first: Path, ask: Ask) -> None:
    shutil.copytree(first, first.parent / "second")
    before = weights(first)
    assert ask("resume", "first", *MORE).status == 0
    players = ["--set", "players.generator.optimizer.lr=1e-9", "--set", "players.point.optimizer.lr=1e-9"]
    assert ask("resume", "second", *MORE, *players, "--allow", "recipe").status == 0
    assert (weights(first.parent / "second") - before).abs().max() < 1e-7
    assert (weights(first) - before).abs().max() > 1e-4


def test_the_order_of_play_is_a_change_too() -> None:
    recipe = parse(tomllib.loads(RING) | {"phases": [{"player": "point"}, {"player": "generator"}]})
    turned = parse(tomllib.loads(RING) | {"phases": [{"player": "generator"}, {"player": "point"}]})
    assert changed(recipe, turned) == {"phases": (["point", "generator"], ["generator", "point"])}
    assert differing({"a": [{"name": "x"}]}, {"a": [{"name": "x"}, {"name": "y"}]}) == {"a.y.name": (None, "y")}


def test_what_is_watched_is_not_free_where_something_acts_on_it(here: Path, ask: Ask) -> None:
    assert ask("run", "ring.toml", "--name", "x", "--set", 'watch.interventions=[{name="stop"}]').status == 0
    assert "add --allow recipe" in refused(ask("resume", "x", *MORE, "--set", "watch.tick_kimg=0.512"), 2)
    assert ask("resume", "x", *MORE, "--set", "watch.picture_every=2").status == 0


def test_a_schedule_that_ends_with_the_budget_is_named_when_the_budget_moves(here: Path, ask: Ask) -> None:
    falls = "players.generator.schedule={shape='linear'}"
    assert ask("run", "ring.toml", "--name", "x", "--set", falls).status == 0
    told = ask("resume", "x", *MORE).err
    assert "players.generator.schedule ends with the budget, which has moved" in told
    assert "players.point" not in told


def test_an_unknown_allowance_is_a_mistake_with_a_suggestion(first: Path, ask: Ask) -> None:
    line = refused(ask("resume", "first", "--allow", "recipes"), 2)
    assert "Did you mean 'recipe'?" in line
    assert "There are: recipe, data, device, nonfinite" in line


# What is remembered


def test_every_life_has_its_entry_and_the_run_its_own_number(first: Path, ask: Ask) -> None:
    number = provenance(first)["run_id"]
    assert re.fullmatch("[0-9a-f]{32}", number)
    began = provenance(first)["started"]
    assert ask("resume", "first", *MORE).status == 0
    assert ask("resume", "first", "--set", "budget_kimg=3.072").status == 0
    told = provenance(first)
    assert (told["run_id"], told["started"], told["recipe"]) == (number, began, "ring")
    one, two, three = told["lineage"]
    assert one["from"] is None
    assert (two["from"], two["changes"]) == (
        {"checkpoint": "000000002560.ckpt", "kimg": 2.56, "round": 20},
        {"budget_kimg": [2.56, 2.816]},
    )
    assert three["from"]["kimg"] == 2.816
    assert began == one["started"] < two["started"] < three["started"]
    assert one["versions"]["torch"] == torch.__version__
    assert newest(first)[0]["identity"]["lineage"] == told["lineage"]


def test_two_runs_have_two_numbers(here: Path, ask: Ask) -> None:
    for name in ("x", "y"):
        assert ask("run", "ring.toml", "--name", name, "--seed", 7).status == 0
    assert provenance(here / "runs/x")["run_id"] != provenance(here / "runs/y")["run_id"]


def test_the_recipes_of_former_lives_are_kept(first: Path, ask: Ask) -> None:
    texts = [(first / "recipe.toml").read_text()]
    for budget in (2.816, 3.072):
        assert ask("resume", "first", "--set", f"budget_kimg={budget}").status == 0
        texts.append((first / "recipe.toml").read_text())
    assert [(first / f"recipe-{number}.toml").read_text() for number in (1, 2)] == texts[:2]
    assert not (first / "recipe-3.toml").exists()
    assert tomllib.loads(texts[2])["budget_kimg"] == 3.072


def test_comments_in_a_recipe_stay_where_they_are(first: Path, ask: Ask) -> None:
    path = first / "recipe.toml"
    path.write_text("# my best run\n" + path.read_text())
    (first / "outcome.json").unlink()
    assert ask("resume", "first").status == 0
    assert path.read_text().startswith("# my best run\n")
    assert not (first / "recipe-1.toml").exists()


def test_what_was_allowed_stays_allowed_if_the_process_died_before_a_checkpoint(first: Path, ask: Ask) -> None:
    shutil.copytree(first / "checkpoints", first / "kept")
    changing = [*MORE, "--set", "players.generator.optimizer.lr=0.0005", "--allow", "recipe"]
    assert ask("resume", "first", *changing).status == 0
    shutil.rmtree(first / "checkpoints")
    (first / "kept").rename(first / "checkpoints")
    (first / "outcome.json").unlink()
    assert ask("resume", "first").status == 0
    assert len(provenance(first)["lineage"]) == 3
    assert provenance(first)["lineage"][-1]["changes"]["players.generator.optimizer.lr"] == [0.001, 0.0005]


def test_a_recipe_edited_by_hand_is_measured_against_the_checkpoint(first: Path, ask: Ask) -> None:
    path = first / "recipe.toml"
    text = path.read_text()
    (first / "outcome.json").unlink()
    path.write_text(text.replace("lr = 0.001", "lr = 0.002"))
    assert text != path.read_text()
    answer = ask("resume", "first")
    assert answer.status == 2
    assert "players.generator.optimizer.lr: was 0.001, would become 0.002" in answer.err
    path.write_text(text.replace("seed = 0", "seed = 1", 1))
    assert "seed: was 0, would become 1" in refused(ask("resume", "first"), 2)
    path.write_text(text.replace("budget_kimg = 2.56", "budget_kimg = 2.816"))
    assert ask("resume", "first").status == 0


def test_the_passwords_of_addresses_are_not_written_down(here: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["ganlab", "run", "--x", "postgresql://me:canary@host/db", "https://host/?a=1&password=canary&b=2"]
    monkeypatch.setattr("sys.argv", given)
    assert ask("run", "ring.toml", "--name", "x").status == 0
    assert provenance(here / "runs/x")["command"][3:] == [
        "postgresql://***@host/db",
        "https://host/?a=1&password=***&b=2",
    ]
    assert not any(b"canary" in path.read_bytes() for path in (here / "runs/x").rglob("*") if path.is_file())


# What is not as it was


def test_other_samples_are_refused_unless_they_are_allowed(
    first: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganlab.builtin.datasets.mixtures import Mixture

    before = hashes(first)
    monkeypatch.setattr(Mixture, "fingerprint", lambda self: "other")
    assert refused(ask("resume", "first", *MORE), 3).endswith("or add --allow data")
    assert hashes(first) == before
    answer = ask("resume", "first", *MORE, "--allow", "data")
    assert answer.status == 0
    assert "ganlab: warning: not bit-exact: the samples of 'dataset' have changed" in answer.problems
    entry = provenance(first)["lineage"][-1]
    assert entry["allowed"] == ["data"]
    assert "not bit-exact: the samples of 'dataset' have changed" in entry["notes"]


@pytest.mark.parametrize(
    ("place", "was", "line"),
    [
        (("ganlab",), "0.0.1", "ganlab was 0.0.1, is {}"),
        (("python",), "3.1.4", "python was 3.1.4, is {}"),
        (("machine",), "pdp11", "machine was pdp11, is {}"),
        (("cpu_capability",), "AVX1024", "cpu_capability was AVX1024, is {}"),
        (("threads",), 77, "threads was 77, is {}"),
        (("interop_threads",), 77, "interop_threads was 77, is {}"),
        (("device",), "abacus", "device was abacus, is {}"),
        (("libraries", "torch"), "1.0", "torch was 1.0, is {}"),
        (("libraries", "numpy"), "1.0", "numpy was 1.0, is {}"),
        (("plugins", "ganlab-gone"), "3", "plugin ganlab-gone was 3, is absent"),
        (("arithmetic", "deterministic"), True, "deterministic was True, is {}"),
        (("arithmetic", "tf32_products"), True, "tf32_products was True, is {}"),
        (("arithmetic", "float32_matmul_precision"), "medium", "float32_matmul_precision was medium, is {}"),
        (("arithmetic", "precision"), "bfloat16", "precision was bfloat16, is {}"),
        (("arithmetic", "memory_format"), "upside-down", "memory_format was upside-down, is {}"),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else None,
)
def test_what_may_change_bits_is_said_in_a_plain_line(
    first: Path, ask: Ask, place: tuple[str, ...], was: Any, line: str
) -> None:
    now: Any = {}

    def change(tree: dict[str, Any]) -> None:
        table = tree["identity"]
        for key in place[:-1]:
            table = table[key]
        now["is"] = table.get(place[-1])
        table[place[-1]] = was

    forge(first, change)
    answer = ask("resume", "first", *MORE)
    assert answer.status == 0
    told = [each for each in answer.problems if "not bit-exact" in each]
    assert told == [f"ganlab: warning: not bit-exact: {line.format(now['is'])}"]
    assert f"not bit-exact: {line.format(now['is'])}" in provenance(first)["lineage"][-1]["notes"]


@pytest.mark.parametrize(
    ("key", "was", "said"),
    [("device_kind", "cuda", "say --device cuda"), ("processes", 4, "torchrun --nproc-per-node 4")],
)
def test_another_kind_of_device_or_number_of_processes_is_refused(
    first: Path, ask: Ask, key: str, was: Any, said: str
) -> None:
    forge(first, lambda tree: tree["identity"].update({key: was}))
    before = hashes(first)
    line = refused(ask("resume", "first", *MORE), 2)
    assert said in line
    assert line.endswith("or add --allow device")
    assert hashes(first) == before
    assert ask("resume", "first", *MORE, "--allow", "device").status == 0
    assert provenance(first)["lineage"][-1]["allowed"] == ["device"]


def test_weights_that_are_not_finite_are_refused_unless_they_are_allowed(first: Path, ask: Ask) -> None:
    def spoil(tree: dict[str, Any]) -> None:
        network = tree["game"]["players"]["point"]["network"]
        network[next(iter(network))].view(-1)[0] = float("nan")

    forge(first, spoil)
    before = hashes(first)
    assert "not finite" in refused(ask("resume", "first", *MORE), 4)
    assert hashes(first) == before
    assert ask("resume", "first", *MORE, "--allow", "nonfinite").status == 7  # it loads, and then the game is lost


# What may be broken


def without(*path: str) -> Callable[[dict[str, Any]], object]:
    def change(tree: dict[str, Any]) -> None:
        for key in path[:-1]:
            tree = tree[key]
        del tree[path[-1]]

    return change


def with_(value: Any, *path: str) -> Callable[[dict[str, Any]], object]:
    def change(tree: dict[str, Any]) -> None:
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value

    return change


PLACES = [
    ("identity",),
    ("identity", "data"),
    ("game",),
    ("game", "clock"),
    ("game", "clock", "samples"),
    ("game", "clock", "round"),
    ("game", "players"),
    ("game", "players", "point"),
    ("game", "players", "point", "network"),
    ("game", "players", "point", "optimizer"),
    ("game", "streams"),
    ("game", "ledger"),
    ("game", "components"),
    ("game", "actions"),
    ("game", "random"),
    ("game", "random", "torch"),
    ("run",),
    ("run", "seconds"),
    ("run", "reporters"),
]
FORGERIES = [
    *[("without " + ".".join(place), without(*place)) for place in PLACES],
    *[(f"{'.'.join(place)} = {value!r}", with_(value, *place)) for place in PLACES for value in ("text", 1.5)],
    *[
        (f"a tensor as {key}", with_(torch.ones(2), "identity", key))
        for key in ("processes", "threads", "data", "lineage")
    ],
    ("recipe_text = 3 lines", with_("a = 1\nb = \nc = 1", "identity", "recipe_text")),
    ("recipe_text of nothing", with_("", "identity", "recipe_text")),
]


@pytest.mark.parametrize("change", [each for _, each in FORGERIES], ids=[name for name, _ in FORGERIES])
def test_a_whole_file_that_is_no_checkpoint_is_refused_in_one_line(
    first: Path, ask: Ask, change: Callable[[dict[str, Any]], object], request: pytest.FixtureRequest
) -> None:
    forge(first, change)
    before = hashes(first)
    answer = ask("resume", "first", *MORE)
    called = request.node.callspec.id
    if called == "run.seconds = 1.5":  # it may have taken so long
        assert answer.status == 0
    elif called.startswith("game.clock.samples = "):  # it is not of the moment that its name says: another is taken
        assert answer.status == 0
        assert "going on from 000000000000.ckpt" in answer.err
    else:
        refused(answer, 4)
        assert hashes(first) == before


@pytest.mark.parametrize("value", ["text", 3, None, [], {"a": 1}], ids=repr)
@pytest.mark.parametrize("key", ["lineage", "run_id", "libraries", "plugins", "arithmetic", "threads", "started"])
def test_a_strange_provenance_in_a_checkpoint_ends_nothing(first: Path, ask: Ask, key: str, value: Any) -> None:
    forge(first, with_(value, "identity", key))
    assert ask("resume", "first", *MORE).status == 0
    assert provenance(first)["lineage"][-1]["from"]["kimg"] == 2.56


def as_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "mine").write_text("mine")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(200)),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "binary": lambda path: path.write_bytes(b"\xff\xfe\x00" * 50),
    "null": lambda path: path.write_text("null"),
    "list": lambda path: path.write_text("[1, 2]"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "strange": lambda path: path.write_text(
        json.dumps(
            {
                "ending": "finished",
                "kimg": "much",
                "round": [],
                "seconds": {},
                "recipe": 3,
                "started": 4,
                "monitors": 5,
                "lineage": "long",
                "run_id": None,
            }
        )
    ),
    "enormous": lambda path: path.write_text('{"ending": "finished", "kimg": 1e999, "round": 1' + "0" * 400 + "}"),
    "directory": as_directory,
    "pipe": lambda path: (path.unlink(), os.mkfifo(path)),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize(
    "name", ["recipe.toml", "provenance.json", "fields.json", "outcome.json", "measurements.jsonl"]
)
def test_no_command_trips_over_a_damaged_file(first: Path, here: Path, ask: Ask, name: str, damage: str) -> None:
    shutil.copytree(first, first.parent / "other")
    DAMAGE[damage](first / name)
    assert ask("runs").status == 0
    assert [each["run"] for each in ask("runs", "--json").json()["runs"]] == ["first", "other"]
    # A recipe is a mistake, what the data were is part of a checkpoint, and a file that is a directory is the disk's.
    allowed = {"recipe.toml": {0, 2}, "fields.json": {0, 4}}.get(name, {0})
    for words in (
        ["compare", "first", "other"],
        ["sample", "first", "--out", "x.npz", "--count", "2"],
        ["resume", "first", *MORE],
    ):
        answer = ask(*words)
        assert answer.status in allowed | ({6} if damage in ("directory", "pipe") else set()), (words, answer.err)
        assert "Traceback" not in answer.err
        if answer.status:
            assert all(map(LINE.fullmatch, answer.problems)), (words, answer.err)


@pytest.mark.parametrize("damage", ["missing", "empty", "zeros", "binary"])
def test_a_lost_recipe_is_taken_from_the_checkpoint(first: Path, ask: Ask, played: Path, damage: str) -> None:
    DAMAGE[damage](first / "recipe.toml")
    assert ask("sample", "first", "--out", "x.npz", "--count", 2).status == 0
    kept = (first / "recipe.toml").read_bytes() if (first / "recipe.toml").exists() else b""
    answer = ask("resume", "first", *MORE)
    assert answer.status == 0
    assert "ganlab: warning: recipe.toml is lost; going on with the recipe in the newest checkpoint" in answer.problems
    wanted = override(tomllib.loads((played / "first/recipe.toml").read_text()), ["budget_kimg=2.816"])
    assert tomllib.loads((first / "recipe.toml").read_text()) == wanted
    assert not kept or (first / "recipe-1.toml").read_bytes() == kept


def test_a_recipe_that_is_no_recipe_any_more_says_where_there_is_one(first: Path, ask: Ask) -> None:
    path = first / "recipe.toml"
    path.write_text(path.read_text().replace("batch_size = ", "batch_size = = "))
    before = hashes(first)
    assert "recipe.toml" in refused(ask("resume", "first"), 2)
    path.write_text("budget_kimg = 3\n")
    assert "the newest checkpoint holds the recipe" in refused(ask("resume", "first"), 2)
    assert {**hashes(first), "recipe.toml": ""} == {**before, "recipe.toml": ""}


def test_a_lost_provenance_is_taken_from_the_checkpoint(first: Path, ask: Ask, played: Path) -> None:
    (first / "provenance.json").unlink()
    assert ask("resume", "first", *MORE).status == 0
    assert provenance(first)["run_id"] == provenance(played / "first")["run_id"]
    assert provenance(first)["recipe"] == "ring"
    assert len(provenance(first)["lineage"]) == 2


def test_a_damaged_newest_checkpoint_is_set_aside_and_the_one_before_goes_on_bit_for_bit(
    here: Path, ask: Ask, played: Path
) -> None:
    assert ask("run", "ring.toml", "--name", "x", "--set", "budget_kimg=1.28").status == 0
    shutil.copytree(here / "runs/x/checkpoints", here / "older")
    assert ask("resume", "x", "--set", "budget_kimg=2.56").status == 0
    newest_path = newest(here / "runs/x")[1]
    raw = bytearray(newest_path.read_bytes())
    raw[len(raw) // 2] ^= 1
    newest_path.write_bytes(raw)
    for each in (here / "older").iterdir():
        shutil.copy(each, newest_path.parent)
    (here / "runs/x/outcome.json").unlink()
    answer = ask("resume", "x")
    assert answer.status == 0
    (note,) = [line for line in answer.problems if "going on from" in line]
    assert newest_path.name in note
    assert "going on from 000000001280.ckpt" in note
    assert torch.equal(weights(here / "runs/x"), weights(played / "first"))
    assert newest_path.with_name(f"{newest_path.name}.damaged").read_bytes() == raw


def test_a_run_that_died_before_its_first_checkpoint_begins(
    here: Path, ask: Ask, played: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*arguments: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("ganlab.assemble.runs.train", die)
        assert ask("run", "ring.toml", "--name", "x").status == 70
    assert (here / "runs/x/recipe.toml").is_file()
    assert not (here / "runs/x/checkpoints").exists()
    assert ask("resume", "x").status == 0
    assert torch.equal(weights(here / "runs/x"), weights(played / "first"))


def test_what_dead_processes_were_writing_is_cleared_away(first: Path, ask: Ask) -> None:
    left = [first / "recipe.toml.tmp.4194304", first / "checkpoints/000000000001.ckpt.tmp.77"]
    for path in left:
        path.write_text("half")
    mine = first / "notes.tmp.txt"
    mine.write_text("mine")
    assert ask("resume", "first", *MORE).status == 0
    assert not any(path.exists() for path in left)
    assert mine.exists()
