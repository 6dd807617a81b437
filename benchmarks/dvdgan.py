"""DVD-GAN in a miniature: are the next frames right, do shapes stay what they are, and what does each part buy?

    python benchmarks/dvdgan.py play --seeds 0-2
    python benchmarks/dvdgan.py play --only starved clips --seeds 0
    python benchmarks/dvdgan.py judge
    python benchmarks/dvdgan.py picture

Plays the recipe `next-frames` of plugins/ganlab-dvdgan (16 x 16, one disc, two frames given and two to come), the same
without the temporal discriminator and with L1 alone, and with discriminators that are starved (a thousandth of their
learning rate); and `moving-shapes`, 16 frames from noise. Each game is then asked about 1,000 clips that neither it nor
its tuning has seen: those of the data's seed 1000 + seed. What was played is kept in benchmarks/results/dvdgan and not
played again; a run that was broken off goes on. `picture` writes the pictures of the package's README.
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
}


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
        "scores": asked_clips(folder, name, seed) if recipe == "moving-shapes" else asked(folder, name, seed),
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


def unseen(seed: int, **options: object) -> tuple[object, object]:
    """Clips that nobody has seen, and their truth."""
    import torch
    from ganlab_dvdgan import MovingShapes

    data = MovingShapes(samples=1, held_out=CLIPS, seed=1000 + seed, kinds=["disc"], **options)
    return data.held_out.rows(torch.arange(CLIPS), None)["video"], data.truth


def asked(folder: Path, name: str, seed: int) -> dict[str, dict[str, float]]:
    """PSNR, SSIM, identity and centre error of the made frames and of the last one given."""
    from ganlab_dvdgan.metrics import psnr, ssim

    clips, truth = unseen(seed)
    given, real = clips[:, :2], clips[:, 2:]
    answers = {"made": made(folder, name, given.numpy()), "copy-last": given[:, -1:].expand_as(real)}
    found = {}
    for who, answer in answers.items():
        found[who] = dict(truth.read(answer, {"future": real}).values)
        for time in range(real.shape[1]):
            found[who][f"psnr/t+{time + 1}"] = float(psnr(answer[:, time], real[:, time]).mean())
            found[who][f"ssim/t+{time + 1}"] = float(ssim(answer[:, time], real[:, time]).mean())
    return found


def asked_clips(folder: Path, name: str, seed: int) -> dict[str, dict[str, float]]:
    """What the truth reads in clips from noise, and in real ones."""
    clips, truth = unseen(seed, frames=16)
    answers = {"made": made(folder, name, None), "real": clips[: CLIPS // 4]}
    return {who: {**(seen := truth.read(each)).scores, "readable": seen.readable} for who, each in answers.items()}


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


def judge() -> None:
    """The tables."""
    columns = [f"{name}/t+{time}" for time in (1, 2) for name in ("psnr", "ssim", "identity", "centre-error")]
    print("| game | seeds | " + " | ".join(columns) + " | CPU-s |")
    print("|---|---|" + "---|" * (len(columns) + 1))
    for game in ("dvd-gan", "no temporal discriminator", "L1 only", "copy-last"):
        rows = rows_of("dvd-gan", "copy-last") if game == "copy-last" else rows_of(game)
        if not rows:
            continue
        digits = [
            1 if each.startswith("psnr") else 3 if each.startswith(("ssim", "identity")) else 2 for each in columns
        ]
        cells = [told([row[each] for row in rows], places) for each, places in zip(columns, digits, strict=True)]
        known = [json.loads(each.read_text())["cpu_seconds"] for each in kept(game)]
        seconds = [each for each in known if each is not None]
        print(f"| {game} | {len(rows)} | " + " | ".join(cells) + f" | {told(seconds, 0) if seconds else ''} |")
    for file in kept("clips"):
        result = json.loads(file.read_text())
        print(file.stem, result["scores"], f"{result['cpu_seconds']} CPU-s")
    for game in GAMES:
        for file in kept(game):
            print(f"{file.stem}: {', '.join(json.loads(file.read_text())['findings']) or 'no finding'}")


def picture(folder: Path) -> None:
    """Strips for the README: six unseen clips, given and predicted above what really came."""
    import torch

    from ganlab.pictures import draw, png
    from ganlab.values import Picture

    clips, _ = unseen(0)
    chosen = clips[:12]
    answers = [made(folder, f"{game.replace(' ', '-')}-0", chosen[:, :2].numpy()) for game in ("dvd-gan", "L1 only")]
    rows = [torch.cat([chosen[:, :2], each], 1) for each in answers]
    sheet = draw(Picture("video", torch.cat([*rows, chosen], 3)))
    assert sheet is not None
    (PACKAGE / "next-frames.png").write_bytes(png(sheet))


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
