"""Recipes at the edge of what is legal: they play, or end in a line that says why. None hangs, none is our bug."""

from __future__ import annotations

import json
import re
import time
import tomllib
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import Phase, given
from hypothesis import strategies as st

from ganlab.cli import main
from ganlab.optimizers import OPTIMIZERS
from ganlab.recipe import Recipe, override, to_toml
from ganlab.recipe.parts import LARGEST
from tests.cli.conftest import RING
from tests.fuzz.recipes import PATIENCE_MILLISECONDS, answer, examples

TINY = 5e-324

kimg = st.sampled_from([TINY, 1e-12, 0.0001, 0.001, 1.0, 1e6, LARGEST])
weights = st.sampled_from([0.0, TINY, 1.0, 1e9, LARGEST]) | st.fixed_dictionaries(
    {"start": st.sampled_from([TINY, 1.0, LARGEST]), "end": st.sampled_from([TINY, 1.0, LARGEST])},
    optional={"shape": st.sampled_from(["linear", "geometric"]), "from_kimg": kimg, "until_kimg": kimg},
)
schedules = st.fixed_dictionaries(
    {"shape": st.sampled_from(["linear", "cosine"])},
    optional={"warm_up_kimg": kimg, "from_kimg": kimg, "until_kimg": kimg, "final": st.sampled_from([0.0, TINY, 1.0])},
) | st.fixed_dictionaries(
    {"shape": st.just("step"), "every_kimg": st.sampled_from([0.001, 1.0, LARGEST])},
    optional={"final": st.sampled_from([0.0, TINY, 0.5, 1.0]), "from_kimg": kimg},
)
optimizers = st.fixed_dictionaries(
    {"name": st.sampled_from(sorted(OPTIMIZERS)), "lr": st.sampled_from([0.0, TINY, 1e-4, 1.0, 1e9, 1e30])}
)
players = st.fixed_dictionaries(
    {},
    optional={
        "optimizer": optimizers,
        "schedule": schedules,
        "clip_norm": st.sampled_from([TINY, 1.0, LARGEST]),
        "ema_half_life_kimg": kimg,
        "ema_ramp_up": kimg,
        "ema_from_kimg": kimg,
    },
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "batch_size": st.sampled_from([1, 2, 128]),
        "checkpoint_seconds": kimg,
        "seed": st.sampled_from([0, 2**31 - 1]),
        "generator": players,
        "point": players,
        "weight": weights,
        "view": weights,
        "every": st.sampled_from([1, 2, 2**40]),
        "turns": st.sampled_from([1, 3]),
        "tick_kimg": kimg,
        "picture_every": st.sampled_from([1, 2**40]),
        "latent_size": st.sampled_from([1, 64]),
        "width": st.sampled_from([1, 16]),
        "depth": st.sampled_from([0, 1]),
    },
)


def extreme(found: dict[str, Any]) -> dict[str, Any]:
    """The ring for two rounds, with what was drawn."""
    tree = tomllib.loads(RING)
    del tree["budget_kimg"]
    tree |= {"budget_rounds": 2} | {
        key: found[key] for key in ("batch_size", "checkpoint_seconds", "seed") if key in found
    }
    tree["task"] = {"name": "unconditional", "latent_size": found.get("latent_size", 4)}
    for player in ("generator", "point"):
        size = {"width": found.get("width", 16), "depth": found.get("depth", 1)}
        tree["players"][player] |= found.get(player, {}) | {"architecture": {"name": "mlp", **size}}
    tree["terms"] = [{"name": "r1", "on": "point", "weight": found.get("weight", 1.0), "every": found.get("every", 1)}]
    tree["views"] = {"point": {side: found.get("view", 1.0) for side in ("real", "fake", "generator")}}
    tree["phases"] = [
        {"player": "point", "every": found.get("every", 1), "turns": found.get("turns", 1), "batch": "fresh"},
        {"player": "generator"},
    ]
    watch = {"reporters": [{"name": "jsonl"}], "monitors": [{"name": "lost-coverage"}, {"name": "never-covered"}]}
    watch |= {"diagnostics": [{"name": "coverage", "count": 16}, {"name": "balance", "count": 8}]}
    tree["watch"] = watch | {key: found[key] for key in ("tick_kimg", "picture_every") if key in found}
    return tree


@examples(200)
@given(changes)
def test_an_extreme_recipe_is_legal(found: dict[str, Any]) -> None:
    told = answer(extreme(found))
    assert isinstance(told, Recipe), told
    assert answer(told.model_dump(mode="json", exclude_none=True)) == told


numbers = count()


def play(capfd: pytest.CaptureFixture[str], tree: dict[str, Any]) -> int:
    """Play it on the command line, judge what is printed, and return the exit status."""
    Path("extreme.toml").write_text(to_toml(tree), encoding="utf-8")
    began = time.process_time()
    name = f"x{next(numbers)}"
    status = main(["run", "extreme.toml", "--name", name, "--device", "cpu", "--json"])
    assert time.process_time() - began < PATIENCE_MILLISECONDS / 1000
    printed = capfd.readouterr()
    assert status in (0, 2, 3, 7), printed.err
    assert "Traceback" not in printed.out + printed.err
    written = [path.read_text() for path in Path("runs", name).rglob("*.json")]
    written += [line for path in Path("runs", name).rglob("*.jsonl") for line in path.read_text().splitlines()]
    for text in written + printed.out.splitlines():
        json.loads(text, parse_constant=refuse)
    errors = [line for line in printed.err.splitlines() if "error[" in line]
    assert len(errors) == (1 if status in (2, 3) else 0), printed.err
    for line in printed.err.splitlines():
        assert re.match(r"ganlab: (warning|error\[E-(RECIPE|DATA)\]): ", line), line
    return status


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GANLAB_DEBUG", raising=False)
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """The first optimiser of a process costs torch seconds."""
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])


