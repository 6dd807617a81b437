"""Memory runs out at the n-th operation of torch: status 9, one line that says what to do, and nothing is lost."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ganlab.assemble import runs
from ganlab.cli import main
from ganlab.cli.failures import Session
from ganlab.engine import loop
from tests.engine.toys import ToyPlugins
from tests.faults.lives import NAME, RECIPE, Lives

LINE = re.compile(
    r"ganlab: error\[E-MEMORY\]: no memory left \(.+\); "
    r"take a smaller batch_size, a larger 'accumulate', or smaller networks"
)

REFUSALS: dict[str, Callable[[], BaseException]] = {
    "python": MemoryError,
    "gpu": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total of 8 GiB"),
    "cpu": lambda: RuntimeError(
        "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
        "allocate 4000000000 bytes. Error code 12 (Cannot allocate memory)"
    ),
}

POINTS = 12
"""Operations at which memory runs out, spread evenly over all rounds."""


class Scarce(TorchDispatchMode):
    """Counts operations, and refuses one of them."""

    def __init__(self, refuse_at: int = 0, refusal: Callable[[], BaseException] = MemoryError) -> None:
        super().__init__()
        self.count, self._refuse_at, self._refusal = 0, refuse_at, refusal

    def __torch_dispatch__(self, function: Any, types: Any, given: Any = (), named: Any = None) -> Any:
        self.count += 1
        if self.count == self._refuse_at:
            raise self._refusal()
        return function(*given, **(named or {}))


class Command:
    """The command line, whose rounds are played with scarce memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "recipe.toml").write_text(tomli_w.dumps(RECIPE))

    def run(self, name: str, scarce: Scarce) -> int:
        """Begin a run below a folder of that name."""
        play_round = loop.play_round

        def scarcely(game: Any) -> None:
            with scarce:
                play_round(game)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "play_round", scarcely)
            return main(["run", str(self.folder / "recipe.toml"), "--name", NAME, "--runs", str(self.folder / name)])

    def resume(self, name: str) -> int:
        return main(["resume", NAME, "--runs", str(self.folder / name)])

    def left(self, name: str) -> tuple[bytes, Any]:
        lives = Lives(self.folder / name, ToyPlugins())
        return lives.bits(), lives.records()


@pytest.mark.parametrize("kind", REFUSALS)
def test_out_of_memory_at_any_operation_of_a_round(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    command, counted = Command(tmp_path), Scarce()
    assert command.run("whole", counted) == 0
    expected = command.left("whole")
    assert counted.count > 200
    for point in range(1, counted.count + 1, counted.count // POINTS):
        capsys.readouterr()
        assert command.run(f"scarce-{point}", Scarce(point, REFUSALS[kind])) == 9
        last = capsys.readouterr().err.splitlines()[-1]
        assert LINE.fullmatch(last), last
        assert command.resume(f"scarce-{point}") == 0
        assert command.left(f"scarce-{point}") == expected, f"operation {point}"


def test_what_was_in_the_way_is_let_go_before_anything_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large: list[weakref.ref[torch.Tensor]] = []
    alive_when_kept: list[bool] = []

    def train(*given: Any) -> Any:
        activations = torch.zeros(1000)
        large.append(weakref.ref(activations))
        raise MemoryError

    keep = Session._keep

    def kept(session: Session, trace: str) -> Path | None:
        alive_when_kept.append(large[0]() is not None)
        return keep(session, trace)

    monkeypatch.setattr(runs, "train", train)
    monkeypatch.setattr(Session, "_keep", kept)
    command = Command(tmp_path)
    assert command.run("x", Scarce()) == 9
    assert alive_when_kept == [False]
    assert "MemoryError" in (tmp_path / "x" / NAME / "crash.log").read_text()
