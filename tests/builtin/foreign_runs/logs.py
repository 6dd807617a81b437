"""Logs as other programs write them, with answers that are known: the best FID is at 40 % of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.summary.writer.record_writer import RecordWriter

BEGAN = datetime(2020, 9, 17, 20, 4, 21)

LOST = [100.0, 60.0, 40.0, 20.0, 24.0, 30.0, 38.0, 41.0, 44.0, 46.0]
"""FID every tenth of a run: the best is the fourth, from the eighth on it is twice that, the end is 2.3 times."""

KEPT = [100.0, 60.0, 40.0, 30.0, 25.0, 22.0, 21.0, 20.0, 20.5, 20.2]

STEPS = 100_000
PER_STEP = timedelta(seconds=0.18)
EVALUATION = timedelta(seconds=90)

OLD = (
    "Step: {step:>7} Progress: {share:.1%} Elapsed: {elapsed} temperature: no ada_p: No "
    "Discriminator_loss: {dis:.6g} Generator_loss: {gen:.6g} "
)
NEW = (
    "Step: {step:>6} Progress: {share:.1%} Elapsed: {elapsed} Gen_loss: {gen:<.4} Dis_loss: {dis:<.4} "
    "Cls_loss: N/A Topk:  N/A aa_p: N/A "
)


def studiogan(fids: Sequence[float], form: str = OLD, since: int = 0, until: int = STEPS, days: int = 0) -> str:
    """A text log of StudioGAN: one life, so many days after the first began, from a step to another; an evaluation,
    which takes a minute and a half, each tenth of the run."""
    every, steps = 2500, STEPS
    now, life = BEGAN + timedelta(days), timedelta()
    lines: list[str] = []

    def say(text: str) -> None:
        lines.append(f"[INFO] {now:%Y-%m-%d %H:%M:%S} > {text}")

    say("Run name : TESTGAN-train-2020_09_17_20_04_13")
    say(f"{{'train': {{'optimization': {{'batch_size': 64, 'd_steps_per_iter': 5, 'total_step': {steps}}}}}}}")
    lines.append("Generator(\n  (linear0): Linear(in_features=128, out_features=4096, bias=True)\n)")
    say("Start training....")
    best = (float("inf"), 0)
    for step in range(since + every, until + 1, every):
        now, life = now + every * PER_STEP, life + every * PER_STEP
        elapsed = timedelta(seconds=int(life.total_seconds()))
        say(form.format(step=step, share=step / steps, elapsed=elapsed, dis=1.0 + step / 1e6, gen=2.0))
        if step % (steps // len(fids)) == 0:
            fid = fids[step // (steps // len(fids)) - 1]
            say(f"Start Evaluation ({step} Step): TESTGAN-train-2020_09_17_20_04_13")
            now, life = now + EVALUATION, life + EVALUATION
            best = min(best, (fid, step))
            say(f"F_8 score (Step: {step}, Using test images): 0.75737173662")
            say(f"FID score (Step: {step}, Using test moments): {fid}")
            say(f"Inception score (Step: {step}, 10000 generated images): 5.504762172698975")
            say(f"Best FID score (Step: {best[1]}, Using test moments): {best[0]}")
            say("Save model to checkpoints/TESTGAN-train-2020_09_17_20_04_13")
    return "\n".join(lines) + "\n"


def seconds(steps: int, evaluations: int) -> float:
    """What so many steps and evaluations take."""
    return steps * PER_STEP.total_seconds() + evaluations * EVALUATION.total_seconds()


def stylegan(folder: Path, fids: Sequence[float], kimg: int = 1000, r_t: float = 0.5) -> Path:
    """A folder of StyleGAN2-ADA: four ticks for each evaluation, a second for each kimg."""
    folder.mkdir(parents=True, exist_ok=True)
    ticks = 4 * len(fids)
    stats, metrics = [], []
    for tick in range(ticks + 1):
        at = kimg * tick / ticks
        means = {
            "Loss/scores/fake": -1.0,
            "Loss/signs/fake": -0.4,
            "Loss/G/loss": 1.5,
            "Loss/scores/real": 0.5,
            "Loss/signs/real": r_t,
            "Loss/D/loss": 1.0,
            "Progress/tick": tick,
            "Progress/kimg": at,
            "Timing/total_sec": at,
            "Progress/augment": 0.1,
        }
        line = {name: {"num": 1, "mean": mean, "std": 0.0} for name, mean in means.items()}
        line["Loss/G/reg"] = {"num": 0, "mean": float("nan"), "std": float("nan")}
        stats.append(json.dumps({**line, "timestamp": 1.6e9 + at}))
        if tick % 4 == 0 and tick:
            fid = fids[tick // 4 - 1]
            told = {"results": {"fid50k_full": fid}, "metric": "fid50k_full", "total_time": 10.0, "num_gpus": 1}
            name = f"network-snapshot-{int(at):06d}.pkl"
            metrics.append(json.dumps({**told, "snapshot_pkl": name, "timestamp": 1.6e9 + at - 0.1}))
    (folder / "stats.jsonl").write_text("\n".join(stats) + "\n")
    (folder / "metric-fid50k_full.jsonl").write_text("\n".join(metrics) + "\n")
    return folder


Curves = Mapping[str, Sequence[tuple[int, float]]]


def events(
    folder: Path,
    curves: Curves,
    *,
    began: float = 1.6e9,
    number: int = 0,
    start: int | None = None,
    tensor: bool = False,
) -> Path:
    """An event file with these curves; a step takes a second. `start` is the step from which a later life replaces."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"events.out.tfevents.{1600000000 + number}.host"
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=began, file_version="brain.Event:2").SerializeToString())
        if start is not None:
            log = SessionLog(status=SessionLog.START)
            writer.write(Event(wall_time=began, step=start, session_log=log).SerializeToString())
        for step in sorted({at for points in curves.values() for at, _ in points}):
            values = [
                Summary.Value(tag=tag, tensor=TensorProto(dtype=1, float_val=[value]))
                if tensor
                else Summary.Value(tag=tag, simple_value=value)
                for tag, points in curves.items()
                for at, value in points
                if at == step
            ]
            summary = Summary(value=values)
            writer.write(Event(wall_time=began + step, step=step, summary=summary).SerializeToString())
    return path


def curve(values: Sequence[float], steps: int = 1000) -> list[tuple[int, float]]:
    """The values at even distances, the last at `steps`."""
    return [(steps * number // len(values), value) for number, value in enumerate(values, 1)]
