"""What small GANs get wrong where the truth is known: counts and places, perspective, structure over a distance.

    python benchmarks/failings.py
    python benchmarks/failings.py --only scenes mirrored --networks dcgan --seeds 1 --keep failings

Trains dcgan (as in the recipe `digits`: no norm in the discriminator, R1) and resnet (as in `sngan-32`) on each of the
five drawn datasets, 32 x 32 in colour, and prints what the diagnostic `truth` measured at the last tick on 512 samples
of the averaged generator: each property beside real samples, the control and the best baseline, the readable share, and
CPU seconds. Scenes are made by a class-conditional game that asks for a count; the others are unconditional.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

RECIPE = """
budget_kimg = {kimg}
batch_size = {batch}
seed = {seed}
threads = 1
task = {{ name = "{task}", latent_size = 100 }}
dataset = {{ name = "{dataset}" }}
loss = {{ name = "{loss}" }}
{phases}
[players.generator]
architecture = {{ name = "{network}", width = 32 }}
optimizer = {{ name = "adam", lr = {generator_lr}, betas = {betas} }}
ema_half_life_kimg = 2
ema_ramp_up = 0.1
[players.image]
architecture = {{ name = "{network}", width = 32{options} }}
optimizer = {{ name = "adam", lr = {lr}, betas = {betas} }}
{terms}
[watch]
tick_kimg = {tick}
diagnostics = [{{ name = "truth" }}]
"""

NETWORKS: dict[str, dict[str, object]] = {
    "dcgan": {
        "kimg": 24,
        "batch": 32,
        "loss": "non-saturating",
        "phases": "",
        "options": ', norm = "none"',
        "terms": '[[terms]]\nname = "r1"\non = "image"\nweight = 0.2\nevery = 4',
        "betas": [0.0, 0.99],
        "generator_lr": 2e-3,
        "lr": 1e-3,
    },
    "resnet": {
        "kimg": 8,
        "batch": 16,
        "loss": "hinge",
        "phases": 'memory_format = "channels_last"\n'
        'phases = [{ player = "image", turns = 2, batch = "fresh" }, { player = "generator" }]',
        "options": "",
        "terms": "",
        "betas": [0.0, 0.9],
        "generator_lr": 1e-3,
        "lr": 1e-3,
    },
}

DATASETS = ("scenes", "corridor", "ground-plane", "mirrored", "joint-parts")


def played(dataset: str, network: str, seed: int, folder: Path, settings: list[str]) -> tuple[dict[str, float], float]:
    """The last measurements of one run, and the CPU seconds it took."""
    rules = NETWORKS[network]
    task = "class-conditional" if dataset == "scenes" else "unconditional"
    name = f"{dataset}-{network}-{seed}"
    file = folder / f"{name}.toml"
    tick = float(str(rules["kimg"])) / 2
    file.write_text(RECIPE.format(dataset=dataset, task=task, network=network, seed=seed, tick=tick, **rules))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [word for each in settings for word in ("--set", each)]
    command = [sys.executable, "-m", "ganlab", "run", str(file), "--runs", str(folder), "--name", name, *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    last: dict[str, float] = {}
    for line in (folder / name / "measurements.jsonl").read_text().splitlines():
        record = json.loads(line)
        last |= {key: float(value) for key, value in record.items() if isinstance(value, int | float)}
        if "name" in record:
            last[record["name"]] = float(record["value"])
        last |= {key: float(value) for key, value in record.get("measurements", {}).items()}
    return last, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows(dataset: str, network: str, seed: int, last: dict[str, float], seconds: float) -> list[str]:
    """A line of the table for each property."""
    properties = [name.split("/")[1] for name in last if name.startswith("truth/") and name.endswith("/of-real")]
    lines = []
    for each in properties:
        score, relative, real, control, baseline = (
            last[f"truth/{each}{what}"] for what in ("", "/of-real", "/real", "/control", "/baseline")
        )
        known = {f"truth/{each}/{what}" for what in ("of-real", "real", "control", "baseline")}
        raw = [
            f"{name.split('/')[-1]} {value:.3g}"
            for name, value in last.items()
            if name.startswith(f"truth/{each}/") and name not in known
        ]
        lines.append(
            f"| {dataset} | {network} | {seed} | {last['truth/readable']:.2f} | {each} | {score:.3f} | {relative:.3f} "
            f"| {real:.3f} | {control:.3f} | {baseline:.3f} | {', '.join(raw)} | {seconds:.0f} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=DATASETS, default=DATASETS)
    parser.add_argument("--networks", nargs="+", choices=tuple(NETWORKS), default=tuple(NETWORKS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--keep", metavar="DIR", help="Keep the runs there.")
    parser.add_argument("--set", action="append", default=[], metavar="key=value")
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; torch {torch.__version__}")
    print(
        "| dataset | network | seed | readable | property | score | of real | real | control | baseline | raw | CPU-s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for network in options.networks:
            for dataset in options.only:
                for seed in range(options.seeds):
                    last, seconds = played(dataset, network, seed, folder, options.set)
                    print("\n".join(rows(dataset, network, seed, last, seconds)), flush=True)


if __name__ == "__main__":
    main()
