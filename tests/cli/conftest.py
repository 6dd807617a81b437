"""The command line in this process: what it prints, and the status it ends with."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ganlab.cli import main

RING = """
budget_kimg = 2.56
batch_size = 128
task = {name = "unconditional", latent_size = 4}
dataset = {name = "ring"}
loss = {name = "non-saturating"}
[players.generator]
architecture = {name = "mlp", width = 16, depth = 1}
optimizer = {name = "adam", lr = 1e-3, betas = [0.0, 0.99]}
ema_half_life_kimg = 1
[players.point]
architecture = {name = "mlp", width = 16, depth = 1}
optimizer = {name = "adam", lr = 1e-3, betas = [0.0, 0.99]}
[watch]
tick_kimg = 0.256
diagnostics = []
monitors = []
reporters = [{name = "jsonl"}]
"""
"""Twenty rounds and ten ticks of the smallest game; a fraction of a second."""


@dataclass(frozen=True)
class Answer:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def problems(self) -> list[str]:
        """Its lines on stderr."""
        return self.err.splitlines()

    def json(self) -> Any:
        """Its output, which is one JSON object."""
        return json.loads(self.out)


Ask = Callable[..., Answer]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Give a command, as words."""

    def asked(*words: object) -> Answer:
        capsys.readouterr()
        status = main([str(word) for word in words])
        printed = capsys.readouterr()
        assert not logging.getLogger("ganlab").handlers
        return Answer(status, printed.out, printed.err)

    return asked


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with the recipe `ring.toml`."""
    monkeypatch.chdir(tmp_path)
    for variable in ("RANK", "WORLD_SIZE", "GANLAB_DEBUG"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "ring.toml").write_text(RING)
    return tmp_path


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one finished run of the ring, called `first`; not to be changed."""
    folder = tmp_path_factory.mktemp("played")
    (folder / "ring.toml").write_text(RING)
    assert main(["run", str(folder / "ring.toml"), "--name", "first", "--runs", str(folder / "runs")]) == 0
    return folder / "runs"
