"""What metrics cost against the packages of others: Frechet distance, and precision, recall, density and coverage.

    pip install -c constraints.txt -e ".[dev]"
    python benchmarks/metrics.py --check

One thread; seconds of the processor. Contestants take turns, so that all meet the same machine; a cost is the median.
Frechet: the term tr (A B)^(1/2) of covariances (2048, 2048) whose value is known, and the whole distance of 1,000
samples in 2,048 dimensions, where ganlab starts from the samples and the others are handed their covariances. Ours is
timed twice: with the real side new, and with what `Reference` keeps of it from tick to tick. Neighbours: 10,000
samples in 2,048 dimensions, float32, each turn in a child process, whose memory is its peak above what it held when it
began.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import torch

WIDTH = 2048
NEIGHBOURS = 5
NAMES = ("precision", "recall", "density", "coverage")

BARS = {
    "frechet term": {"torchmetrics": 2.5, "sqrtm": 7.0},
    "frechet, 1,000 samples": {"torchmetrics": 12.0, "sqrtm": 40.0},
    "neighbours": {"prdc": 3.0},
}
"""How many times faster ganlab must be, with the real side new."""

LEAST_MEMORY = 10.0
"""How many times as much memory as ganlab prdc must take."""

ERROR = 1e-6


def known_pair(width: int) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Covariances C, with a spectrum that falls as 1 / i, and A C A, and their term, tr A C."""
    draws = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(width, width, generator=draws, dtype=torch.float64))[0]
    one = turn @ torch.diag(1 / torch.arange(1, width + 1, dtype=torch.float64)) @ turn.T
    half = torch.randn(width, width, generator=draws, dtype=torch.float64)
    stretch = torch.eye(width, dtype=torch.float64) + half @ half.T / width
    other = stretch @ one @ stretch
    return (one + one.T) / 2, (other + other.T) / 2, float((stretch * one).sum())


def frechet_term(width: int) -> tuple[dict[str, Callable[[], float]], float]:
    """Contestants, and the truth."""
    from scipy.linalg import sqrtm

    from ganlab.builtin.metrics.frechet import Reference, root_trace
    from ganlab.builtin.metrics.moments import Moments

    one, other, truth = known_pair(width)
    nothing = torch.zeros(width, dtype=torch.float64)
    kept = Reference(Moments(nothing, one))
    return {
        "ganlab": lambda: root_trace(Reference(Moments(nothing, one)).factor, other),
        "ganlab, kept": lambda: root_trace(kept.factor, other),
        "torchmetrics": lambda: float(torch.linalg.eigvals(one @ other).sqrt().real.sum()),  # its line
        "sqrtm": lambda: float(np.trace(sqrtm(one.numpy() @ other.numpy())).real),
    }, truth


def frechet_of_few(width: int, count: int = 1000) -> tuple[dict[str, Callable[[], float]], float]:
    """Contestants, and the truth: by the singular values of centred samples, one by one."""
    from scipy.linalg import sqrtm
    from torchmetrics.image.fid import _compute_fid

    from ganlab.builtin.metrics.frechet import Reference, frechet_distance
    from ganlab.builtin.metrics.moments import moments_of

    draws = torch.Generator().manual_seed(1)
    fall = torch.arange(1, width + 1, dtype=torch.float64) ** -0.5
    real, fake = (torch.randn(count, width, generator=draws, dtype=torch.float64) * fall for _ in range(2))
    fake = 1.1 * fake + 0.01
    one, other = moments_of(real), moments_of(fake)
    kept = Reference.of(real)
    apart = float((one.mean - other.mean).square().sum() + one.covariance.trace() + other.covariance.trace())
    parts = [(each - each.mean(0)) / (count - 1) ** 0.5 for each in (real, fake)]
    truth = apart - 2 * float(torch.linalg.svdvals(parts[0] @ parts[1].T).sum())
    return {
        "ganlab": lambda: frechet_distance(real, fake),
        "ganlab, kept": lambda: kept.to_points(fake),
        "torchmetrics": lambda: float(_compute_fid(one.mean, one.covariance, other.mean, other.covariance)),
        "sqrtm": lambda: apart - 2 * float(np.trace(sqrtm(one.covariance.numpy() @ other.covariance.numpy())).real),
    }, truth


def turns(contestants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, dict[str, Any]]:
    """Seconds of each turn, and the last answer."""
    found: dict[str, dict[str, Any]] = {name: {"seconds": []} for name in contestants}
    for _ in range(rounds):
        for name, play in contestants.items():
            began = time.process_time()
            found[name]["value"] = play()
            found[name]["seconds"].append(time.process_time() - began)
    return found


