"""Networks whose weights the user has: they compute what the published ones compute, and take no other file."""

from __future__ import annotations

import hashlib
import math
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ganlab import DataError, Features, Field, GanlabError, RecipeError
from ganlab.builtin.features.dinov2 import DEVIATION, MEAN, DinoV2
from ganlab.builtin.features.inception import InceptionV3
from ganlab.builtin.features.inception_network import built
from ganlab.plugins import Plugins
from tests.builtin.features.weights import drawn, inception, stored

COLOUR = Field("image", (3, 32, 32))
PICTURES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(5)) * 2 - 1

AGREED = {
    1000: (1.0864010, 1.4827453, [0.0211947, 0.0903104]),
    1008: (1.1599610, 1.5819054, [0.0557561, 0.1922902]),
}
"""Mean, deviation and first points that torchvision 0.29.1 (1000 classes) and pytorch-fid 0.3.0 (1008) compute of the
first picture with these weights."""


@pytest.mark.parametrize("classes", [1000, 1008])
def test_inception_computes_what_torchvision_and_pytorch_fid_compute(classes: int, tmp_path: Path) -> None:
    network = InceptionV3(COLOUR, **stored(tmp_path / "i.safetensors", inception(classes)))
    points = network.embed(PICTURES[:1])
    mean, deviation, first = AGREED[classes]
    assert points.shape == (1, 2048)
    assert float(points.mean()) == pytest.approx(mean, rel=1e-4)
    assert float(points.std()) == pytest.approx(deviation, rel=1e-4)
    assert points[0, :2].tolist() == pytest.approx(first, rel=1e-3)
    assert network.classes == classes
    assert network.probabilities(PICTURES[:1]).sum().item() == pytest.approx(1, rel=1e-5)
    assert network.name == f"inception-v3-{str(network.fingerprint)[:8]}"


def test_inception_has_the_parameters_that_torchvision_documents() -> None:
    """27,161,264 in all, 3,326,696 of them in the auxiliary classifier, which measures nothing."""
    assert sum(each.numel() for each in built(1000, published=False).parameters()) == 27_161_264 - 3_326_696


def dinov2(registers: int = 0, gated: bool = False, width: int = 128) -> dict[str, Tensor]:
    """Two blocks of a small network, under the published names."""
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, width),
        "mask_token": (1, width),
        "pos_embed": (1, 37 * 37 + 1, width),
        "patch_embed.proj.weight": (width, 3, 14, 14),
        "patch_embed.proj.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }
    if registers:
        shapes["register_tokens"] = (1, registers, width)
    inner = {"w12": (400, width), "w3": (width, 200)} if gated else {"fc1": (512, width), "fc2": (width, 512)}
    for block in ("blocks.0.", "blocks.1."):
        for name in ("norm1", "norm2"):
            shapes |= {f"{block}{name}.weight": (width,), f"{block}{name}.bias": (width,)}
        layers = {"attn.qkv": (3 * width, width), "attn.proj": (width, width)}
        layers |= {f"mlp.{name}": shape for name, shape in inner.items()}
        for name, shape in layers.items():
            shapes |= {f"{block}{name}.weight": shape, f"{block}{name}.bias": shape[:1]}
        shapes |= {f"{block}ls1.gamma": (width,), f"{block}ls2.gamma": (width,)}
    return {name: drawn(name, shape) for name, shape in shapes.items()}


