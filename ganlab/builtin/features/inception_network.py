"""The layers of Inception-v3 up to its last pool, under the names that weights are published with.

A mixed layer is a few short chains of convolutions beside each other and one pool; its kind says which (figures 5 to 7
of Szegedy et al. 2015, arXiv:1512.00567). Built on the meta device: it takes memory when its weights come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm, max_pool2d

Side = int | tuple[int, int]


class Convolution(nn.Module):
    """Convolution without offset, normalised, rectified."""

    def __init__(self, enters: int, leaves: int, kernel: Side, stride: int = 1, padding: Side = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(enters, leaves, kernel, stride, padding, bias=False)
        self.bn = Normalisation(leaves)

    def forward(self, data: Tensor) -> Tensor:
        found: Tensor = self.bn(self.conv(data))
        return found.relu()


class Normalisation(nn.Module):
    """By the means and variances that were seen in training."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(channels)), nn.Parameter(torch.empty(channels))
        self.register_buffer("running_mean", torch.empty(channels))
        self.register_buffer("running_var", torch.empty(channels))

    def forward(self, data: Tensor) -> Tensor:
        return batch_norm(data, self.running_mean, self.running_var, self.weight, self.bias, eps=0.001)


class Mixed(nn.Module):
    """Chains beside each other, by the names of their convolutions, and a pool; a tuple stands for two convolutions
    side by side. `pool` is "mean", "mean-inside" (padding is not counted), "max", or "max-half" (stride 2, no
    convolution after it)."""

    def __init__(
        self, layers: Mapping[str, Convolution], chains: Sequence[Sequence[str | tuple[str, str]]], pool: str
    ) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.chains = chains
        self.pool = pool

    def forward(self, data: Tensor) -> Tensor:
        answers = [self._through(chain, data) for chain in self.chains]
        if self.pool == "max-half":
            answers.append(max_pool2d(data, 3, 2))
        else:
            inside = self.pool == "mean-inside"
            pooled = (
                max_pool2d(data, 3, 1, 1)
                if self.pool == "max"
                else avg_pool2d(data, 3, 1, 1, count_include_pad=not inside)
            )
            answers.append(self.get_submodule("branch_pool")(pooled))
        return torch.cat(answers, 1)

    def _through(self, chain: Sequence[str | tuple[str, str]], data: Tensor) -> Tensor:
        for step in chain:
            if isinstance(step, str):
                data = self.get_submodule(step)(data)
            else:
                data = torch.cat([self.get_submodule(each)(data) for each in step], 1)
        return data


class Inception(nn.Module):
    """Pictures (N, 3, 299, 299) in [-1, 1] to points (N, 2048)."""

    def __init__(self, classes: int, published: bool) -> None:
        super().__init__()
        mean, last = ("mean-inside", "max") if published else ("mean", "mean")
        self.Conv2d_1a_3x3 = Convolution(3, 32, 3, 2)
        self.Conv2d_2a_3x3 = Convolution(32, 32, 3)
        self.Conv2d_2b_3x3 = Convolution(32, 64, 3, 1, 1)
        self.Conv2d_3b_1x1 = Convolution(64, 80, 1)
        self.Conv2d_4a_3x3 = Convolution(80, 192, 3)
        self.Mixed_5b = wide(192, 32, mean)
        self.Mixed_5c = wide(256, 64, mean)
        self.Mixed_5d = wide(288, 64, mean)
        self.Mixed_6a = Mixed(
            {
                "branch3x3": Convolution(288, 384, 3, 2),
                "branch3x3dbl_1": Convolution(288, 64, 1),
                "branch3x3dbl_2": Convolution(64, 96, 3, 1, 1),
                "branch3x3dbl_3": Convolution(96, 96, 3, 2),
            },
            [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"]],
            "max-half",
        )
        for name, width in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
            self.add_module(f"Mixed_{name}", long(width, mean))
        self.Mixed_7a = Mixed(
            {
                "branch3x3_1": Convolution(768, 192, 1),
                "branch3x3_2": Convolution(192, 320, 3, 2),
                "branch7x7x3_1": Convolution(768, 192, 1),
                "branch7x7x3_2": Convolution(192, 192, (1, 7), 1, (0, 3)),
                "branch7x7x3_3": Convolution(192, 192, (7, 1), 1, (3, 0)),
                "branch7x7x3_4": Convolution(192, 192, 3, 2),
            },
            [["branch3x3_1", "branch3x3_2"], [f"branch7x7x3_{step}" for step in (1, 2, 3, 4)]],
            "max-half",
        )
        self.Mixed_7b = split(1280, mean)
        self.Mixed_7c = split(2048, last)
        self.fc = nn.Linear(2048, classes)

    def forward(self, data: Tensor) -> Tensor:
        data = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(data)))
        data = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(max_pool2d(data, 3, 2)))
        data = max_pool2d(data, 3, 2)
        for name in ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"):
            data = self.get_submodule(f"Mixed_{name}")(data)
        return data.mean((2, 3))


