"""Super-resolution, x4: what the game adds to the pre-trained network, and what it costs.

    python benchmarks/srgan.py play --seeds 0-2        goes on where it was; runs lie in runs/srgan-benchmark
    python benchmarks/srgan.py judge                   tables and bars, from what is kept in benchmarks/results/srgan
    python benchmarks/srgan.py picture                 held-out photographs, enlarged by the runs of seed 0

One thread. `held-out` are 256 patches of 32 pixels from the three photographs that the recipe's dataset keeps from
training; `unseen` 64 patches each of six grey photographs of scikit-image that no recipe uses. SRResNet is the first
stage alone for the whole budget; `starved` is SRGAN whose discriminator learns a hundred times more slowly.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "plugins/ganlab-srgan/enlarged.png"
KEPT = ROOT / "benchmarks/results/srgan"
RUNS = ROOT / "runs/srgan-benchmark"

GAMES = {
    "srresnet": ("srgan", ["stages.pre-training.kimg=14.4", "watch.diagnostics=[{name='restoration',every=20}]"]),
    "srgan": ("srgan", []),
    "esrgan": ("esrgan", []),
    "starved": ("srgan", ["players.image.optimizer.lr=2e-6"]),
}
UNSEEN = ("brick.png", "grass.png", "gravel.png", "camera.png", "coins.png", "moon.png")
SIDE, PATCHES = 32, 64

SHOWN = (("sklearn", "datasets/images/flower.jpg", 190, 250), ("skimage", "data/chelsea.png", 70, 110))
"""Held-out photographs, and the upper left corner of what is shown of them."""

WIDE = 112

SPACE = "@random-conv-v1"
COLUMNS = {
    "PSNR": "psnr-rgb",
    "PSNR Y": "psnr-y",
    "SSIM Y": "ssim-y",
    "feature distance": f"feature-distance{SPACE}",
    "perceptual distance": f"perceptual-distance{SPACE}",
    "high frequency": "high-frequency",
    "consistency": "consistency",
}


def play(game: str, seed: int) -> None:
    """Play it, unless it was, and keep its last measurements, its findings, and what it makes of unseen photographs."""
    path = KEPT / f"{game}-{seed}.json"
    if path.exists():
        return
    recipe, settings = GAMES[game]
    name = f"{game}-{seed}"
    words = ["resume", name] if (RUNS / name).exists() else ["run", recipe, "--name", name, "--set", f"seed={seed}"]
    words += [] if words[0] == "resume" else [word for each in settings for word in ("--set", each)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "ganlab", *words, "--runs", str(RUNS)], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stderr.strip()}")
    last: dict[str, Any] = {}
    for line in (RUNS / name / "measurements.jsonl").read_text().splitlines():
        last |= json.loads(line)
    findings = [json.loads(line) for line in (RUNS / name / "findings.jsonl").read_text().splitlines()]
    kept = {
        "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "measured": last,
        "findings": [f"{each['monitor']} at {each['kimg']:.1f}" for each in findings if not each["over"]],
        "unseen": unseen(name),
    }
    KEPT.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1))
    print(f"{name}: {kept['seconds']:.0f} CPU-s, {kept['findings'] or 'healthy'}", flush=True)


def unseen(name: str) -> dict[str, float]:
    """What `restoration` measures, of photographs that no recipe uses."""
    import torch
    from ganlab_srgan import Restoration, SuperResolution

    import ganlab
    from ganlab.assemble.export_directory import find_generator
    from ganlab.assemble.generator import load_generator
    from ganlab.plugins import Plugins
    from ganlab.testing import ToyDataset, ToyLook, ToySource

    class Patches(ToyDataset):
        def __init__(self) -> None:
            self.fields = {"image": ganlab.Field("image", (3, SIDE, SIDE))}
            self.train = self.held_out = ToySource({"image": patches()})

    class Seen(ToyLook):
        def networks(self, *, averaged: bool = True) -> ganlab.Networks:
            return loaded.networks

    plugins, dataset = Plugins(), Patches()
    loaded = load_generator(find_generator(name, RUNS), plugins, torch.device("cpu"))
    space = plugins.find("features", "random-conv").create(dataset.fields["image"])
    architecture = plugins.find("architectures", "srresnet").create(width=4, blocks=1, norm="none")
    look = Seen(task=SuperResolution(dataset.fields), dataset=dataset, architecture=architecture, features=space)
    with torch.no_grad():
        return dict(Restoration(count=len(UNSEEN) * PATCHES).measure(look))


def picture() -> None:
    """Parts of held-out photographs: nearest, bicubic, what each game makes of the small photograph, the truth."""
    import torch
    from ganlab_srgan.scaling import as_kept, enlarged, reduced
    from PIL import Image, ImageDraw

    from ganlab.assemble.export_directory import find_generator
    from ganlab.assemble.generator import load_generator
    from ganlab.plugins import Plugins

    games = [game for game in GAMES if game != "starved" and (RUNS / f"{game}-0").exists()]
    names = ["nearest", "bicubic", *games, "truth"]
    sheet = Image.new("RGB", (WIDE * len(names), (WIDE + 12) * len(SHOWN)))
    for row, (package, place, top, left) in enumerate(SHOWN):
        truth = photograph(package, place)[None]
        truth = truth[..., : truth.shape[2] // 4 * 4, : truth.shape[3] // 4 * 4]
        low = as_kept(reduced(truth, 4))
        made = [low.repeat_interleave(4, 2).repeat_interleave(4, 3), enlarged(low, 4)]
        for game in games:
            loaded = load_generator(find_generator(f"{game}-0", RUNS), Plugins(), torch.device("cpu"))
            with torch.no_grad():
                made.append(loaded.task.generate(loaded.networks, {"low": low})["image"])
        for column, (name, each) in enumerate(zip(names, [*made, truth], strict=True)):
            part = each[0, :, top : top + WIDE, left : left + WIDE].clamp(-1, 1).add(1).mul(127.5).round()
            place_there = (column * WIDE, row * (WIDE + 12))
            ImageDraw.Draw(sheet).text(place_there, name, fill="white")
            sheet.paste(Image.fromarray(part.byte().permute(1, 2, 0).numpy()), (place_there[0], place_there[1] + 12))
    sheet.save(PICTURE, optimize=True)


def photograph(package: str, place: str) -> Any:
    """(3, H, W) in [-1, 1], of a package's own data."""
    import numpy as np
    import torch
    from PIL import Image

    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    pixels = np.array(Image.open(Path(spec.origin).parent / place).convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 127.5 - 1


def patches() -> Any:
    """Patches (N, 3, 32, 32) from all over each photograph."""
    import torch

    random, found = torch.Generator().manual_seed(0), []
    for name in UNSEEN:
        whole = photograph("skimage", f"data/{name}")
        for _ in range(PATCHES):
            top, left = (int(torch.randint(side - SIDE + 1, (1,), generator=random)) for side in whole.shape[1:])
            found.append(whole[:, top : top + SIDE, left : left + SIDE])
    return torch.stack(found)


def judge() -> None:
    """The tables and the bars."""
    runs = {
        game: [json.loads(path.read_text()) for path in sorted(KEPT.glob(f"{game}-?.json"))]
        for game in GAMES
        if any(KEPT.glob(f"{game}-?.json"))
    }
    for what, key in (("held-out", "measured"), ("unseen", "unseen")):
        print(f"\n| {what} | {' | '.join(COLUMNS)} | CPU-s |\n|---|{'---|' * (len(COLUMNS) + 1)}")
        first = next(iter(runs.values()))[0][key]
        for baseline in ("nearest", "bicubic"):
            cells = [f"{first[beside(name, baseline)]:.4g}" for name in COLUMNS.values()]
            print(f"| {baseline} | {' | '.join(cells)} | |")
        for game, played in runs.items():
            cells = [told([each[key][name] for each in played]) for name in COLUMNS.values()]
            seconds = told([each["seconds"] for each in played])
            print(f"| {game} ({len(played)} seeds) | {' | '.join(cells)} | {seconds} |")
        for game in ("srgan", "esrgan"):
            if game in runs:
                print(f"\n{game}, {what}: {bars([each[key] for each in runs[game]])}")
    for game, played in runs.items():
        print(f"{game}: findings {[each['findings'] for each in played]}")


def bars(measured: list[Mapping[str, float]]) -> str:
    """What was asked for, in the mean: held or missed."""

    def mean(name: str) -> float:
        return statistics.mean(each[name] for each in measured)

    def of(name: str) -> tuple[float, float]:
        return mean(name), mean(beside(name, "bicubic"))

    distance, high, psnr, same = (
        of(name) for name in (f"feature-distance{SPACE}", "high-frequency", "psnr-rgb", "consistency")
    )
    said = {
        f"feature distance {distance[0] / distance[1]:.2f} of bicubic's (bar 0.6)": distance[0] <= 0.6 * distance[1],
        f"high frequency {high[0] / high[1]:.3g} times bicubic's (bar 1.7)": high[0] >= 1.7 * high[1],
        f"PSNR {psnr[0] - psnr[1]:+.2f} dB of bicubic's (bar -0.5)": psnr[0] >= psnr[1] - 0.5,
        f"consistency {same[0]:.4f} against {same[1]:.4f} (bar: less)": same[0] < same[1],
    }
    return "; ".join(f"{text} {'held' if held else 'MISSED'}" for text, held in said.items())


def beside(name: str, baseline: str) -> str:
    """The baseline's name of a measurement."""
    what, at, space = name.partition("@")
    return f"{what}/{baseline}{at}{space}"


def told(values: list[float]) -> str:
    """Mean and spread."""
    return f"{statistics.mean(values):.4g} ± {statistics.stdev(values) if len(values) > 1 else 0:.2g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("act", choices=("play", "judge", "picture"))
    parser.add_argument("--seeds", default="0-2", metavar="A-B")
    parser.add_argument("--games", nargs="+", choices=tuple(GAMES), default=tuple(GAMES))
    options = parser.parse_args()
    if options.act != "play":
        judge() if options.act == "judge" else picture()
        return
    first, _, last = options.seeds.partition("-")
    for seed in range(int(first), int(last or first) + 1):
        for game in options.games:
            play(game, seed)


if __name__ == "__main__":
    main()