def as_published(weights: dict[str, Tensor], data: Tensor) -> Tensor:
    """The class token, by torch's own attention and the published way of placing patches."""
    width = weights["cls_token"].shape[-1]
    data = functional.interpolate((data + 1) / 2, (224, 224), mode="bicubic", antialias=True).clamp(0, 1)
    data = (data - torch.tensor(MEAN).reshape(3, 1, 1)) / torch.tensor(DEVIATION).reshape(3, 1, 1)
    patches = functional.conv2d(data, weights["patch_embed.proj.weight"], weights["patch_embed.proj.bias"], stride=14)
    places = weights["pos_embed"][:, 1:].reshape(1, 37, 37, width).permute(0, 3, 1, 2)
    if "register_tokens" in weights:
        places = functional.interpolate(places, size=(16, 16), mode="bicubic", antialias=True)
    else:
        scale = 16.1 / math.sqrt(37 * 37)
        places = functional.interpolate(places, scale_factor=(scale, scale), mode="bicubic")
    tokens = patches.flatten(2).transpose(1, 2) + places.permute(0, 2, 3, 1).reshape(1, -1, width)
    first = weights["cls_token"] + weights["pos_embed"][:, :1]
    extra = [weights["register_tokens"]] if "register_tokens" in weights else []
    tokens = torch.cat([*(each.expand(len(data), -1, -1) for each in (first, *extra)), tokens], 1)

    def normalised(values: Tensor, name: str) -> Tensor:
        return functional.layer_norm(values, (width,), weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-6)

    def layer(values: Tensor, name: str) -> Tensor:
        return functional.linear(values, weights[f"{name}.weight"], weights[f"{name}.bias"])

    for block in ("blocks.0", "blocks.1"):
        attention = nn.MultiheadAttention(width, width // 64, batch_first=True)
        named = {"in_proj_weight": "qkv.weight", "in_proj_bias": "qkv.bias"}
        named |= {"out_proj.weight": "proj.weight", "out_proj.bias": "proj.bias"}
        attention.load_state_dict({theirs: weights[f"{block}.attn.{ours}"] for theirs, ours in named.items()})
        entering = normalised(tokens, f"{block}.norm1")
        tokens = tokens + weights[f"{block}.ls1.gamma"] * attention(entering, entering, entering)[0]
        entering = normalised(tokens, f"{block}.norm2")
        if f"{block}.mlp.w3.weight" in weights:
            gate, value = layer(entering, f"{block}.mlp.w12").chunk(2, -1)
            inner = layer(functional.silu(gate) * value, f"{block}.mlp.w3")
        else:
            inner = layer(functional.gelu(layer(entering, f"{block}.mlp.fc1")), f"{block}.mlp.fc2")
        tokens = tokens + weights[f"{block}.ls2.gamma"] * inner
    return normalised(tokens[:, 0], "norm")


@pytest.mark.parametrize(("registers", "gated"), [(0, False), (4, False), (0, True)])
def test_dinov2_computes_what_its_paper_says(registers: int, gated: bool, tmp_path: Path) -> None:
    weights = dinov2(registers, gated)
    network = DinoV2(COLOUR, **stored(tmp_path / "d.safetensors", weights))
    with torch.no_grad():
        expected = as_published(weights, PICTURES)
    points = network.embed(PICTURES)
    assert points.shape == (2, 128)
    assert float((points - expected).abs().max()) < 1e-4
    assert not points.requires_grad


def refusal(make: Any, kind: type[GanlabError], **options: Any) -> str:
    with pytest.raises(kind) as caught:
        make(COLOUR, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(params=[InceptionV3, DinoV2], ids=["inception-v3", "dinov2"])
def network(request: pytest.FixtureRequest) -> type[Features]:
    """Each network that takes weights."""
    made: type[Features] = request.param
    return made


def test_weights_that_are_not_there_are_named(network: type[Features], tmp_path: Path) -> None:
    path = str(tmp_path / "none.safetensors")
    told = refusal(network, RecipeError, weights=path, sha256="0" * 64)
    assert all(each in told for each in (path, "No such file", "downloads none"))
    assert "Is a directory" in refusal(network, RecipeError, weights=str(tmp_path), sha256="0" * 64)
    os.mkfifo(tmp_path / "pipe")
    assert "no plain file" in refusal(network, RecipeError, weights=str(tmp_path / "pipe"), sha256="0" * 64)


def test_weights_with_another_hash_are_refused_with_both(network: type[Features], tmp_path: Path) -> None:
    options = stored(tmp_path / "w.safetensors", {"a": torch.zeros(1)})
    told = refusal(network, DataError, weights=options["weights"], sha256="ab" * 32)
    assert options["sha256"] in told
    assert "ab" * 32 in told


def test_a_file_that_is_no_network_is_refused(network: type[Features], tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(b"PK\3\4" + bytes(1000))
    told = refusal(network, DataError, weights=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    assert "is no safetensors file" in told
    assert "ganlab import-torch" in told
    told = refusal(network, DataError, **stored(tmp_path / "o.safetensors", {"a": torch.zeros(1)}))
    assert "holds no" in told


def test_a_wrong_shape_is_named(tmp_path: Path) -> None:
    weights = inception(1000) | {"Conv2d_1a_3x3.conv.weight": torch.zeros(32, 1, 3, 3)}
    told = refusal(InceptionV3, DataError, **stored(tmp_path / "i.safetensors", weights))
    assert "other shapes of Conv2d_1a_3x3.conv.weight" in told
    small = dinov2() | {"norm.bias": torch.zeros(64)}
    assert "other shapes of norm.bias" in refusal(DinoV2, DataError, **stored(tmp_path / "d.safetensors", small))
    halved = {name: each for name, each in dinov2().items() if not name.startswith("blocks.1.attn")}
    assert "lacks blocks.1.attn" in refusal(DinoV2, DataError, **stored(tmp_path / "h.safetensors", halved))


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    weights = dinov2()
    weights["norm.bias"][3] = math.nan
    assert "not finite" in refusal(DinoV2, DataError, **stored(tmp_path / "d.safetensors", weights))


def test_a_hash_must_be_given_and_be_one() -> None:
    for name in ("inception-v3", "dinov2"):
        entry = Plugins().find("features", name)
        with pytest.raises(RecipeError, match="sha256"):
            entry.resolve({"weights": "x"}, "features")
        with pytest.raises(RecipeError, match="sha256"):
            entry.resolve({"weights": "x", "sha256": "12"}, "features")


def test_what_they_cannot_embed_is_said(network: type[Features]) -> None:
    for field in (Field("point", (2,)), Field("image", (4, 32, 32))):
        with pytest.raises(RecipeError, match="embeds pictures"):
            network(field, weights="x", sha256="0" * 64)  # type: ignore[call-arg]
