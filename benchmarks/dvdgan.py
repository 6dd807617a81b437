"""DVD-GAN in a miniature: are the next frames right, do shapes stay what they are, and what does each part buy?

    python benchmarks/dvdgan.py play --seeds 0-2
    python benchmarks/dvdgan.py play --only starved clips "three discs" --seeds 0
    python benchmarks/dvdgan.py judge
    python benchmarks/dvdgan.py picture

Plays the recipe `next-frames` of plugins/ganlab-dvdgan (16 x 16, one disc, two frames given and two to come), the same
without the temporal discriminator and with L1 alone, and with discriminators that are starved (a thousandth of their
learning rate); with three discs that hide one another, 32 x 32, three frames given; and
`moving-shapes`, 16 frames from noise. Each game is then asked about 1,000 clips that neither it nor its tuning has
seen, those of the data's seed 1000 + seed; `moving-shapes` makes 250 clips. What was played is kept in
benchmarks/results/dvdgan and not played again; a run that was broken off goes on. `picture` writes the pictures of the
package's README.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean, stdev

RESULTS = Path(__file__).parent / "results" / "dvdgan"
PACKAGE = Path(__file__).parent.parent / "plugins" / "ganlab-dvdgan"
CLIPS = 1000

SILENT = {"frame": ["views.frame={real=0,fake=0,generator=0}"], "motion": ["views.motion={real=0,fake=0,generator=0}"]}

GAMES: dict[str, tuple[str, list[str]]] = {
    "dvd-gan": ("next-frames", []),
    "no temporal discriminator": ("next-frames", SILENT["motion"]),
    "L1 only": ("next-frames", SILENT["frame"] + SILENT["motion"]),
    "starved": (
        "next-frames",
        ["players.frame.optimizer.lr=2e-6", "players.motion.optimizer.lr=1e-6", "terms=[]", "views={}"],
    ),
    "clips": ("moving-shapes", []),
    "clips without temporal discriminator": ("moving-shapes", SILENT["motion"]),
    "starved clips": ("moving-shapes", ["players.frame.optimizer.lr=1e-6", "players.motion.optimizer.lr=1e-6"]),
    "three discs": (
        "next-frames",
        [
            "dataset={name='moving-shapes',size=32,frames=5,shapes=3,samples=4000,held_out=500}",
            "task.given=3",
            "budget_kimg=76.8",
            "players.generator.architecture.depth=2",
            "players.generator.optimizer.lr=5e-4",
            "players.generator.schedule.from_kimg=38.4",
            "players.frame.schedule.from_kimg=51.2",
            "players.motion.schedule.from_kimg=51.2",
        ],
    ),
}

DISC: dict[str, object] = {"kinds": ["disc"]}
UNSEEN: dict[str, tuple[int, dict[str, object]]] = {
    "clips": (0, {**DISC, "frames": 16}),
    "three discs": (3, {**DISC, "size": 32, "frames": 5, "shapes": 3}),
}
"""Frames given, and options of the data, where they are not two and one disc of four frames."""


def play(game: str, seed: int, folder: Path) -> dict[str, object]:
    """What one game came to: its numbers on unseen clips, findings, CPU seconds."""
    recipe, settings = GAMES[game]
    name = f"{game.replace(' ', '-')}-{seed}"
    begun = (folder / name / "recipe.toml").exists()
    words = [word for each in (f"seed={seed}", f"dataset.seed={seed}", *settings) for word in ("--set", each)]
    what = ["resume", name] if begun else ["run", recipe, "--name", name, *words]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if not (folder / name / "outcome.json").exists():
        command = [sys.executable, "-m", "ganlab", *what, "--runs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    findings = [json.loads(line) for line in (folder / name / "findings.jsonl").read_text().splitlines()]
    return {
        "cpu_seconds": None if begun else after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "findings": [f"{each['severity']}: {each['monitor']}" for each in findings],
        "scores": asked_clips(folder, name, seed) if recipe == "moving-shapes" else asked(folder, name, seed, game),
    }


def made(folder: Path, name: str, clips: object) -> object:
    """What a run's averaged generator makes of them, or of nothing but noise."""
    import torch

    from ganlab.assemble.export_directory import find_generator
    from ganlab.assemble.generator import load_generator
    from ganlab.assemble.sampling import conditions, samples
    from ganlab.plugins import Plugins

    cpu = torch.device("cpu")
    generator = load_generator(find_generator(name, folder), Plugins(), cpu)
    given = {} if clips is None else {"given": clips}
    batch = conditions(generator.task, None if given else CLIPS // 4, given, None, 1)
    return torch.cat([sample["video"] for sample, _ in samples(generator, batch, 0, cpu)])


def unseen(seed: int, game: str) -> tuple[object, int, object]:
    """Clips that nobody has seen, how many frames are given, and their truth."""
    import torch
    from ganlab_dvdgan import MovingShapes

    count, options = UNSEEN.get(game, (2, DISC))
    data = MovingShapes(samples=1, held_out=CLIPS, seed=1000 + seed, **options)
    return data.held_out.rows(torch.arange(CLIPS), None)["video"], count, data.truth


def asked(folder: Path, name: str, seed: int, game: str) -> dict[str, dict[str, float]]:
    """PSNR, SSIM, identity and centre error of the made frames and of the last one given."""
    from ganlab_dvdgan.metrics import psnr, ssim

    clips, count, truth = unseen(seed, game)
    given, real = clips[:, :count], clips[:, count:]
    answers = {"made": made(folder, name, given.numpy()), "copy-last": given[:, -1:].expand_as(real)}
    found = {}
    for who, answer in answers.items():
        found[who] = dict(truth.read(answer, {"future": real}).values)
        for time in range(real.shape[1]):
            found[who][f"psnr/t+{time + 1}"] = float(psnr(answer[:, time], real[:, time]).mean())
            found[who][f"ssim/t+{time + 1}"] = float(ssim(answer[:, time], real[:, time]).mean())
    return found


def asked_clips(folder: Path, name: str, seed: int) -> dict[str, dict[str, float]]:
    """What the truth reads in clips from noise and in real ones, and how many pixels a frame shapes go."""
    clips, _, truth = unseen(seed, "clips")
    answers = {"made": made(folder, name, None), "real": clips[: CLIPS // 4]}
    found = {}
    for who, each in answers.items():
        reading, seen = truth.read(each), truth.seen(each)
        both = seen.there[:, 1:] & seen.there[:, :-1]
        steps = (seen.centre[:, 1:] - seen.centre[:, :-1]).norm(dim=3)[both] * truth.size
        found[who] = {**reading.scores, "readable": reading.readable, "speed": float(steps.mean())}
    return found


def file_of(game: str, seed: int) -> Path:
    return RESULTS / f"{game.replace(' ', '-')}-{seed}.json"


def rows_of(game: str, who: str = "made") -> list[dict[str, float]]:
    """The scores of every seed that was played."""
    return [json.loads(each.read_text())["scores"][who] for each in kept(game)]


def kept(game: str) -> list[Path]:
    return sorted(RESULTS.glob(f"{game.replace(' ', '-')}-[0-9]*.json"))


def told(values: list[float], digits: int) -> str:
    spread = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{spread}"


def seconds(game: str) -> str:
    """CPU seconds of the games that were played in one go."""
    known = [json.loads(each.read_text())["cpu_seconds"] for each in kept(game)]
    return told([each for each in known if each is not None], 0) if any(known) else ""


def judge() -> None:
    """The tables."""
    columns = [f"{name}/t+{time}" for time in (1, 2) for name in ("psnr", "ssim", "identity", "centre-error")]
    print("| game | seeds | " + " | ".join(columns) + " | CPU-s |")
    print("|---|---|" + "---|" * (len(columns) + 1))
    of_last = {"copy-last": "dvd-gan", "copy-last, three discs": "three discs"}
    for game in (
        "dvd-gan",
        "no temporal discriminator",
        "L1 only",
        "copy-last",
        "three discs",
        "copy-last, three discs",
    ):
        rows = rows_of(of_last[game], "copy-last") if game in of_last else rows_of(game)
        if not rows:
            continue
        digits = [
            1 if each.startswith("psnr") else 3 if each.startswith(("ssim", "identity")) else 2 for each in columns
        ]
        cells = [told([row[each] for row in rows], places) for each, places in zip(columns, digits, strict=True)]
        print(f"| {game} | {len(rows)} | " + " | ".join(cells) + f" | {seconds(game)} |")
    columns = ["readable", "whole", "identity", "motion", "speed"]
    print("\n| clips of 16 frames | seeds | " + " | ".join(columns) + " | CPU-s |")
    print("|---|---|" + "---|" * (len(columns) + 1))
    for game, who in (("clips", "made"), ("clips without temporal discriminator", "made"), ("clips", "real")):
        rows = rows_of(game, who)
        cells = [told([row[each] for row in rows], 3) for each in columns] if rows else []
        name, spent = (game, seconds(game)) if who == "made" else (who, "")
        print(f"| {name} | {len(rows)} | " + " | ".join(cells) + f" | {spent} |")
    print("identity, seed by seed:", *(f"{row['identity']:.3f}" for row in rows_of("clips")))
    for game in GAMES:
        for file in kept(game):
            print(f"{file.stem}: {', '.join(json.loads(file.read_text())['findings']) or 'no finding'}")


def picture(folder: Path) -> None:
    """Strips for the README: unseen clips, given and predicted above what really came; and clips from noise."""
    import torch

    clips, _, _ = unseen(0, "dvd-gan")
    chosen = clips[:12]
    answers = [made(folder, f"{game.replace(' ', '-')}-0", chosen[:, :2].numpy()) for game in ("dvd-gan", "L1 only")]
    rows = [torch.cat([chosen[:, :2], each], 1) for each in answers]
    drawn("next-frames.png", torch.cat([*rows, chosen], 3))
    clips, count, _ = unseen(0, "three discs")
    chosen = clips[:8]
    answer = torch.cat([chosen[:, :count], made(folder, "three-discs-0", chosen[:, :count].numpy())], 1)
    drawn("three-discs.png", torch.cat([answer, chosen], 3))
    drawn("clips.png", made(folder, "clips-0", None)[:16])


def drawn(file: str, clips: object) -> None:
    """A sheet of clips, in the package's folder."""
    from ganlab.pictures import draw, png
    from ganlab.values import Picture

    sheet = draw(Picture("video", clips))
    assert sheet is not None
    (PACKAGE / file).write_bytes(png(sheet))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("play", "judge", "picture"))
    parser.add_argument("--only", nargs="+", choices=tuple(GAMES), default=tuple(GAMES))
    parser.add_argument("--seeds", default="0-2", metavar="A-B")
    parser.add_argument("--runs", default=Path(tempfile.gettempdir()) / "ganlab-dvdgan", type=Path, metavar="DIR")
    options = parser.parse_args()
    if options.what == "judge":
        return judge()
    if options.what == "picture":
        return picture(options.runs)
    RESULTS.mkdir(parents=True, exist_ok=True)
    first, _, last = options.seeds.partition("-")
    for seed in range(int(first), int(last or first) + 1):
        for game in options.only:
            if not file_of(game, seed).exists():
                result = play(game, seed, options.runs)
                file_of(game, seed).write_text(json.dumps(result, indent=1) + "\n")
                print(game, seed, result["cpu_seconds"], "CPU-s", result["findings"], flush=True)
    return None


if __name__ == "__main__":
    main()
