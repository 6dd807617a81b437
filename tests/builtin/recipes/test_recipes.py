"""Every recipe that comes with ganlab resolves, says what it costs and yields, and plays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.builtin.recipes import ganlab_register_recipes
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round
from ganlab.engine.run import Run
from ganlab.engine.watch import watch
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe, override, read_toml

PATHS = ganlab_register_recipes()
SMALLER = {"width": 16, "depth": 2, "patches": 64, "held_out": 1000, "samples": 1000, "count": 100}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins()


@pytest.fixture(params=sorted(PATHS))
def path(request: pytest.FixtureRequest) -> Path:
    return PATHS[request.param]


def test_it_resolves_to_itself(path: Path, plugins: Plugins) -> None:
    complete = resolve(read_toml(path), plugins)
    assert resolve(complete.model_dump(mode="json", exclude_none=True), plugins) == complete


def test_it_states_paper_or_data_command_hardware_time_and_score(path: Path) -> None:
    about = read_toml(path)["about"]
    command = "ganlab run" if path.stem == "digits" else f"ganlab run {path.stem}"
    assert re.search(rf"^    {command}$", about, re.MULTILINE)
    assert re.search(r"arXiv:\d{4}\.\d{5}|scikit-learn", about)
    assert re.search(r"\d+ (CPU-)?(s|seconds|min|minutes)\b", about)
    assert re.search(r"CPU|core", about)
    assert re.search(r"(coverage|modes|cost)[^\n]*\d", about.replace("\n", " "))


def test_its_text_fits_the_line(path: Path) -> None:
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 120


def test_it_plays_two_rounds_and_measures_what_its_monitors_judge(path: Path, plugins: Plugins) -> None:
    recipe = small(read_toml(path), plugins)
    game = build_game(recipe, plugins, "cpu")
    before = parameters(game)
    for _ in range(2):
        play_round(game)
    measured = watch(game, Run()).measurements
    game.close()
    for name, after in parameters(game).items():
        assert after.isfinite().all(), name
        assert not torch.equal(after, before[name]), f"{name} has not moved"
    # Over-fitting is no number while the discriminator tells nothing apart.
    assert all(value == value for name, value in measured.items() if not name.endswith("/over-fit"))
    known = {name.partition("@")[0] for name in measured}
    assert any(name.startswith("coverage") for name in known)
    assert any(name.startswith("probe-gap/") for name in known)
    assert recipe.watch.monitors


def small(tree: dict[str, Any], plugins: Plugins) -> Recipe:
    """The recipe with narrow networks and few data, by the same overrides a person would give."""
    shrunk = [
        f"{where}={SMALLER[key]}"
        for where, key, value in leaves(resolve(tree, plugins).model_dump(mode="json", exclude_none=True))
        if isinstance(value, int) and not isinstance(value, bool) and SMALLER.get(key, value) < value
    ]
    return resolve(override(tree, ["batch_size=4", *shrunk]), plugins)


def leaves(node: Any, where: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every value of a tree: its dotted path, its own name, and itself."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        path = f"{where}.{key}" if where else str(key)
        if isinstance(value, dict | list):
            yield from leaves(value, path)
        else:
            yield path, str(key), value


def parameters(game: Game) -> dict[str, torch.Tensor]:
    """All parameters of each player as one vector, copied."""
    return {
        name: torch.cat([each.detach().flatten() for each in player.network.parameters()]).clone()
        for name, player in game.players.items()
    }
