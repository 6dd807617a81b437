"""DCGAN: a generator that doubles and a discriminator that halves the picture by strided convolutions.

Radford, Metz and Chintala 2016, arXiv:1511.06434, section 3. `widths` are the channels from the smallest maps to the
largest; the layers are those of the PyTorch DCGAN example, for any number of doublings.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from ganlab import Field, Verdict
from ganlab.builtin.networks.choices import Norm
from ganlab.builtin.networks.conditions import Maps, Vectors, classes
from ganlab.builtin.networks.minibatch_deviation import MinibatchDeviation
from ganlab.builtin.networks.normalisation import normalisation
from ganlab.builtin.networks.stages import Stages


class DCGANGenerator(nn.Module):
    """All given fields as one vector -> maps of `smallest` (H, W) -> doublings -> image (N, C, H, W) in [-1, 1]."""

    def __init__(
        self,
        given: Sequence[Field],
        channels: int,
        smallest: tuple[int, int],
        widths: Sequence[int],
        *,
        kernel: int,
        norm: Norm,
        nearest: bool,
        label_size: int,
    ) -> None:
        super().__init__()
        bias = _needs_bias(norm)
        self.read = Vectors(given, label_size)
        self.shape = (widths[0], *smallest)
        self.start = nn.Linear(self.read.size, widths[0] * smallest[0] * smallest[1], bias=bias)
        layers: list[nn.Module] = [normalisation(norm, widths[0]), nn.ReLU(inplace=True)]
        for before, after in pairwise(widths):
            layers += [
                _doubling(before, after, kernel, nearest, bias),
                normalisation(norm, after),
                nn.ReLU(inplace=True),
            ]
        self.layers = nn.Sequential(*layers, _doubling(widths[-1], channels, kernel, nearest, bias), nn.Tanh())

    def forward(self, *given: Tensor) -> Tensor:
        image: Tensor = self.layers(self.start(self.read(*given)).unflatten(1, self.shape))
        return image


class DCGANDiscriminator(nn.Module):
    """Image (N, C, H, W), beside its condition as maps -> halvings -> logits (N,). No norm after the first layer.

    With `logit_per_class` a label is not read: there is a logit for each class, and the label's is taken.
    """

    def __init__(
        self,
        data: Field,
        given: Field | None,
        smallest: tuple[int, int],
        widths: Sequence[int],
        *,
        kernel: int,
        norm: Norm,
        minibatch_deviation: bool,
        features: bool,
        logit_per_class: bool,
    ) -> None:
        super().__init__()
        bias = _needs_bias(norm)
        _, height, width = data.shape
        self.chooses = logit_per_class and given is not None and given.kind == "category"
        self.read = Maps([data] if given is None or self.chooses else [data, given], height, width)
        logits = classes(given) if self.chooses and given is not None else 1
        stages = [nn.Sequential(_halving(self.read.channels, widths[-1], kernel, bias), _leaky())]
        for before, after in pairwise(reversed(widths)):
            stages.append(nn.Sequential(_halving(before, after, kernel, bias), normalisation(norm, after), _leaky()))
        last = nn.Conv2d(widths[0] + minibatch_deviation, logits, smallest, bias=bias)
        enter = MinibatchDeviation() if minibatch_deviation else nn.Identity()
        self.judge = Stages(stages, nn.Sequential(enter, last, nn.Flatten(1 if self.chooses else 0)), tell=features)

    def forward(self, data: Tensor, given: Tensor | None = None) -> Tensor | Verdict:
        answer: Tensor | Verdict = self.judge(
            self.read(data) if given is None or self.chooses else self.read(data, given)
        )
        return self._of_the_label(answer, given) if self.chooses and given is not None else answer

    @staticmethod
    def _of_the_label(answer: Tensor | Verdict, label: Tensor) -> Tensor | Verdict:
        """The label's own among the logits (N, classes)."""
        if isinstance(answer, Verdict):
            chosen = {name: each.gather(1, label[:, None])[:, 0] for name, each in answer.judgements.items()}
            return Verdict(chosen[""], answer.extras)
        return answer.gather(1, label[:, None])[:, 0]


def _doubling(before: int, after: int, kernel: int, nearest: bool, bias: bool) -> nn.Module:
    if (
        nearest
    ):  # no checkerboard: Odena et al. 2016, doi:10.23915/distill.00003; the kernel must be odd to keep the size
        odd = kernel - 1 + kernel % 2
        return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(before, after, odd, padding=odd // 2, bias=bias))
    odd = kernel % 2
    return nn.ConvTranspose2d(before, after, kernel, 2, (kernel - 1) // 2, output_padding=odd, bias=bias)


def _halving(before: int, after: int, kernel: int, bias: bool) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, 2, (kernel - 1) // 2, bias=bias)


def _leaky() -> nn.LeakyReLU:
    return nn.LeakyReLU(0.2, inplace=True)


def _needs_bias(norm: Norm) -> bool:
    """Normalised activations forget a bias, and the example leaves it out of the other layers too."""
    return norm in ("spectral", "none")
