"""What was made should look like the truth to a network, not pixel by pixel: the content loss.

Ledig et al. 2017, arXiv:1609.04802, eqs. 4 and 5; before the activation, as ESRGAN has it, arXiv:1809.00219, eq. 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ganlab
from ganlab.weights import Path, Sha256

if TYPE_CHECKING:
    from torch import Tensor


class Content(ganlab.Term):
    """Mean squared difference between the generated and the real `image` as a frozen network sees them, (N,).

    `network` "random-conv": three levels of fixed random convolutions, which need nothing from anywhere. "vgg19":
    VGG-19 (Simonyan & Zisserman 2015, arXiv:1409.1556) with torchvision's weights that the user has, `weights` a
    safetensors file and `sha256` its hash; `layer` is "5.4" or "2.2" of the paper, `activated` off stops before the
    activation. "pixels": no network, eq. 4. The ledger also has it under the network's own name, `content@vgg19-...`.
    """

    per_sample = True

    def __init__(
        self,
        *,
        network: Literal["random-conv", "vgg19", "pixels"] = "random-conv",
        layer: Literal["2.2", "5.4"] = "5.4",
        activated: bool = True,
        weights: Path | None = None,
        sha256: Sha256 | None = None,
    ) -> None:
        from ganlab_srgan.content_networks import VGG19, Pixels, RandomConv, read_vgg19

        if network != "vgg19":
            if weights is not None or sha256 is not None:
                raise ganlab.RecipeError(f"network = '{network}' takes no weights; leave weights and sha256 out")
            self._network: RandomConv | Pixels | VGG19 = RandomConv() if network == "random-conv" else Pixels()
        elif weights is None or sha256 is None:
            raise ganlab.RecipeError(
                "network = 'vgg19' needs weights, a safetensors file of torchvision's VGG-19 that you have, and its "
                "sha256; 'ganlab import-torch FILE.pth --out FILE.safetensors' makes one, and network = 'random-conv' "
                "needs none"
            )
        else:
            self._network = read_vgg19(weights, sha256, layer, activated=activated)

    def cost(self, turn: ganlab.Turn) -> Tensor:
        network = self._network.to(turn.real["image"].device)
        made, wanted = network(turn.fake["image"]), network(turn.real["image"])
        costs = [(one - other.detach()).square().flatten(1).mean(1) for one, other in zip(made, wanted, strict=True)]
        cost: Tensor = sum(costs[1:], costs[0]) / len(costs)
        turn.record(f"content@{network.name}", cost.detach().mean())
        return cost