@pytest.mark.usefixtures("here")
@examples(30, Phase.generate)
@given(found=changes)
def test_an_extreme_recipe_is_played_or_says_why_not(capfd: pytest.CaptureFixture[str], found: dict[str, Any]) -> None:
    play(capfd, extreme(found))


EXTREMES = [
    # what is set, and the exit statuses that are right
    (["players.generator.optimizer.lr=1e9"], {0, 7}),
    (["players.generator.optimizer.lr=1e30"], {7}),
    (["players.generator.optimizer.lr=5e-324"], {0}),
    (["players.generator.optimizer.lr=0"], {0}),
    (["players.generator.optimizer={name='muon'}"], {2}),
    (["players.generator.optimizer={name='adafactor', lr=1e9}"], {0, 7}),
    (["players.generator.optimizer={name='rprop', step_sizes=[5e-324, 1e30]}"], {0, 7}),
    (["players.generator.optimizer={name='asgd', t0=-1e30, lambd=-1e30}"], {0, 7}),
    (["players.generator.optimizer={name='sgd', nesterov=true}"], {2}),
    (["players.generator.optimizer.eps=5e-324"], {0, 7}),
    (["players.generator.optimizer.betas=[0, 0.9999999999999999]"], {0, 7}),
    (["batch_size=1"], {0}),
    (["task.latent_size=1"], {0}),
    (["players.point.architecture.width=1", "players.point.architecture.depth=0"], {0}),
    (["watch.tick_kimg=5e-324"], {0}),
    (["watch.tick_kimg=1e12"], {0}),
    (["watch.picture_every=1099511627776", "watch.picture_count=4096"], {0}),
    (["watch.monitors=[]", "watch.diagnostics=[]", "watch.reporters=[]"], {0}),
    (["checkpoint_seconds=5e-324"], {0}),
    (["checkpoint_seconds=1e12"], {0}),
    (["terms=[{name='r1', on='point', every=1099511627776}]"], {0}),
    (["terms=[{name='r1', on='point', weight=0}]"], {0}),
    (["terms=[{name='r1', on='point', weight=1e12}]"], {0, 7}),
    (["views.point={real=0, fake=0, generator=0}"], {0}),
    (["views.point={until_kimg=5e-324}"], {0}),
    (["phases=[{player='generator', from_kimg=1e12}]"], {0}),
    (["phases=[]"], {0}),
    (["phases=[{player='point', turns=200, batch='fresh', fake='fresh'}]"], {0}),
    (["accumulate=128"], {0}),
    (["dataset.samples=1"], {3}),
    (["dataset.samples=128", "dataset.held_out=1"], {0}),
    (["dataset.modes=1", "dataset.sigma=5e-324"], {0, 7}),
    (["dataset.sigma=1e30"], {0, 3, 7}),
    (["dataset.radius=1e30", "dataset.scale=1e30"], {2, 3, 7}),
    (["dataset.scale=5e-324"], {0, 7}),
    (["precision='bfloat16'"], {0}),
    (["precision='float16'"], {2}),
    (["memory_format='channels_last'"], {0}),
    (["players.generator.ema_half_life_kimg=5e-324", "players.generator.ema_ramp_up=1e12"], {0}),
    (["players.generator.ema_half_life_kimg=1e12", "players.generator.ema_from_kimg=1e12"], {0}),
    (["players.generator.clip_norm=5e-324"], {0}),
    (["augmentations=[{name='instance-noise', deviation=1e30}]"], {0, 7}),
    (["augmentations=[{name='instance-noise', deviation=5e-324, probability=0}]"], {0}),
    (["augmentations=[{name='image-pool', size=1000000, probability=1}]"], {0}),
    (['about="\\u0007\\u202e"'], {0}),
    (["stages=[{name='a', kimg=5e-324}, {name='b', kimg=1e12}]"], {0}),
    (["stages=[{name='a', kimg=1e-3, batch_size=1}, {name='b', kimg=1e-3, batch_size=2}]"], {0}),
]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("setting", "statuses"), EXTREMES, ids=[" ".join(each[0])[:70] for each in EXTREMES])
def test_an_extreme_setting_ends_as_it_should(
    capfd: pytest.CaptureFixture[str], setting: list[str], statuses: set[int]
) -> None:
    tree = override(tomllib.loads(RING), ["watch.reporters=[{name='jsonl'}]", *setting])
    del tree["budget_kimg"]
    assert play(capfd, tree | {"budget_rounds": 2}) in statuses


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("budget", [5e-324, 0.0001, 0.001, 0.1279, 0.129])
def test_the_smallest_budget_is_one_round(capfd: pytest.CaptureFixture[str], budget: float) -> None:
    assert play(capfd, tomllib.loads(RING) | {"budget_kimg": budget}) == 0
    (run,) = Path("runs").iterdir()
    outcome = json.loads((run / "outcome.json").read_text())
    assert outcome["ending"] == "finished"
    assert outcome["round"] == (1 if budget < 0.128 else 2)
    assert list((run / "checkpoints").glob("*.ckpt"))
