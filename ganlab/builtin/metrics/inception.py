"""The inception score (Salimans et al. 2016, arXiv:1606.03498): samples should be sure of their class, and all classes
should occur. It has seen no real sample: a generator with one picture per class gets the best score there is."""

from __future__ import annotations

import torch
from torch import Tensor

from ganlab.builtin.metrics.points import usable


def inception_score(probabilities: Tensor, *, splits: int = 1) -> float:
    """exp E KL(p(y|x) || p(y)), 1..K, of P(class | sample) (N, K); the mean over `splits` parts of the samples.

    NaN for fewer samples than splits, or if one is not finite.
    """
    if not usable(probabilities, least=splits):
        return float("nan")
    scores = [one_score(part.double()) for part in probabilities.tensor_split(splits)]
    return sum(scores) / splits


def one_score(given: Tensor) -> float:
    """Of one part."""
    entropy = torch.special.entr(given).sum(1).mean()
    return float((torch.special.entr(given.mean(0)).sum() - entropy).exp())
