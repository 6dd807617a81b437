"""How well pictures are translated that nobody trained on, beside what the source itself would score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Option

from ganlab import Batch, Dataset, Diagnostic, FeatureChoice, Features, Field, Look, RecipeError, Task

if TYPE_CHECKING:
    from torch import Tensor


class Translation(Diagnostic):
    """On `count` held-out pairs of a task that makes `target` of `source`:

    `translation/l1` mean absolute difference; `translation/high-frequency` what varies from pixel to pixel (a picture
    less its 3 x 3 means, squared), over that of the truth; `translation/feature-distance@...` the Frechet distance
    between the features of all outputs and of all truths. Behind `l1` and `feature-distance`, `/identity` is the source
    taken for the output. Where the dataset's truth is known also `translation/read-back` and the same of real data,
    `/real`, and `/identity`: a task without pairs, which has two datasets, is measured by that alone, on what it makes
    of the counted one.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=16, le=16_384)] = 512,
        weights: Literal["averaged", "raw"] = "averaged",
        features: FeatureChoice = "random-conv",
    ) -> None:
        self.count = count
        self.weights = weights
        self.features = features

    def check(self, task: Task, dataset: Dataset, networks: Mapping[str, Features]) -> None:
        if not {"source", "target"} <= set(dataset.fields) and (dataset.truth is None or not task.one_is_enough):
            raise RecipeError(
                "needs pairs, such as paired-folder, or labels whose truth is known: labels-texture with "
                'look = "labels" as the counted dataset of a task without pairs'
            )

    def measure(self, look: Look) -> Mapping[str, float]:
        rows = self._rows(look)
        made = self._made(look, rows)
        suffix = "" if self.weights == "averaged" else "/raw"
        measured = self._against(look, made, rows) if "target" in rows else {}
        truth = look.dataset.truth
        if truth is not None:
            source = rows["source"] if "source" in rows else rows["image"]
            asked = {"source": source}
            measured["read-back"] = truth.read(made, asked).scores["labels"]
            measured["read-back/identity"] = truth.read(source, asked).scores["labels"]
            if "target" in rows:
                measured["read-back/real"] = truth.read(rows["target"], asked).scores["labels"]
        return {f"translation/{name}{suffix}": value for name, value in measured.items()}

    def _rows(self, look: Look) -> Mapping[str, Any]:
        import torch

        source = look.dataset.held_out
        return source.rows(torch.arange(min(self.count, len(source))), None)

    def _made(self, look: Look, rows: Mapping[str, Any]) -> Tensor:
        """What the generator makes of the sources, in pieces."""
        import torch

        task, networks = look.task, look.networks(averaged=self.weights == "averaged")
        device = next(networks["generator"].parameters()).device
        count = len(next(iter(rows.values())))
        pieces = []
        for start in range(0, count, 64):
            cut = {name: each[start : start + 64].to(device) for name, each in rows.items()}
            size = len(next(iter(cut.values())))
            condition = task.conditions[0]
            paired = isinstance(task.fields[condition], Field)
            batch = Batch(cut if paired else {condition: Batch(cut, size)}, size)
            given = task.draw(batch, look.random(f"translation/{start}", size))
            pieces.append(task.generate(networks, given)[task.answering(condition)].detach().float().cpu())
        return torch.cat(pieces)

    def _against(self, look: Look, made: Tensor, rows: Mapping[str, Any]) -> dict[str, float]:
        real, source = rows["target"].cpu(), rows["source"].cpu()
        network = look.features(self.features, "target")
        points = look.once(f"translation/{self.features}/{self.count}", lambda: network.embed(real))

        def distance(pictures: Tensor) -> float:
            return frechet(network.embed(pictures), points)

        measured = {
            "l1": float((made - real).abs().mean()),
            "high-frequency": rough(made) / max(rough(real), 1e-12),
            f"feature-distance@{network.name}": distance(made),
        }
        if source.shape[-2:] == real.shape[-2:]:
            copy = source if source.shape[1] == real.shape[1] else source[:, :1].expand_as(real)
            measured["l1/identity"] = float((copy - real).abs().mean())
            measured[f"feature-distance/identity@{network.name}"] = distance(copy)
        return measured


def frechet(first: Tensor, second: Tensor) -> float:
    """The Frechet distance of Gaussians fitted to two sets of points (N, D) (Heusel et al. 2017, arXiv:1706.08500,
    eq. 6). The trace of the root of the product is the sum of singular values of one set's deviations times the
    other's."""
    import torch

    one, other = first.double(), second.double()
    means = (one.mean(0) - other.mean(0)).square().sum()
    one, other = ((each - each.mean(0)) / (len(each) - 1) ** 0.5 for each in (one, other))
    both = torch.linalg.svdvals(one @ other.T).sum()
    return float(means + one.square().sum() + other.square().sum() - 2 * both)


def rough(pictures: Tensor) -> float:
    """Mean square of pictures (N, C, H, W) less their 3 x 3 means, edges left out."""
    from torch.nn.functional import avg_pool2d

    return float((pictures[..., 1:-1, 1:-1] - avg_pool2d(pictures, 3, 1)).square().mean())