def child(who: str, count: int, width: int) -> dict[str, Any]:
    """One turn at the neighbours: seconds, megabytes above the start, and the four numbers."""
    draws = torch.Generator().manual_seed(2)
    real, fake = torch.randn(count, width, generator=draws), 1.01 * torch.randn(count, width, generator=draws)
    if who == "prdc":
        from prdc import compute_prdc

        def play(real: torch.Tensor, fake: torch.Tensor) -> Mapping[str, Any]:
            with contextlib.redirect_stdout(io.StringIO()):
                found: Mapping[str, Any] = compute_prdc(real.numpy(), fake.numpy(), NEIGHBOURS)
            return found

    else:
        from ganlab.builtin.metrics.neighbours import ball_radii, neighbourhoods

        radii = ball_radii(real, NEIGHBOURS) if who == "ganlab, kept" else None

        def play(real: torch.Tensor, fake: torch.Tensor) -> Mapping[str, Any]:
            kept = radii[: len(real)] if radii is not None else None
            return vars(neighbourhoods(real, fake, neighbours=NEIGHBOURS, radii=kept))

    play(real[:64], fake[:64])  # libraries are loaded, and their pages are nobody's to answer for
    Path("/proc/self/clear_refs").write_text("5")
    held = memory("VmRSS")
    began = time.process_time()
    answer = play(real, fake)
    seconds = time.process_time() - began
    return {
        "seconds": seconds,
        "megabytes": memory("VmHWM") - held,
        "value": {name: float(answer[name]) for name in NAMES},
    }


def memory(what: str) -> float:
    """VmRSS (now) or VmHWM (the peak since it was cleared), in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def neighbours(rounds: int, count: int, width: int) -> dict[str, dict[str, Any]]:
    """Turns in children."""
    found: dict[str, dict[str, Any]] = {}
    for _ in range(rounds):
        for who in ("ganlab", "ganlab, kept", "prdc"):
            command = [sys.executable, __file__, "--child", who, "--count", str(count), "--width", str(width)]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            entry = found.setdefault(who, {"seconds": [], "megabytes": []})
            entry["seconds"].append(answer["seconds"])
            entry["megabytes"].append(answer["megabytes"])
            entry["value"] = answer["value"]
    return found


def judged(match: str, found: dict[str, dict[str, Any]], truth: float | None) -> list[str]:
    """Lines of a table, and MISSED for each bar that is not held."""
    lines = [f"{match}"]
    ours = median(found["ganlab"]["seconds"])
    for name, each in found.items():
        cost = median(each["seconds"])
        line = f"  {name:14} {cost:8.3f} s ({spread(each['seconds'])})  {cost / ours:6.2f} x"
        if truth is not None:
            line += f"  error {abs(each['value'] - truth) / abs(truth):.1e}"
        if "megabytes" in each:
            line += f"  {median(each['megabytes']):7.0f} MB"
        lines.append(line)
    for name, bar in BARS[match].items():
        ratio = median(found[name]["seconds"]) / ours
        lines.append(f"  >= {bar:g} x {name}: {ratio:.2f}, {'held' if ratio >= bar else 'MISSED'}")
    if truth is not None:
        worst = max(abs(found[name]["value"] - truth) / abs(truth) for name in ("ganlab", "ganlab, kept"))
        lines.append(f"  error <= {ERROR:g}: {worst:.1e}, {'held' if worst <= ERROR else 'MISSED'}")
    else:
        ratio = median(found["prdc"]["megabytes"]) / max(1.0, median(found["ganlab"]["megabytes"]))
        lines.append(
            f"  >= {LEAST_MEMORY:g} x less memory: {ratio:.1f}, {'held' if ratio >= LEAST_MEMORY else 'MISSED'}"
        )
        apart = max(abs(found["ganlab"]["value"][name] - found["prdc"]["value"][name]) for name in NAMES)
        lines.append(f"  same numbers to {ERROR:g}: {apart:.1e}, {'held' if apart <= ERROR else 'MISSED'}")
    return lines


def spread(values: Sequence[float]) -> str:
    """The quartiles."""
    low, _, high = quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    return f"{low:.3f}-{high:.3f}"


def surroundings() -> str:
    """The machine and the versions."""
    packages = ", ".join(f"{each} {version(each)}" for each in ("torch", "numpy", "scipy", "torchmetrics", "prdc"))
    chip = next(
        (line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{chip}, {os.cpu_count()} cores, 1 thread, load {os.getloadavg()[0]:.1f}; {packages}"


def main() -> int:
    parser = argparse.ArgumentParser(description="What metrics cost against the packages of others.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--match", choices=BARS, action="append", help="one of them; all if left out")
    parser.add_argument("--count", type=int, default=10_000, help="samples whose neighbours are looked for")
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--child", choices=("ganlab", "ganlab, kept", "prdc"), help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.child:
        print(json.dumps(child(arguments.child, arguments.count, arguments.width)))
        return 0
    print(surroundings(), flush=True)
    lines: list[str] = []
    for match in arguments.match or BARS:
        if match == "neighbours":
            told = judged(match, neighbours(arguments.rounds, arguments.count, arguments.width), None)
        else:
            make = frechet_term if match == "frechet term" else frechet_of_few
            contestants, truth = make(arguments.width)
            told = judged(match, turns(contestants, arguments.rounds), truth)
        print("\n".join(told), flush=True)
        lines += told
    return 1 if arguments.check and any("MISSED" in line for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
