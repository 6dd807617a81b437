"""Inception-v3, the space of the published Frechet distances, with weights that the user has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab
from ganlab.builtin.features.pictures import check_pictures, in_chunks, in_colour
from ganlab.weights import Path, Sha256, read_weights, settle

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 299
CHUNK = 32

PUBLISHED = 1008
"""Classes of the network that Frechet inception distances are published with; torchvision's has 1000."""


class InceptionV3(ganlab.Features):
    """2048 means over the last mixed layer (pool3) of Inception-v3 (Szegedy et al. 2015, arXiv:1512.00567).

    `weights`: a safetensors file of a state dict with torchvision's names, and `sha256` its hash. One with 1008 classes
    is taken for the network of Heusel et al. 2017, as pytorch-fid publishes it (its pools leave padding out, its last
    one takes the maximum, and the bias of its classes is left out, as inception scores are computed); one with 1000 for
    torchvision's. Grey pictures become colour. Numbers carry the first eight digits of the hash.
    """

    resize = f"bilinear to {SIDE} x {SIDE} px"

    def __init__(self, field: ganlab.Field, /, *, weights: Path, sha256: Sha256) -> None:
        check_pictures("inception-v3", field, channels=(1, 3))
        tensors = {
            name: each
            for name, each in read_weights(weights, sha256).items()
            if not name.startswith("AuxLogits.") and not name.endswith(".num_batches_tracked")
        }
        from ganlab.builtin.features.inception_network import built

        self.fingerprint = sha256.lower()
        self.name = f"inception-v3-{self.fingerprint[:8]}"
        self.classes = len(tensors["fc.weight"]) if "fc.weight" in tensors and tensors["fc.weight"].dim() else 1000
        self._published = self.classes == PUBLISHED
        self._network = built(self.classes, published=self._published)
        settle(weights, self._network, tensors, "Inception-v3")

    def embed(self, data: Tensor) -> Tensor:
        from torch.nn.functional import interpolate

        network = self._network.to(data.device)

        def embedded(part: Tensor) -> Tensor:
            large = interpolate(in_colour(part), (SIDE, SIDE), mode="bilinear", align_corners=False)
            points: Tensor = network(large)
            return points

        return in_chunks(embedded, data.float(), CHUNK)

    def probabilities(self, data: Tensor) -> Tensor:
        points = self.embed(data)
        classes = self._network.fc
        logits: Tensor = points @ classes.weight.T if self._published else classes(points)
        return logits.softmax(1)
