"""The Dirac GAN (Mescheder et al. 2018, arXiv:1801.04406): a generator of one number theta against D(x) = psi x, data
at 0. How far it moves per round is known in closed form, so that losses and penalties can be held against it."""

from __future__ import annotations

import math

import pytest
import torch

from ganlab.builtin.losses.minimax import Minimax
from ganlab.builtin.losses.non_saturating import NonSaturating
from ganlab.builtin.losses.wasserstein import Wasserstein
from ganlab.builtin.metrics.rotation import rotation

H = 0.1
START = 1e-3


def played(loss: object, rounds: int, *, gamma: float = 0.0, alternating: bool = False) -> torch.Tensor:
    """The path (rounds + 1, 2) of (theta, psi) by gradient descent of step 0.1 on ganlab's own costs, in float64."""
    theta, psi = (torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in (START, 0.0))
    real, path = torch.zeros(1, dtype=torch.float64), [(START, 0.0)]

    def pushed() -> torch.Tensor:
        cost = sum(side.mean() for side in loss.discriminator(psi * real, psi * theta))  # type: ignore[attr-defined]
        return torch.autograd.grad(cost + gamma / 2 * psi.square().sum(), psi)[0]

    for _ in range(rounds):
        if alternating:
            psi.data -= H * pushed()
            theta.data -= H * torch.autograd.grad(loss.generator(psi * theta).mean(), theta)[0]  # type: ignore[attr-defined]
        else:
            steps = pushed(), torch.autograd.grad(loss.generator(psi * theta).mean(), theta)[0]  # type: ignore[attr-defined]
            psi.data -= H * steps[0]
            theta.data -= H * steps[1]
        path.append((theta.item(), psi.item()))
    return torch.tensor(path, dtype=torch.float64)


def growth(path: torch.Tensor) -> float:
    return float(path[-1].norm() / path[0].norm())


def test_simultaneous_descent_leaves_the_equilibrium_as_fast_as_the_eigenvalues_say() -> None:
    assert growth(played(Minimax(), 2000)) == pytest.approx((1 + H**2 / 4) ** 1000, rel=1e-3)
    assert growth(played(Wasserstein(), 200)) == pytest.approx((1 + H**2) ** 100, rel=1e-6)


def test_alternating_descent_circles() -> None:
    radii = played(NonSaturating(), 1000, alternating=True).norm(dim=1) / START
    # An ellipse of the map's invariant: h f'(0) / 2 from the circle at most, give or take.
    assert 0.95 < float(radii.min()) < float(radii.max()) < 1.05


def test_r1_draws_the_game_to_its_equilibrium_as_fast_as_the_eigenvalues_say() -> None:
    gamma = 0.3
    eigenvalue = complex(-gamma / 2, math.sqrt(0.25 - gamma**2 / 4))
    path = played(NonSaturating(), 500, gamma=gamma)
    assert growth(path) ** (1 / 500) == pytest.approx(abs(1 + H * eigenvalue), abs=2e-3)
    found = rotation(path[:200])
    assert found.persistence == pytest.approx(abs(1 + H * eigenvalue), abs=2e-3)
    assert found.angle == pytest.approx(math.atan2(H * eigenvalue.imag, 1 + H * eigenvalue.real), abs=2e-3)
