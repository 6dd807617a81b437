"""`ganlab export`: what it writes makes the same samples anywhere, and is there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ganlab import disk
from ganlab.assemble import onnx_file
from ganlab.assemble.export import export_generator, made, tried
from ganlab.assemble.export_directory import ABOUT, ExportDirectory, digest_of
from ganlab.assemble.generator import LoadedGenerator, load_generator
from ganlab.assemble.run_directory import RunDirectory
from ganlab.builtin.tasks.unconditional import Unconditional
from ganlab.cli import main
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.errors import CheckpointError, GanlabError, RecipeError, StorageError
from ganlab.plugins import Plugins
from tests.cli.conftest import RING, Ask
from tests.cli.test_start_up import HEAVY, after
from tests.disks import Crash, put_in

CPU = torch.device("cpu")

DIGITS = """
budget_kimg = 0.064
batch_size = 16
task = {name = "class-conditional", latent_size = 4}
dataset = {name = "digits"}
loss = {name = "hinge"}
[players.generator]
architecture = {name = "dcgan", width = 4}
ema_half_life_kimg = 0.01
[players.image]
architecture = {name = "mlp", width = 8, depth = 1}
[watch]
reporters = []
"""

SMALL = """
batch_size = 4
budget_kimg = 0.008
players.generator.architecture.width = 4
watch = {reporters = []}
"""

PAIRED = f'extends = "pix2pix"{SMALL}players.target.architecture.width = 4\n[dataset]\npatches = 32\nheld_out = 1000\n'

UNPAIRED = f"""extends = "cyclegan"{SMALL}players.a.architecture.width = 4
players.b.architecture.width = 4
datasets.a.patches = 32
datasets.b.patches = 32
"""

STAGES = f"""{RING}
[[stages]]
name = "first"
kimg = 1.28
[[stages]]
name = "second"
kimg = 1.28
dataset = {{name = "grid"}}
"""

RECIPES = {"ring": RING, "digits": DIGITS, "paired": PAIRED, "unpaired": UNPAIRED, "stages": STAGES}
GIVEN = {"paired": {"source": 1}, "unpaired": {"a": 1, "b": 3}}
"""Channels of the pictures that a generator is given."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of each kind, and of what it is to be given; not to be changed."""
    folder = tmp_path_factory.mktemp("exported")
    for name, text in RECIPES.items():
        (folder / f"{name}.toml").write_text(text)
        assert main(["run", str(folder / f"{name}.toml"), "--name", name, "--runs", str(folder)]) == 0
    dice = np.random.default_rng(0)
    for name, channels in GIVEN.items():
        arrays = {key: dice.uniform(-1, 1, (5, count, 32, 32)) for key, count in channels.items()}
        np.savez(folder / f"{name}.npz", **arrays)  # type: ignore[arg-type]
    return folder


@pytest.fixture
def generator(runs: Path) -> LoadedGenerator:
    """That of the ring."""
    return load_generator(RunDirectory(runs / "ring"), Plugins(), CPU)


def given(runs: Path, name: str) -> list[object]:
    """Options for what the generator needs."""
    return ["--given", runs / f"{name}.npz"] if name in GIVEN else ["--count", 300]


@pytest.mark.parametrize("name", RECIPES)
def test_an_export_makes_the_same_samples_to_the_bit_without_the_run(
    here: Path, ask: Ask, runs: Path, name: str
) -> None:
    assert ask("sample", runs / name, "--out", "run.npz", "--seed", 3, *given(runs, name)).status == 0
    answer = ask("export", runs / name, "--out", "export/")
    assert answer.status == 0, answer.err
    assert answer.out.splitlines()[1] == f"  ganlab sample export/ --out {name}.png"
    (here / "export").rename(here / "elsewhere")
    again = ask("sample", "elsewhere", "--out", "export.npz", "--seed", 3, *given(runs, name))
    assert again.status == 0, again.err
    assert f"samples of run '{name}'" in again.out
    assert (here / "run.npz").read_bytes() == (here / "export.npz").read_bytes()


