"""Toy games for the engine's tests: random data with given fields, small perceptrons, plugins registered in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganlab import Dataset, Field, Random, Source
from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.engine.game import Game
from ganlab.plugins import Plugins
from ganlab.registry import Entry, Origin

HERE = Origin("toys", "tests", "0")


class ToySource(Source):
    """`count` samples; each number is a function of the sample's index and the field's name."""

    resident = True

    def __init__(self, fields: Mapping[str, Field], count: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.tensors = {
            name: torch.randint(field.cardinality, (count, *field.shape), generator=generator)
            if field.cardinality is not None
            else torch.rand(count, *field.shape, generator=generator) * 2 - 1
            for name, field in fields.items()
        }
        self.count = count

    def __len__(self) -> int:
        return self.count

    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        return {name: tensor[indices] for name, tensor in self.tensors.items()}


class ToyData(Dataset):
    """Random data with those fields."""

    def __init__(self, fields: Mapping[str, Field], count: int = 64) -> None:
        self.fields = fields
        self.train = ToySource(fields, count, 0)
        self.held_out = ToySource(fields, 32, 1)

    def fingerprint(self) -> str:
        return "toy"


class ToyPlugins(Plugins):
    """The installed plugins and, before them, those given here: {kind: {name: factory}}."""

    def __init__(self, **registered: Mapping[str, Any]) -> None:
        super().__init__()
        self._toys = registered

    def find(self, kind: str, name: str) -> Entry[Any]:
        if name in self._toys.get(kind, {}):
            return Entry(kind, name, self._toys[kind][name], HERE)
        return super().find(kind, name)


def toy_game(recipe: Mapping[str, Any], **registered: Mapping[str, Any]) -> Game:
    """The game of a recipe that leaves out what a toy does not care about."""
    plugins = ToyPlugins(**registered)
    return build_game(resolve(toy_recipe(recipe), plugins), plugins, "cpu")


def toy_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """`recipe` over the plainest defaults: ring, two perceptrons, one round."""
    tree: dict[str, Any] = {
        "batch_size": 8,
        "task": {"name": "unconditional", "latent_size": 4},
        "loss": {"name": "non-saturating"},
        "players": {"generator": player(), "point": player()},
        "watch": {"reporters": []},
        **recipe,
    }
    if "budget_kimg" not in tree:
        tree.setdefault("budget_rounds", 1)
    if "datasets" not in tree:
        tree.setdefault("dataset", {"name": "ring", "samples": 200, "held_out": 50})
    tree["watch"] = {"diagnostics": [], "monitors": [], **tree["watch"]}
    return tree


def player(width: int = 8, **settings: Any) -> dict[str, Any]:
    """A small perceptron moved by plain gradient descent, so that steps can be computed by hand."""
    architecture = {"name": "mlp", "width": width, "depth": 1}
    return {"architecture": architecture, "optimizer": {"name": "sgd", "lr": 0.1}, **settings}


def weights(game: Game, name: str) -> Tensor:
    """All weights of a player as one vector, a copy."""
    return torch.cat([each.detach().reshape(-1).clone() for each in game.players[name].network.parameters()])
