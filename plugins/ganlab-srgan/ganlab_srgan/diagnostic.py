"""How good the generator's large pictures are, of small ones whose truth it has never seen.

What is near the truth pixel by pixel is not what looks like it (Blau & Michaeli 2018, arXiv:1711.06077): the numbers
of both stand side by side, each beside that of the nearest neighbour and of bicubic interpolation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Batch, Dataset, Diagnostic, FeatureChoice, Features, Look, RecipeError, Task

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 64


class Restoration(Diagnostic):
    """Of `count` held-out pictures, or as many as there are:

    `psnr-rgb` in decibels over all colours, `psnr-y` and `ssim-y` of the luma without a border as wide as the factor
    (as published); `feature-distance@...`, the Frechet distance from the true pictures in a feature network, and
    `perceptual-distance@...`, the mean distance of each picture's point from its own truth's; `high-frequency`, the
    energy of the pictures less their 3 x 3 means, as a share of the truth's; `consistency`, the mean absolute
    difference, in units of [-1, 1], between what was given and what was made, made small again. The same of the
    baselines as `psnr-rgb/nearest`, `psnr-rgb/bicubic`, ... NaN without held-out pictures.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=2, le=16_384)] = 256,
        weights: Literal["averaged", "raw"] = "averaged",
        features: FeatureChoice = "random-conv",
    ) -> None:
        self.count = count
        self.averaged = weights == "averaged"
        self.features = features

    def check(self, task: Task, dataset: Dataset, networks: Mapping[str, Features]) -> None:
        if "low" not in task.conditions or "image" not in task.makes():
            raise RecipeError(
                "needs the task 'super-resolution', which makes 'image' of 'low'; take another diagnostic"
            )
        image, low = task.makes()["image"].shape, task.fields["low"].shape
        if min(image[1:]) - 2 * (image[1] // low[1]) < 11:
            raise RecipeError(f"needs pictures of 20 pixels and more for SSIM, not {image[1]} x {image[2]}")

    def measure(self, look: Look) -> Mapping[str, float]:
        import torch

        from ganlab_srgan.scaling import enlarged

        low, truth = look.once(f"restoration/{self.count}", lambda: self._held_out(look))
        factor = look.task.makes()["image"].shape[1] // look.task.fields["low"].shape[1]
        if not len(low):
            return dict.fromkeys(self._compared(look, low, truth, truth, factor), float("nan"))
        network = look.networks(averaged=self.averaged)
        parts = [look.task.generate(network, {"low": part})["image"] for part in torch.split(low, CHUNK)]
        tail = "" if self.averaged else "/raw"
        found = self._compared(look, low, torch.cat(parts), truth, factor)
        measured = {self._named(name, tail): value for name, value in found.items()}

        def baselines() -> dict[str, float]:
            nearest = low.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
            known = {"nearest": nearest, "bicubic": enlarged(low, factor)}
            return {
                self._named(name, f"/{baseline}"): value
                for baseline, made in known.items()
                for name, value in self._compared(look, low, made, truth, factor).items()
            }

        known: dict[str, float] = look.once(f"restoration/{self.count}/{self.features}", baselines)
        return measured | known

    def _held_out(self, look: Look) -> tuple[Tensor, Tensor]:
        """What is given, and the truth."""
        import torch

        source = look.dataset.held_out
        chosen = torch.randperm(len(source), generator=torch.Generator().manual_seed(0))[: self.count]
        batch = Batch(source.rows(chosen, None), len(chosen))
        given = look.task.draw(batch, look.random("restoration", len(chosen)))
        device = next(look.networks()["generator"].parameters()).device
        return given["low"].to(device), batch["image"].to(device)

    def _compared(self, look: Look, low: Tensor, made: Tensor, truth: Tensor, factor: int) -> dict[str, float]:
        import torch

        from ganlab_srgan import measures
        from ganlab_srgan.scaling import reduced

        space = look.features(self.features, "image")
        if not len(low):
            names = ("psnr-rgb", "psnr-y", "ssim-y", "high-frequency", "consistency")
            distances = (f"feature-distance@{space.name}", f"perceptual-distance@{space.name}")
            return dict.fromkeys((*names, *distances), float("nan"))
        made = made.clamp(-1, 1)
        flat, true = measures.luma(made, factor), measures.luma(truth, factor)
        points = space.embed(made)
        real = look.once(f"restoration/{self.count}/{self.features}/truth", lambda: space.embed_real(truth))
        numbers = {
            "psnr-rgb": measures.psnr(made, truth).mean(),
            "psnr-y": measures.psnr(flat, true).mean(),
            "ssim-y": measures.ssim(flat, true).mean(),
            "consistency": (reduced(made, factor) - low).abs().mean(),
            f"perceptual-distance@{space.name}": torch.linalg.vector_norm(points - real, dim=1).mean(),
        }
        return {name: float(value) for name, value in numbers.items()} | {
            "high-frequency": measures.high_frequency(made) / measures.high_frequency(truth),
            f"feature-distance@{space.name}": measures.frechet(points, real),
        }

    @staticmethod
    def _named(name: str, tail: str) -> str:
        """The name with whose pictures were measured, before the feature network."""
        what, at, space = name.partition("@")
        return f"{what}{tail}{at}{space}"