@pytest.mark.parametrize("name", ["ring", "digits", "paired", "unpaired"])
def test_an_onnx_file_makes_what_torch_makes_for_any_number_of_samples(
    here: Path, ask: Ask, runs: Path, name: str
) -> None:
    import onnxruntime

    answer = ask("export", runs / name, "--out", "x.onnx")
    assert answer.status == 0, answer.err
    assert "of torch" in answer.out
    loaded = load_generator(RunDirectory(runs / name), Plugins(), CPU)
    session = onnxruntime.InferenceSession(here / "x.onnx")
    outputs = [each.name for each in session.get_outputs()]
    assert {each.shape[0] for each in (*session.get_inputs(), *session.get_outputs())} == {"N"}
    for count in (2, 9):
        drawn = tried(loaded, count)
        assert {each.name for each in session.get_inputs()} == set(drawn)
        wanted = made(loaded, drawn)
        assert outputs == [key if key not in drawn else f"made_{key}" for key in wanted]
        found = session.run(outputs, {key: value.numpy() for key, value in drawn.items()})
        for value, answered in zip(wanted.values(), found, strict=True):
            np.testing.assert_allclose(answered, value.numpy(), rtol=0, atol=1e-4)
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["ganlab.run"]) == name


def test_it_holds_the_moving_average_of_the_generator_and_nothing_else(here: Path, ask: Ask, runs: Path) -> None:
    state, _, _ = CheckpointFolder(runs / "digits" / "checkpoints").newest()
    kept = state["game"]["players"]["generator"]
    for option, weights in (([], kept["average"]), (["--raw"], kept["network"])):
        target = here / f"export{len(option)}"
        assert ask("export", runs / "digits", "--out", target, *option).status == 0
        found = load_file(target / "generator.safetensors")
        assert found.keys() == {f"generator/{name}" for name in weights}
        assert all(torch.equal(found[f"generator/{name}"], value) for name, value in weights.items())
    assert not all(torch.equal(value, kept["network"][name]) for name, value in kept["average"].items())
    assert sorted(path.name for path in target.iterdir()) == [
        "export.json",
        "fields.json",
        "generator.safetensors",
        "recipe.toml",
    ]
    answer = ask("export", here / "export0", "--out", "x", "--raw")
    assert answer.status == 2
    assert "moving average alone" in answer.err


def test_it_says_where_it_comes_from_and_names_no_place(here: Path, ask: Ask, runs: Path) -> None:
    assert ask("export", runs / "digits", "--out", "export").status == 0
    about = json.loads((here / "export" / ABOUT).read_text())
    record = json.loads((runs / "digits" / "provenance.json").read_text())
    assert (about["run"], about["kimg"], about["round"], about["averaged"]) == ("digits", 0.064, 4, True)
    assert about["given"]["label"]["cardinality"] == 10
    assert about["makes"]["image"]["shape"] == [1, 16, 16]
    for name in ("seed", "data", "libraries"):
        assert about["provenance"][name] == record[name]
    assert str(runs) not in (here / "export" / ABOUT).read_text()


def test_neither_data_nor_discriminator_need_to_be_known_where_it_is_used(
    here: Path, ask: Ask, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask("export", runs / "digits", "--out", "export").status == 0
    asked = []
    find = Plugins.find

    def noted(self: Plugins, kind: str, name: str) -> Any:
        asked.append((kind, name))
        return find(self, kind, name)

    monkeypatch.setattr(Plugins, "find", noted)
    assert ask("sample", "export", "--out", "x.png").status == 0
    assert set(asked) == {("tasks", "class-conditional"), ("architectures", "dcgan")}


def test_a_judge_that_the_task_asks_for_goes_along(
    here: Path, ask: Ask, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = Unconditional.generate

    def judged(self: Unconditional, networks: Any, given: Any) -> Any:
        sample = generate(self, networks, given)
        return {"point": sample["point"] + networks["point"](sample["point"]).mean()} if "point" in networks else sample

    monkeypatch.setattr(Unconditional, "generate", judged)
    assert ask("export", runs / "ring", "--out", "export").status == 0
    assert list(json.loads((here / "export" / ABOUT).read_text())["networks"]) == ["generator", "point"]
    assert ask("sample", runs / "ring", "--out", "run.npz").status == 0
    assert ask("sample", "export", "--out", "export.npz").status == 0
    assert (here / "run.npz").read_bytes() == (here / "export.npz").read_bytes()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["no-such-run", "--out", "x"], 2, "no run 'no-such-run'"),
        (["ring", "--out", "ring.toml/"], 2, "nothing is overwritten"),
        (["ring", "--out", "x.zip"], 2, "expected DIR/ or FILE.onnx"),
        (["ring", "--out", "no/x"], 2, "make it first"),
        (["empty", "--out", "x"], 4, "before its first checkpoint"),
        (["damaged", "--out", "x"], 4, "SHA-256"),
    ],
)
def test_what_cannot_be_exported_is_told_in_one_line(
    here: Path, ask: Ask, runs: Path, words: list[str], status: int, said: str
) -> None:
    copied = here / "runs"
    for name in ("ring", "empty", "damaged"):
        shutil.copytree(runs / "ring", copied / name)
    shutil.rmtree(copied / "empty" / "checkpoints")
    for path in (copied / "damaged" / "checkpoints").iterdir():
        raw = bytearray(path.read_bytes())
        raw[-100] ^= 1
        path.write_bytes(raw)
    before = sorted(here.iterdir())
    answer = ask("export", *words, "--runs", copied)
    assert answer.status == status
    assert len(answer.problems) == 1
    assert said in answer.err
    assert sorted(here.iterdir()) == before


