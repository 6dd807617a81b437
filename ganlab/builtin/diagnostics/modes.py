"""Which modes the generator reaches, and how sharply, where it can be known: the Gaussians of a mixture, or the classes
that a feature network tells apart.

Counted as in the literature (Srivastava et al. 2017; Lin et al. 2018), but a mode counts only if it gets a tenth of
its share: one lucky sample is not a mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Dataset, Diagnostic, FeatureChoice, Features, Look, RecipeError, Task
from ganlab.builtin.diagnostics.compared import Weights, classifying, tail

if TYPE_CHECKING:
    from torch import Tensor


class Modes(Diagnostic):
    """`modes` (0..K), `modes/high-quality` and `modes/reverse-kl` = KL(shares of the modes || uniform), in nats.

    Of a mixture, samples within 3 standard deviations of a centre are of high quality (0.989 of a perfect generator's
    in the plane). With `features`, a network that classifies, its classes are the modes, and samples of whose class it
    is sure (P >= `confidence`) are of high quality; pictures whose channels are each of a class, as in stacked-digits,
    have a mode for each combination. Others are not counted. With many modes take a large `count`: real samples
    themselves have a reverse KL of (K - 1) / (2 count), and infinity stands for no sample of high quality.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=100, le=10**6)] = 2500,
        confidence: Annotated[float, Option(ge=0, le=1)] = 0.5,
        weights: Weights = "averaged",
        features: FeatureChoice | None = None,
    ) -> None:
        self.count = count
        self.confidence = confidence
        self.weights: Weights = weights
        self.features = features

    def check(self, task: Task, dataset: Dataset, networks: Mapping[str, Features]) -> None:
        if self.features is not None:
            classifying(networks)
        elif dataset.centres is None or dataset.sigma is None:
            raise RecipeError(
                'needs a mixture, such as ring or grid, or features = "digits-cnn" for digits; take another diagnostic'
            )

    def measure(self, look: Look) -> Mapping[str, float]:
        from ganlab.builtin.metrics.shares import modes_reached, reverse_kl

        name = next(iter(look.task.makes()))
        data: Tensor = look.samples(self.count, self.weights)[name]
        hits = in_mixture(look, data) if self.features is None else self._classified(look, name, data)
        suffix = "" if self.weights == "averaged" else "/raw"
        if self.features is not None:
            suffix = tail(look, self.features, name, self.weights)
        return {
            f"modes{suffix}": float(modes_reached(hits)),
            f"modes/high-quality{suffix}": float(hits.sum()) / len(data),
            f"modes/reverse-kl{suffix}": reverse_kl(hits),
        }

    def _classified(self, look: Look, name: str, data: Tensor) -> Tensor:
        """How often each class, or combination of classes of the channels, was hit."""
        import torch

        network = look.features(self.features or "", name)
        assert network.classes is not None
        parts = list(torch.split(data, 1, 1)) if stacked(look, network, data) else [data]
        mode = torch.zeros(len(data), dtype=torch.int64, device=data.device)
        sure = torch.ones(len(data), dtype=torch.bool, device=data.device)
        for part in parts:
            highest, which = network.probabilities(part).max(1)
            mode = mode * network.classes + which
            sure = sure & (highest >= self.confidence)
        return torch.bincount(mode[sure], minlength=network.classes ** len(parts))


def stacked(look: Look, network: Features, data: Tensor) -> bool:
    """True if each channel is of a class of its own: the dataset has labels for all their combinations."""
    if data.dim() != 4 or data.shape[1] < 2 or network.classes is None:
        return False
    return any(
        getattr(field, "cardinality", None) == network.classes ** data.shape[1]
        for field in look.dataset.fields.values()
    )


def in_mixture(look: Look, data: Tensor) -> Tensor:
    """How often each Gaussian was hit, within 3 standard deviations."""
    import torch

    centres, sigma = look.dataset.centres, look.dataset.sigma
    assert centres is not None
    assert sigma is not None
    distance, mode = torch.cdist(data.float(), centres.to(data.device)).min(1)
    return torch.bincount(mode[distance < 3 * sigma], minlength=len(centres))
