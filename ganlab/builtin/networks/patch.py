"""PatchGAN: judges overlapping patches of a picture, each on its own, and leaves the whole to other costs.

Isola et al. 2017, arXiv:1611.07004, section 3.2.2 and appendix 6.1.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from ganlab import Field, Verdict
from ganlab.builtin.networks.choices import Norm
from ganlab.builtin.networks.conditions import Maps
from ganlab.builtin.networks.normalisation import normalisation
from ganlab.builtin.networks.stages import Stages


class PatchDiscriminator(nn.Module):
    """Image, beside its condition as maps -> one logit per patch (N, 1, h, w).

    `widths` are the channels after each halving and of one more layer that keeps the size. Neither the first layer nor
    the last is normed.
    """

    def __init__(self, data: Field, given: Field | None, widths: Sequence[int], *, norm: Norm, features: bool) -> None:
        super().__init__()
        bias = norm != "batch"
        _, height, width = data.shape
        self.read = Maps([data] if given is None else [data, given], height, width)
        stages = [nn.Sequential(nn.Conv2d(self.read.channels, widths[0], 4, 2, 1), _leaky())]
        for level, (before, after) in enumerate(pairwise(widths), start=2):
            stride = 2 if level < len(widths) else 1
            layer = nn.Conv2d(before, after, 4, stride, 1, bias=bias)
            stages.append(nn.Sequential(layer, normalisation(norm, after, affine=norm != "instance"), _leaky()))
        self.judge = Stages(stages, nn.Conv2d(widths[-1], 1, 4, 1, 1), tell=features)

    def forward(self, data: Tensor, given: Tensor | None = None) -> Tensor | Verdict:
        seen: Tensor = self.read(data) if given is None else self.read(data, given)
        answer: Tensor | Verdict = self.judge(seen)
        return answer


def _leaky() -> nn.LeakyReLU:
    return nn.LeakyReLU(0.2, inplace=True)
