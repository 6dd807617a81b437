"""What the engine demands of every network: each test runs over all architectures and their main options."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from ganlab import Architecture, Field, GeneratorShapes, Verdict, ViewShapes
from ganlab.builtin.architectures import ganlab_register_architectures

FACTORIES = ganlab_register_architectures()
IMAGE = Field("image", (3, 16, 16))
LATENT = Field("latent", (6,))
LABEL = Field("category", (), 5)
ROWS = 4

torch.manual_seed(0)
VALUES: Mapping[str, Tensor] = {
    "latent": torch.randn(ROWS, 6),
    "category": torch.tensor([0, 4, 1, 0]),
    "image": torch.randn(ROWS, 3, 16, 16),
    "seed": torch.tensor([3, 1, 4, 1]),
}


@dataclass(frozen=True)
class Case:
    """A network, what it is called with, and whether it is a generator."""

    network: nn.Module
    arguments: tuple[Tensor, ...]
    generates: bool


def made_from(*given: Field) -> Callable[[Architecture], Case]:
    shapes = GeneratorShapes({field.kind: field for field in given}, {"picture": IMAGE})
    arguments = tuple(VALUES[field.kind] for field in given)
    return lambda architecture: Case(architecture.generator(shapes), arguments, True)


def judged(given: Field | None = None) -> Callable[[Architecture], Case]:
    arguments = (VALUES["image"],) if given is None else (VALUES["image"], VALUES[given.kind])
    return lambda architecture: Case(architecture.discriminator(ViewShapes(IMAGE, given)), arguments, False)


FROM_NOISE = {"noise": made_from(LATENT), "noise and label": made_from(LATENT, LABEL)}
JUDGED = {
    "alone": judged(),
    "beside a label": judged(LABEL),
    "beside an image": judged(IMAGE),
    "beside a vector": judged(LATENT),
}
TRANSLATED = {"image": made_from(IMAGE), "image and seed": made_from(IMAGE, Field("seed"))}
OPTIONS: list[tuple[str, dict[str, Any], Mapping[str, Callable[[Architecture], Case]]]] = [
    ("mlp", {"width": 8}, FROM_NOISE | JUDGED),
    ("mlp", {"width": 8, "spectral_norm": True, "activation": "silu"}, FROM_NOISE | JUDGED),
    ("dcgan", {"width": 8}, FROM_NOISE | JUDGED),
    ("dcgan", {"width": 8, "norm": "spectral", "kernel": 5, "upsampling": "nearest"}, FROM_NOISE | JUDGED),
    ("dcgan", {"width": 8, "norm": "layer", "minibatch_deviation": True, "features": True}, FROM_NOISE | JUDGED),
    ("resnet", {"width": 8, "attention": 8}, FROM_NOISE),
    ("resnet", {"width": 8, "attention": 8}, JUDGED),
    ("resnet", {"width": 8, "norm": "layer", "plan": "pyramid", "spectral_norm": False}, FROM_NOISE | JUDGED),
    ("resnet", {"width": 8, "norm": "none", "spectral_norm": True}, FROM_NOISE),
    ("r3gan", {"width": 16, "blocks": 1}, FROM_NOISE | JUDGED),
    ("r3gan", {"width": 16, "blocks": 1, "init": "kaiming"}, FROM_NOISE),
    ("unet", {"width": 4}, TRANSLATED),
    ("unet", {"width": 4, "norm": "instance"}, TRANSLATED),
    ("translator", {"width": 4, "blocks": 1}, TRANSLATED),
    ("patch", {"width": 4, "layers": 2}, JUDGED),
    ("patch", {"width": 4, "layers": 1, "norm": "spectral", "features": True}, JUDGED),
]
CASES = {
    f"{name} {options} {what}": (name, options, build)
    for name, options, uses in OPTIONS
    for what, build in uses.items()
}


DISCRIMINATORS = [key for key, (_, _, build) in CASES.items() if build in JUDGED.values()]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    name, options, build = CASES[request.param]
    torch.manual_seed(0)
    return build(FACTORIES[name](**options))


def answer(case: Case, network: nn.Module | None = None, *changed: Tensor) -> Tensor:
    """The image made, or the logits."""
    said = (network or case.network)(*(changed or case.arguments))
    return said.logits if isinstance(said, Verdict) else said


def test_options_are_checked_without_torch() -> None:
    code = "import sys, ganlab.builtin.architectures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_generator_makes_the_image_and_a_discriminator_one_logit_or_map_a_sample(case: Case) -> None:
    said = answer(case)
    if case.generates:
        assert said.shape == (ROWS, 3, 16, 16)
    else:
        assert said.shape == (ROWS,) or (said.ndim == 4 and said.shape[:2] == (ROWS, 1))


def test_every_parameter_has_a_gradient_under_bfloat16_and_channels_last(case: Case) -> None:
    network = deepcopy(case.network).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        said = answer(case, network)
    (said.float() * torch.randn(said.shape)).sum().backward()
    missing = [name for name, each in network.named_parameters() if each.grad is None or not each.grad.isfinite().all()]
    assert missing == []


def test_channels_last_changes_nothing_but_the_order_in_memory(case: Case) -> None:
    plain, turned = deepcopy(case.network).eval(), deepcopy(case.network).eval().to(memory_format=torch.channels_last)
    assert torch.allclose(answer(case, plain), answer(case, turned), atol=1e-5)


@pytest.mark.parametrize("case", DISCRIMINATORS, indirect=True)
def test_the_slope_of_a_discriminator_can_itself_be_differentiated(case: Case) -> None:
    network, data = deepcopy(case.network).double(), case.arguments[0].double().requires_grad_()
    rest = tuple(each.double() if each.is_floating_point() else each for each in case.arguments[1:])
    network.eval()

    def penalty() -> Tensor:
        (slope,) = torch.autograd.grad(answer(case, network, data, *rest).sum(), data, create_graph=True)
        return slope.square().sum()

    weight = next(each for each in network.parameters() if each.ndim > 1)
    (gradient,) = torch.autograd.grad(penalty(), weight)
    place = gradient.abs().flatten().argmax()
    step = 1e-6
    with torch.no_grad():
        weight.view(-1)[place] += step
    above = penalty().item()
    with torch.no_grad():
        weight.view(-1)[place] -= 2 * step
    below = penalty().item()
    assert gradient.flatten()[place].item() == pytest.approx((above - below) / (2 * step), rel=1e-3)


def test_a_copy_in_eval_mode_leaves_the_original_alone(case: Case) -> None:
    before = {name: each.clone() for name, each in case.network.state_dict().items()}
    average = deepcopy(case.network).requires_grad_(False).eval()
    assert torch.equal(answer(case, average), answer(case, average))
    for each in average.parameters():
        each.zero_()
    assert all(torch.equal(before[name], each) for name, each in case.network.state_dict().items())


def test_weights_survive_a_file(case: Case) -> None:
    other = deepcopy(case.network)
    for each in other.parameters():
        nn.init.zeros_(each)
    kept = load(save({name: each.contiguous() for name, each in case.network.state_dict().items()}))
    other.load_state_dict(kept)
    assert torch.equal(answer(case, other.eval()), answer(case, case.network.eval()))


def test_what_is_given_matters(case: Case) -> None:
    case.network.eval()
    with torch.no_grad():
        for each in case.network.parameters():  # gains per class begin alike, and last layers of branches as zeros
            each += 0.1 * torch.randn(each.shape)
    said = answer(case)
    for place, value in enumerate(case.arguments):
        turned = [*case.arguments]
        turned[place] = value.roll(1, 0)
        assert not torch.allclose(answer(case, None, *turned), said, atol=1e-9), f"argument {place} is ignored"
