"""Singular values of weights: how much a layer can stretch what passes through it, and in how many directions."""

from __future__ import annotations

import torch
from torch import Tensor

VECTORS = 8
ROUNDS = 20


def largest_singular_value(matrix: Tensor) -> float:
    """Of (M, N), by subspace iteration (Golub & Van Loan, section 8.2.4): the power method with 8 vectors, which finds
    it though the second be close. NaN if a number is not finite, 0 of nothing."""
    matrix = matrix.detach().double() if matrix.device.type in ("cpu", "cuda") else matrix.detach().cpu().double()
    if matrix.numel() == 0:
        return 0.0
    if not bool(torch.isfinite(matrix).all()):
        return float("nan")
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    draws = torch.Generator().manual_seed(0)
    width = min(VECTORS, len(matrix))
    basis = torch.randn(len(matrix), width, generator=draws, dtype=torch.float64).to(matrix.device)
    for _ in range(ROUNDS):
        basis = torch.linalg.qr(matrix @ (matrix.T @ basis))[0]
    return float(torch.linalg.svdvals(matrix.T @ basis)[0])


def stable_rank(matrix: Tensor, largest: float | None = None) -> float:
    """The sum of the squared singular values over the largest one's square, 1..rank; NaN of a matrix of zeros."""
    largest = largest_singular_value(matrix) if largest is None else largest
    return float(matrix.detach().double().square().sum()) / largest**2 if largest > 0 else float("nan")
