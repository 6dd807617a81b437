"""The optimisers of `torch.optim`, by name, with their options: known without torch, so that a recipe is checked fast.

Left out are those that need a closure (LBFGS) or sparse gradients (SparseAdam). A test compares the table with the
installed torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from ganlab.values.search import Search

Rate = Annotated[float, Field(ge=0, allow_inf_nan=False, description="learning rate"), Search(1e-5, 1e-2, log=True)]
Decay = Annotated[float, Field(ge=0, allow_inf_nan=False, description="weight decay")]
Small = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Betas = Annotated[tuple[Share, Share], Search(among=([0.0, 0.9], [0.0, 0.99], [0.5, 0.9], [0.5, 0.999], [0.9, 0.999]))]

Options = dict[str, Any]


def adam(
    *,
    lr: Rate = 1e-3,
    betas: Betas = (0.9, 0.999),
    eps: Small = 1e-8,
    weight_decay: Decay = 0.0,
    amsgrad: bool = False,
    decoupled_weight_decay: bool = False,
) -> Options:
    """Kingma & Ba 2015."""
    return dict(locals())


def adamw(
    *,
    lr: Rate = 1e-3,
    betas: Betas = (0.9, 0.999),
    eps: Small = 1e-8,
    weight_decay: Decay = 1e-2,
    amsgrad: bool = False,
) -> Options:
    """Loshchilov & Hutter 2019."""
    return dict(locals())


def adamax(*, lr: Rate = 2e-3, betas: Betas = (0.9, 0.999), eps: Small = 1e-8, weight_decay: Decay = 0.0) -> Options:
    """Kingma & Ba 2015, section 7.1."""
    return dict(locals())


def nadam(
    *,
    lr: Rate = 2e-3,
    betas: Betas = (0.9, 0.999),
    eps: Small = 1e-8,
    weight_decay: Decay = 0.0,
    momentum_decay: Number = 4e-3,
    decoupled_weight_decay: bool = False,
) -> Options:
    """Dozat 2016."""
    return dict(locals())


def radam(
    *,
    lr: Rate = 1e-3,
    betas: Betas = (0.9, 0.999),
    eps: Small = 1e-8,
    weight_decay: Decay = 0.0,
    decoupled_weight_decay: bool = False,
) -> Options:
    """Liu et al. 2020."""
    return dict(locals())


def rmsprop(
    *,
    lr: Rate = 1e-2,
    alpha: Share = 0.99,
    eps: Small = 1e-8,
    weight_decay: Decay = 0.0,
    momentum: Share = 0.0,
    centered: bool = False,
) -> Options:
    """Hinton 2012; the optimiser of the Wasserstein GAN."""
    return dict(locals())


def sgd(
    *,
    lr: Rate = 1e-3,
    momentum: Share = 0.0,
    dampening: Share = 0.0,
    weight_decay: Decay = 0.0,
    nesterov: bool = False,
) -> Options:
    """Stochastic gradient descent; the optimiser of the first GAN."""
    return dict(locals())


def adagrad(
    *,
    lr: Rate = 1e-2,
    lr_decay: Decay = 0.0,
    weight_decay: Decay = 0.0,
    initial_accumulator_value: Decay = 0.0,
    eps: Small = 1e-10,
) -> Options:
    """Duchi et al. 2011."""
    return dict(locals())


def adadelta(*, lr: Rate = 1.0, rho: Share = 0.9, eps: Small = 1e-6, weight_decay: Decay = 0.0) -> Options:
    """Zeiler 2012."""
    return dict(locals())


def adafactor(*, lr: Rate = 1e-2, beta2_decay: Number = -0.8, d: Small = 1.0, weight_decay: Decay = 0.0) -> Options:
    """Shazeer & Stern 2018."""
    return dict(locals())


def asgd(
    *, lr: Rate = 1e-2, lambd: Number = 1e-4, alpha: Number = 0.75, t0: Number = 1e6, weight_decay: Decay = 0.0
) -> Options:
    """Polyak & Juditsky 1992."""
    return dict(locals())


def rprop(
    *, lr: Rate = 1e-2, etas: tuple[Small, Small] = (0.5, 1.2), step_sizes: tuple[Small, Small] = (1e-6, 50.0)
) -> Options:
    """Riedmiller & Braun 1993."""
    return dict(locals())


def muon(
    *, lr: Rate = 1e-3, weight_decay: Decay = 0.1, momentum: Share = 0.95, nesterov: bool = True, eps: Small = 1e-7
) -> Options:
    """Jordan 2024; for matrices only."""
    return dict(locals())


OPTIMIZERS: dict[str, Callable[..., Options]] = {
    each.__name__: each
    for each in (
        adadelta,
        adafactor,
        adagrad,
        adam,
        adamax,
        adamw,
        asgd,
        muon,
        nadam,
        radam,
        rmsprop,
        rprop,
        sgd,
    )
}
"""Options of each optimiser by its lower-case name; calling one returns them, complete."""

FUSED = frozenset({"adam", "adamw", "sgd", "adagrad"})
"""Those that torch can step in one call for all parameters."""
