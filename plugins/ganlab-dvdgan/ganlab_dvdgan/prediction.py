"""How good predicted frames are, frame by frame, beside what it costs nothing to say: the last frame again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Dataset, Diagnostic, Features, Look, RecipeError, Task

if TYPE_CHECKING:
    from torch import Tensor


class Prediction(Diagnostic):
    """On `count` held-out clips, for each frame t+1, t+2, ... the means of `psnr/t+1` (dB) and `ssim/t+1`, and where
    the truth of the data can be read `identity/t+1` (share of clips whose shapes are all there and right) and
    `centre-error/t+1` (pixels); behind each the same of the last given frame, `.../copy-last`.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=16_384)] = 256,
        weights: Literal["averaged", "raw"] = "averaged",
    ) -> None:
        self.count = count
        self.weights = weights

    def check(self, task: Task, dataset: Dataset, networks: Mapping[str, Features]) -> None:
        field = task.makes().get("video")
        if field is None or "given" not in task.conditions:
            raise RecipeError("needs a task that predicts frames, such as next-frames; take another diagnostic")
        if not len(dataset.held_out):
            raise RecipeError("needs held-out clips; set the dataset's held_out")

    def measure(self, look: Look) -> Mapping[str, float]:
        given, made, real = predicted(look, self.count, averaged=self.weights == "averaged")
        last = given[:, -1:].expand_as(real)
        found = scores(made, real, look)
        known = look.once(f"prediction/{self.count}/copy-last", lambda: scores(last, real, look))
        suffix = "" if self.weights == "averaged" else "/raw"
        return {f"{name}{suffix}": value for name, value in found.items()} | {
            f"{name}/copy-last{suffix}": value for name, value in known.items()
        }


def predicted(look: Look, count: int, *, averaged: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Of held-out clips what was given, what is made of it, and what really came, as long as both are."""
    import torch

    from ganlab import Batch

    source = look.dataset.held_out
    rows = source.rows(torch.arange(min(count, len(source))), None)
    networks = look.networks(averaged=averaged)
    device = next(networks["generator"].parameters()).device
    rows = {name: value.to(device) if hasattr(value, "to") else value for name, value in rows.items()}
    batch = Batch(rows, len(rows["video"]))
    given = look.task.draw(batch, look.random("prediction", batch.size))
    made = look.task.generate(networks, given)["video"]
    real = look.task.real(batch)["video"]
    length = min(made.shape[1], real.shape[1])
    return given["given"], made[:, :length], real[:, :length]


def scores(made: Tensor, real: Tensor, look: Look) -> dict[str, float]:
    """Means by frame."""
    from ganlab_dvdgan.metrics import psnr, ssim

    found = {}
    for time in range(real.shape[1]):
        found[f"psnr/t+{time + 1}"] = float(psnr(made[:, time], real[:, time]).mean())
        found[f"ssim/t+{time + 1}"] = float(ssim(made[:, time], real[:, time]).mean())
    truth = look.dataset.truth
    return found if truth is None else {**found, **truth.read(made, {"future": real}).values}
