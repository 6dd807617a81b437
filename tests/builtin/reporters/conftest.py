"""A toy run that reporters report on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ganlab import Deed, Ending, Finding, Outcome, Picture, Progress, RunInfo, ScaleLearningRate, Severity, Tick

RECIPE = """\
budget_kimg = 2
batch_size = 64
seed = 3
precision = "float32"
task = {name = "unconditional"}
dataset = {name = "digits"}
loss = {name = "hinge"}
[players.generator]
architecture = {name = "dcgan"}
optimizer = {name = "adam", lr = 2e-4}
[players.image]
architecture = {name = "dcgan"}
optimizer = {name = "adam", lr = 4e-4}
[[terms]]
name = "r1"
on = "image"
"""

REAL = Picture("image", torch.ones(4, 1, 8, 8))
FAKE = Picture("image", -torch.ones(4, 1, 8, 8))
START = Progress()
END = Outcome(Ending.FINISHED, "The budget is spent.", Progress(20, 2000, 1.0), 4.0)


@pytest.fixture
def run(tmp_path: Path) -> RunInfo:
    return RunInfo("toy", tmp_path, RECIPE, 2.0, ("generator", "image"), "cpu")


def progress(number: int) -> Progress:
    """Where the tick `number` of 20 is: 100 samples each."""
    return Progress(number, number * 100, number / 20)


def tick(number: int, *, pictures: bool = False, trouble: bool = False, **measurements: float) -> Tick:
    """The tick `number`."""
    where = progress(number)
    evidence = {"coverage": 0.2}
    finding = Finding("watcher", "It went wrong.", Severity.WARNING, where.kimg, number, 0.1, evidence, "Stop.")
    return Tick(
        where,
        measurements or {"cost/image": 1 / number, "cost/generator": 0.5, "coverage@flatten": 0.1 * number},
        (finding,) if trouble else (),
        (Deed(ScaleLearningRate("image", 0.5)),) if trouble else (),
        {"fake": FAKE, "fake-raw": FAKE} if pictures else {},
        seconds=0.2 * number,
        images_per_second=500.0,
    )
