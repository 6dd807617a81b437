"""A small convolution network that reads digits: a space in which digits of one kind lie together, and a classifier.

It is trained in a few seconds, where it is first needed, on scikit-learn's digits; the result is a function of the
code, the version of torch and the kind of processor alone, and is kept in the cache directory.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import ganlab
from ganlab import cache
from ganlab.builtin.features.pictures import check_pictures, in_chunks

if TYPE_CHECKING:
    from torch import Tensor

    from ganlab.builtin.features.reader import Weights

CHUNK = 1024


class DigitsCnn(ganlab.Features):
    """Three convolutions and a layer of 64 units, whose answers are the points; `probabilities` are of the digits 0-9.

    Trained on the dataset's training digits alone; of the 355 that are held out it reads 99.2 % right (the test holds
    it to 98 %). Any size and 1 or 3 channels: pictures become grey (their mean) and 8 x 8, each pixel the mean of what
    it covers, which is what the digits were made from.
    """

    name = "digits-cnn-v1"
    resize = "means over areas to 8 x 8 px, grey"
    classes = 10

    def __init__(self, field: ganlab.Field, /) -> None:
        check_pictures("digits-cnn", field, channels=(1, 3))
        self._weights = trained()
        parts = b"".join(name.encode() + each.numpy().tobytes() for name, each in sorted(self._weights.items()))
        self.fingerprint = hashlib.sha256(parts).hexdigest()

    def embed(self, data: Tensor) -> Tensor:
        from ganlab.builtin.features.reader import embedded

        return in_chunks(lambda part: embedded(self._on(data), part), data.float(), CHUNK)

    def probabilities(self, data: Tensor) -> Tensor:
        from ganlab.builtin.features.reader import classified

        return classified(self._on(data), self.embed(data)).softmax(1)

    def _on(self, data: Tensor) -> Weights:
        self._weights = {name: each.to(data.device) for name, each in self._weights.items()}
        return self._weights


def trained() -> Weights:
    """The network's weights: those in the cache, if they are whole, or else trained now and kept there."""
    import torch
    from safetensors.torch import load, save

    from ganlab.builtin.features.reader import drawn, train

    made_with = f"{torch.__version__} {torch.backends.cpu.get_cpu_capability()}"
    name = f"{DigitsCnn.name}-{hashlib.sha256(made_with.encode()).hexdigest()[:16]}"
    raw = cache.fetch(name)
    if raw is not None:
        shapes = {key: each.shape for key, each in drawn(torch.Generator()).items()}
        try:
            found: Weights = load(raw)
        except Exception:  # whole, and yet no safetensors: somebody else wrote it
            found = {}
        if {key: each.shape for key, each in found.items()} == shapes:
            return found
    weights = train()
    cache.keep(name, save(weights))
    return weights
