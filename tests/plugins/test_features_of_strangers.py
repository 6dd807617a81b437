"""A stranger's feature network, ten lines long, measures like ours: in a run, and in an evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganlab.cli import main
from ganlab.testing import features
from tests.plugins.conftest import Install

DOCUMENTED = str(features.__doc__).split("in ten lines:\n")[1].split("\nAfter that")[0]
"""The plugin in the docstring of the conformance class."""

RECIPE = """
budget_rounds = 2
batch_size = 16
task = {name = "unconditional", latent_size = 4}
dataset = {name = "digits", size = 8}
loss = {name = "hinge"}
[players.generator]
architecture = {name = "mlp", width = 8, depth = 1}
[players.image]
architecture = {name = "mlp", width = 8, depth = 1}
[watch]
diagnostics = [{name = "coverage", count = 50}]
reporters = [{name = "jsonl"}]
"""


def test_the_documented_plugin_measures(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(DOCUMENTED)
    monkeypatch.chdir(tmp_path)
    Path("r.toml").write_text(RECIPE)
    words = ["--set", "watch.diagnostics.coverage.features=channel-means"]
    assert main(["run", "r.toml", "--name", "x", *words]) == 0
    last = json.loads(Path("runs/x/measurements.jsonl").read_text().splitlines()[-1])
    assert 0 <= last["coverage@channel-means-v1"] <= 1
    capsys.readouterr()
    assert (
        main(["evaluate", "x", "--metric", "coverage", "--count", "50", "--features", "channel-means", "--json"]) == 0
    )
    found = json.loads(capsys.readouterr().out)
    names = ("coverage@channel-means-v1", "coverage-wide@channel-means-v1")
    assert found["measurements"] == {name: last[name] for name in names}
    assert found["protocol"]["metrics"]["coverage"]["features"] == {
        "channel-means-v1": {"fingerprint": None, "resize": "none"}
    }
