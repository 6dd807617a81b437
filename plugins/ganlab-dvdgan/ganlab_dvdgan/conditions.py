"""What a generator of clips is given beside frames, as one vector: latents, and labels as learnt vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ganlab import Field

LABEL_SIZE = 32
"""The length of the learnt vector that stands for a label."""


def embeddings(fields: Sequence[Field]) -> nn.ModuleList:
    """One for each label among the fields."""
    return nn.ModuleList(
        [nn.Embedding(field.cardinality or 1, LABEL_SIZE) for field in fields if field.kind == "category"]
    )


def length(fields: Sequence[Field]) -> int:
    """Of the vector; 0 if there are only frames."""
    return sum(LABEL_SIZE if field.kind == "category" else field.shape[0] for field in fields if len(field.shape) < 2)


def joined(given: Mapping[str, Tensor], labels: nn.ModuleList) -> Tensor | None:
    """What is given by kind -> the vectors (N, length), or None if there are only frames."""
    vectors = [given[kind] for kind in ("latent", "vector") if kind in given]
    vectors += [embed(given["category"]) for embed in labels]
    return torch.cat(vectors, 1) if vectors else None
