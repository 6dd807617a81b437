"""Whatever a call changes of what everybody in the process shares is put back, and told."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ganlab.surroundings import Surroundings, kept

CHANGES: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
    # name: what changes it, what shows it
    "Python's random numbers": (lambda: random.seed(1), random.getstate),
    "numpy's random numbers": (lambda: np.random.seed(1), lambda: np.random.get_state()[1].tolist()),
    "numpy's handling of errors": (lambda: np.seterr(all="raise"), np.geterr),
    "torch's random numbers": (lambda: torch.manual_seed(1), lambda: torch.get_rng_state().tolist()),
    "torch's number of threads": (lambda: torch.set_num_threads(3), torch.get_num_threads),
    "torch's default dtype": (lambda: torch.set_default_dtype(torch.float64), torch.get_default_dtype),
    "torch's default device": (lambda: torch.set_default_device("meta"), lambda: torch.empty(1).device),
    "torch's gradients": (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    "torch's deterministic algorithms": (
        lambda: torch.use_deterministic_algorithms(True),
        torch.are_deterministic_algorithms_enabled,
    ),
    "torch's anomaly detection": (lambda: torch.autograd.set_detect_anomaly(True), torch.is_anomaly_enabled),
    "torch's convolutions": (
        lambda: setattr(torch.backends.mkldnn, "enabled", False),
        lambda: torch.backends.mkldnn.enabled,
    ),
    "torch's precision": (lambda: torch.set_float32_matmul_precision("medium"), torch.get_float32_matmul_precision),
    "torch's autocast": (lambda: torch.set_autocast_enabled("cpu", True), lambda: torch.is_autocast_enabled("cpu")),
    "torch's denormal numbers": (lambda: torch.set_flush_denormal(True), lambda: float(torch.tensor(2.0**-140) * 1)),
    "the working directory": (lambda: os.chdir("/"), os.getcwd),
    "signal handlers": (
        lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
        lambda: signal.getsignal(signal.SIGTERM),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_put_back_and_told(name: str) -> None:
    change, show = CHANGES[name]
    before = show()
    with kept() as changed:
        change()
        during = show()
    assert during != before, "the test changed nothing"
    assert changed == [name]
    assert show() == before


def test_all_changes_at_once_are_put_back_though_it_raised() -> None:
    before = {name: show() for name, (_, show) in CHANGES.items()}

    def changed_all() -> None:
        with kept():
            for change, _ in CHANGES.values():
                change()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        changed_all()
    assert {name: show() for name, (_, show) in CHANGES.items()} == before


def test_filters_of_warnings_are_put_back_without_a_word_since_libraries_set_them() -> None:
    before = list(warnings.filters)
    with kept() as changed:
        warnings.simplefilter("error")
    assert (list(warnings.filters), changed) == (before, [])
    with kept() as changed:
        warnings.filters = []  # type: ignore[assignment]
    assert (list(warnings.filters), changed) == (before, [])


def test_who_changes_nothing_is_told_nothing() -> None:
    with kept() as changed:
        torch.ones(3).sum()
        random.Random(1).random()
        torch.randn(3, generator=torch.Generator().manual_seed(1))
    assert changed == []


def test_a_working_directory_that_is_gone_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gone").mkdir()
    os.chdir("gone")
    with kept() as changed:
        os.rmdir(tmp_path / "gone")
        os.chdir(tmp_path)
    assert changed == []


def test_whoever_loads_torch_first_cannot_change_it_either() -> None:
    code = """
import sys
from ganlab.surroundings import kept
assert "torch" not in sys.modules
with kept() as changed:
    import torch
    untouched = torch.get_rng_state(), torch.get_num_threads()
    torch.manual_seed(5)
    torch.set_num_threads(untouched[1] + 1)
    torch.set_default_dtype(torch.float64)
assert torch.equal(torch.get_rng_state(), untouched[0])
assert torch.get_num_threads() == untouched[1]
assert torch.get_default_dtype() == torch.float32
assert not any(type(each).__name__ == "Witness" for each in sys.meta_path)
print(*changed, sep="; ")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "torch's default dtype; torch's random numbers; torch's number of threads\n"


def test_nobody_is_left_waiting_for_torch() -> None:
    code = """
import sys
from ganlab.surroundings import kept
before = list(sys.meta_path)
with kept():
    assert sys.meta_path != before
assert sys.meta_path == before and "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_it_costs_less_than_a_millisecond() -> None:
    import timeit

    assert min(timeit.repeat(lambda: Surroundings().put_back(), number=20, repeat=5)) / 20 < 1e-3
