"""A recipe that asks for more than the machine has is refused in seconds and in words; nobody has to kill it."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from ganlab.assemble import memory
from ganlab.assemble.memory import bounded_memory, free_memory, weigh, weighed
from ganlab.cli import main
from ganlab.errors import OutOfMemoryError
from tests.fuzz.recipes import PATIENCE_MILLISECONDS

GREEDY = [
    # what is set, and the exit status
    ("ring", "batch_size=1099511627776", 2),
    ("ring", "batch_size=16777216", 3),
    ("ring", "players.generator.architecture.width=1000000000", 2),
    ("ring", "players.generator.architecture={name='mlp', width=8192, depth=64}", 9),
    ("ring", "players.point.architecture={name='mlp', width=8192, depth=64}", 9),
    ("ring", "task.latent_size=1000000000000", 2),
    ("ring", "dataset.samples=1000000000000", 2),
    ("ring", "watch.picture_count=1000000", 2),
    ("ring", "watch.diagnostics=[{name='coverage', count=1000000000}]", 2),
    ("ring", "budget_kimg=1e300", 2),
    ("dcgan-32", "players.generator.architecture={name='dcgan', width=8192, widest=8192}", 9),
    ("dcgan-32", "dataset.patches=1000000000000", 2),
    ("digits", "dataset.size=1000000", 2),
    ("r3gan-32", "players.generator.architecture={name='r3gan', width=4096, blocks=32}", 9),
    ("digits", "augmentations=[{name='image-pool', size=1000000000000}]", 2),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GANLAB_DEBUG", raising=False)


@pytest.fixture
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 8 GiB left."""
    monkeypatch.setattr(memory, "free_memory", lambda: 8 << 30)


@pytest.mark.usefixtures("small_machine")
@pytest.mark.parametrize(("recipe", "setting", "status"), GREEDY, ids=[f"{each[0]} {each[1]}"[:50] for each in GREEDY])
def test_a_greedy_recipe_is_refused(recipe: str, setting: str, status: int, capfd: pytest.CaptureFixture[str]) -> None:
    began = time.process_time()
    assert main(["run", recipe, "--set", setting, "--name", "x", "--device", "cpu"]) == status
    assert time.process_time() - began < PATIENCE_MILLISECONDS / 1000
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("ganlab: error[E-")
    assert not list(Path("runs").glob("*"))


def wide() -> nn.Module:
    return nn.Sequential(nn.Linear(1000, 1000), nn.Linear(1000, 1000))


def test_a_network_is_weighed_by_its_weights_gradients_and_moments() -> None:
    weights = 2 * (1000 * 1000 + 1000)
    weigh("judge", wide, 16 * weights)
    with pytest.raises(OutOfMemoryError, match=r"player 'judge' would have 2,002,000 weights"):
        weigh("judge", wide, 16 * weights - 1)


def test_a_network_that_is_weighed_is_built_as_if_it_had_not_been(monkeypatch: pytest.MonkeyPatch) -> None:
    def built() -> nn.Module:
        torch.manual_seed(3)
        return wide()

    expected = built().state_dict()
    for heavy in (10**9, 1_500_000, 0):
        monkeypatch.setattr(memory, "HEAVY", heavy)
        found = weighed("judge", built)
        assert all(each.device.type == "cpu" for each in found.parameters())
        assert all(torch.equal(value, expected[name]) for name, value in found.state_dict().items())


def test_what_cannot_be_weighed_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def needs_values() -> nn.Module:
        layer = nn.Linear(4, 4)
        assert float(layer.weight.detach().abs().sum()) > 0
        return layer

    monkeypatch.setattr(memory, "HEAVY", 0)
    assert isinstance(weighed("judge", needs_values), nn.Linear)


@pytest.mark.skipif(torch.cuda.is_available(), reason="beside a GPU nothing is bounded")
def test_what_is_too_much_raises_and_the_bound_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    monkeypatch.setattr(memory, "free_memory", lambda: 1 << 29)
    with bounded_memory():
        torch.empty(1 << 26)
        with pytest.raises(RuntimeError, match="can't allocate memory"):
            torch.empty(1 << 28)
        with pytest.raises(MemoryError):
            bytearray(1 << 30)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    torch.empty(1 << 28)


def test_free_memory_is_what_the_machine_and_its_groups_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = free_memory()
    assert real is None or real > 0
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (inner / "memory.current").write_text("1000\n")
    (tmp_path / "a" / "memory.max").write_text("5000\n")
    (tmp_path / "a" / "memory.current").write_text("4000\n")
    (tmp_path / "a" / "memory.stat").write_text("anon 3500\ninactive_file 500\n")
    texts = {"/proc/meminfo": "MemTotal: 16 kB\nMemAvailable: 8 kB\n", "/proc/self/cgroup": "0::/a/b\n"}
    text = memory._text
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    monkeypatch.setattr(memory, "_text", lambda path: texts.get(str(path)) or text(path))
    assert free_memory() == 1500
    (tmp_path / "a" / "memory.max").write_text("1000000\n")
    assert free_memory() == 8192
    texts["/proc/meminfo"] = texts["/proc/self/cgroup"] = "nothing\n"
    assert free_memory() is None