class Failing(disk.System):
    """A disk whose operation after the first `left` fails, and that remembers those that did not."""

    def __init__(self, left: int, error: Callable[[], BaseException]) -> None:
        self.left = left
        self.done: list[str] = []
        self._error = error

    def __getattribute__(self, name: str) -> Any:
        if name in vars(disk.System):
            if len(self.done) == self.left:
                raise self._error()
            self.done.append(name)
        return super().__getattribute__(name)


def full() -> BaseException:
    return OSError(errno.ENOSPC, "No space left on device")


IN_ORDER = ["make_folder", *["create", "write", "sync", "close"] * 4, "sync_folder", "rename", "sync_folder"]


@pytest.mark.parametrize(("error", "raised"), [(full, StorageError), (Crash, Crash)])
def test_wherever_the_disk_fails_there_is_a_whole_export_or_none(
    generator: LoadedGenerator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Callable[[], BaseException],
    raised: type[BaseException],
) -> None:
    plugins = Plugins()
    target = tmp_path / "export"
    for fatal in range(len(IN_ORDER)):
        system = Failing(fatal, error)
        with monkeypatch.context() as patch:
            put_in(patch, system)
            with pytest.raises(raised):
                export_generator(generator, plugins, target)
        assert system.done == IN_ORDER[:fatal]
        assert target.exists() == ("rename" in system.done)
        if target.exists():
            load_generator(ExportDirectory(target), plugins, CPU)
            shutil.rmtree(target)
        assert list(tmp_path.iterdir()) == []
    put_in(monkeypatch, Failing(len(IN_ORDER), error))
    export_generator(generator, plugins, target)


def test_no_damage_is_loaded_in_silence(generator: LoadedGenerator, tmp_path: Path) -> None:
    export_generator(generator, Plugins(), tmp_path / "export")
    export = ExportDirectory(tmp_path / "export")
    about = export.about()
    dice = random.Random(0)
    noticed = 0
    for path in sorted(export.path.iterdir()):
        whole = path.read_bytes()
        for _ in range(200):
            raw = bytearray(whole)
            if dice.random() < 0.2:
                raw = raw[: dice.randrange(len(raw))]
            else:
                raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
            path.write_bytes(raw)
            try:
                told = export.about()
                for name in told["files"]:
                    export.read(name)
            except CheckpointError:
                noticed += 1
            else:
                assert told == about
        path.write_bytes(whole)
    assert noticed > 795  # what is not noticed is a blank of export.json that became another


def forge(path: Path, **changes: Any) -> None:
    """Change what export.json says, and its hash with it."""
    told = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(told | {"sha256": digest_of(told)}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2, "ganlab": "9.1"}, "made by ganlab 9.1: upgrade"),
        ({"format": 0}, "is damaged"),
        ({"format": "1"}, "is damaged"),
        ({"networks": 3}, "is no export"),
        ({"networks": ["generator", "ghost"]}, "'ghost', which its recipe does not build"),
        ({"networks": []}, "belongs to no network"),
        ({"networks": ["generator", "point"]}, "does not fit player 'point'"),
        ({"stage": 7}, "stage 7 of 1"),
        ({"stage": -1}, "stage -1 of 1"),
        ({"round": None}, "is no export"),
        ({"files": {}}, "does not say what"),
        ({"files": []}, "does not say what"),
        ({"provenance": 3}, "is no export"),
    ],
)
def test_a_forged_export_is_answered_in_one_line(
    here: Path, ask: Ask, runs: Path, changes: dict[str, Any], said: str
) -> None:
    assert ask("export", runs / "ring", "--out", "export").status == 0
    forge(here / "export" / ABOUT, **changes)
    answer = ask("sample", "export", "--out", "x.png")
    assert answer.status == 4, answer.err
    assert len(answer.problems) == 1
    assert said in answer.err
    assert not (here / "x.png").exists()