def wide(enters: int, pooled: int, pool: str) -> Mixed:
    """Three sizes of window on a fine grid (figure 5)."""
    return Mixed(
        {
            "branch1x1": Convolution(enters, 64, 1),
            "branch5x5_1": Convolution(enters, 48, 1),
            "branch5x5_2": Convolution(48, 64, 5, 1, 2),
            "branch3x3dbl_1": Convolution(enters, 64, 1),
            "branch3x3dbl_2": Convolution(64, 96, 3, 1, 1),
            "branch3x3dbl_3": Convolution(96, 96, 3, 1, 1),
            "branch_pool": Convolution(enters, pooled, 1),
        },
        [["branch1x1"], ["branch5x5_1", "branch5x5_2"], [f"branch3x3dbl_{step}" for step in (1, 2, 3)]],
        pool,
    )


def long(width: int, pool: str) -> Mixed:
    """Windows of 1 x 7 and 7 x 1 (figure 6)."""
    across, down = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))
    return Mixed(
        {
            "branch1x1": Convolution(768, 192, 1),
            "branch7x7_1": Convolution(768, width, 1),
            "branch7x7_2": Convolution(width, width, *across),
            "branch7x7_3": Convolution(width, 192, *down),
            "branch7x7dbl_1": Convolution(768, width, 1),
            "branch7x7dbl_2": Convolution(width, width, *down),
            "branch7x7dbl_3": Convolution(width, width, *across),
            "branch7x7dbl_4": Convolution(width, width, *down),
            "branch7x7dbl_5": Convolution(width, 192, *across),
            "branch_pool": Convolution(768, 192, 1),
        },
        [
            ["branch1x1"],
            [f"branch7x7_{step}" for step in (1, 2, 3)],
            [f"branch7x7dbl_{step}" for step in (1, 2, 3, 4, 5)],
        ],
        pool,
    )


def split(enters: int, pool: str) -> Mixed:
    """Windows of 3 x 3, split into 1 x 3 beside 3 x 1 (figure 7)."""
    across, down = ((1, 3), 1, (0, 1)), ((3, 1), 1, (1, 0))
    return Mixed(
        {
            "branch1x1": Convolution(enters, 320, 1),
            "branch3x3_1": Convolution(enters, 384, 1),
            "branch3x3_2a": Convolution(384, 384, *across),
            "branch3x3_2b": Convolution(384, 384, *down),
            "branch3x3dbl_1": Convolution(enters, 448, 1),
            "branch3x3dbl_2": Convolution(448, 384, 3, 1, 1),
            "branch3x3dbl_3a": Convolution(384, 384, *across),
            "branch3x3dbl_3b": Convolution(384, 384, *down),
            "branch_pool": Convolution(enters, 192, 1),
        },
        [
            ["branch1x1"],
            ["branch3x3_1", ("branch3x3_2a", "branch3x3_2b")],
            ["branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")],
        ],
        pool,
    )


def built(classes: int, *, published: bool) -> Inception:
    """The network without memory for its weights. Draws nothing."""
    with torch.device("meta"):
        return Inception(classes, published)