@pytest.mark.parametrize(("width", "said"), [("24", "lacks layers.4.weight"), ("8192", "builds far larger networks")])
def test_weights_that_the_recipe_does_not_build_are_refused(
    here: Path, ask: Ask, runs: Path, width: str, said: str
) -> None:
    assert ask("export", runs / "ring", "--out", "export").status == 0
    recipe = here / "export" / "recipe.toml"
    raw = recipe.read_bytes().replace(b"width = 16\ndepth = 1", f"width = {width}\ndepth = 3".encode())
    recipe.write_bytes(raw)
    answer = ask("sample", "export", "--out", "x.png")
    assert answer.status == 4
    assert "is damaged" in answer.err
    files = json.loads((here / "export" / ABOUT).read_text())["files"]
    files["recipe.toml"] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    forge(here / "export" / ABOUT, files=files)
    answer = ask("sample", "export", "--out", "x.png")
    assert answer.status == 4
    assert len(answer.problems) == 1
    assert said in answer.err


def test_weights_that_are_not_finite_are_not_exported(generator: LoadedGenerator, tmp_path: Path) -> None:
    next(iter(generator.networks["generator"].parameters())).data[0, 0] = float("nan")
    with pytest.raises(CheckpointError, match="not finite"):
        export_generator(generator, Plugins(), tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_a_generator_that_keeps_something_beside_its_weights_is_not_exported(
    generator: LoadedGenerator, tmp_path: Path
) -> None:
    generator.networks["generator"].register_forward_hook(lambda module, given, made: made + 1)
    with pytest.raises(RecipeError, match="beside its weights"):
        export_generator(generator, Plugins(), tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (lambda module, given, made: made * float(made.mean()), "cannot express"),
        (lambda module, given, made: torch.linalg.eigvals(made.T @ made).real + made, "cannot express"),
        (lambda module, given, made: made + torch.rand(()).item(), "away from torch's"),
    ],
)
def test_what_onnx_does_not_express_is_told_and_nothing_is_left(
    generator: LoadedGenerator, tmp_path: Path, after: Any, said: str
) -> None:
    generator.networks["generator"].register_forward_hook(after)
    with pytest.raises(RecipeError, match=said) as told:
        onnx_file.export_onnx(generator, tmp_path / "x.onnx")
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_onnx_says_what_to_install(
    here: Path, ask: Ask, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "find_spec", lambda name: None)
    answer = ask("export", runs / "ring", "--out", "x.onnx")
    assert answer.status == 5
    assert "pip install 'ganlab[onnx]'" in answer.err
    assert not (here / "x.onnx").exists()


def test_without_a_runtime_it_says_that_nobody_tried_the_file(
    here: Path, ask: Ask, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "find_spec", lambda name: None if name == "onnxruntime" else object())
    answer = ask("export", runs / "ring", "--out", "x.onnx")
    assert answer.status == 0
    assert "no onnxruntime to try it" in answer.out
    assert (here / "x.onnx").exists()


def test_a_run_below_runs_comes_before_an_export_of_its_name(here: Path, ask: Ask, runs: Path) -> None:
    assert ask("export", runs / "digits", "--out", "ring").status == 0
    assert "run 'ring'" in ask("sample", "ring", "--runs", runs, "--out", "x.png").out
    assert "run 'digits'" in ask("sample", "./ring", "--runs", runs, "--out", "y.png").out


def test_an_export_among_the_runs_is_found_by_name_and_is_none_of_them(here: Path, ask: Ask, runs: Path) -> None:
    shutil.copytree(runs / "ring", here / "runs" / "ring")
    assert ask("export", "ring", "--out", "runs/ring-export").status == 0
    assert "run 'ring'" in ask("sample", "ring-export", "--out", "x.png").out
    assert [each["run"] for each in ask("runs", "--json").json()["runs"]] == ["ring"]
    assert ask("resume", "ring-export").status == 2


def test_every_error_of_an_export_is_ours(tmp_path: Path) -> None:
    for name, content in {"a": b"", "b": b"[]", "c": b'{"format": 1}', "d": b"\xff", "e": b"[" * 100_000}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / ABOUT).write_bytes(content)
        with pytest.raises(GanlabError, match=ABOUT):
            ExportDirectory(tmp_path / name).about()


def test_mistakes_are_answered_without_torch(here: Path, runs: Path) -> None:
    statuses, modules = after(
        here,
        ["export", "no-such-run", "--out", "x"],
        ["export", str(runs / "ring"), "--out", "x.zip"],
        ["sample", "no-such-export/", "--out", "x.png"],
        ["import-torch", "no-such-file.pt", "--out", "x.safetensors"],
        ["import-torch", "ring.toml", "--out", "x.pt"],
    )
    assert statuses == [2, 2, 2, 2, 2]
    assert not modules & (HEAVY | {"safetensors"})
