"""Precision and recall (Kynkaanniemi et al. 2019, arXiv:1904.06991), density and coverage (Naeem et al. 2020,
arXiv:2002.09797): real and generated samples as balls that reach to each sample's k-th neighbour of its own kind.

The same numbers as `prdc`, several times faster and without its N x N matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganlab.builtin.metrics.nearest import DOUBTFUL, SPARE, Cloud, Shortlist, block, clouds, precision, slices
from ganlab.builtin.metrics.points import usable


@dataclass(frozen=True)
class Neighbourhoods:
    """`precision`: share of generated points in a ball of a real one. `recall`: the other way round. `density`: mean
    number of real balls a generated point is in, over k; 1 for one distribution, more where points crowd in dense
    places. `coverage`: share of real balls with a generated point in them, about 0.97 for one distribution at k = 5.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def neighbourhoods(real: Tensor, fake: Tensor, *, neighbours: int = 5, radii: Tensor | None = None) -> Neighbourhoods:
    """Of points (N, D) and (M, D). `radii`: those of the real points, from `ball_radii`, if they are known.

    A ball with fewer than k others around reaches to the farthest. A point lies in a ball if it is nearer than its
    radius, or is its very centre. All NaN for fewer than two points, or if one is not finite.
    """
    if not usable(real, fake):
        return Neighbourhoods(*[float("nan")] * 4)
    radii = ball_radii(real, neighbours) if radii is None else radii
    balls, reached, found = meetings(real, fake, radii, ball_radii(fake, neighbours))
    return Neighbourhoods(
        precision=float((balls > 0).double().mean()),
        recall=float(found.double().mean()),
        density=float(balls.double().mean()) / neighbours,
        coverage=float(reached.double().mean()),
    )


def ball_radii(points: Tensor, neighbours: int) -> Tensor:
    """Distance of each of two or more finite points (N, D) to its k-th neighbour, or the farthest: (N,), float64."""
    (cloud,), scale = clouds(points)
    count, dimensions = len(cloud), cloud.points.shape[1]
    neighbours = min(neighbours, count - 1)
    size = min(neighbours + SPARE, count - 1)
    dtype = precision(count * count, dimensions)
    lists = among(cloud, size, dtype)
    radii = measured(cloud, torch.arange(count, device=points.device), lists.columns)[:, neighbours - 1]
    if size < count - 1:
        norms = cloud.norms(dtype)
        doubt = cloud.noise(dtype) * (norms + norms.max())
        unsure = ((lists.values[:, -1] - doubt < radii) & (radii > 0)).nonzero()[:, 0]
        if dtype == torch.float32 and len(unsure):
            columns = to_others(cloud, unsure, size)
            radii[unsure] = measured(cloud, unsure, columns)[:, neighbours - 1]
    return radii.sqrt() * scale


def among(cloud: Cloud, size: int, dtype: torch.dtype) -> Shortlist:
    """The nearest others of every point, each pair of blocks multiplied once."""
    norms = cloud.norms(dtype)
    lists = Shortlist(len(cloud), size, norms)
    blocks = list(slices(len(cloud)))
    for rows in blocks:  # the diagonal first: it sets limits that little of the rest is below
        values = block(cloud, rows, cloud.rows(rows, dtype), norms[rows], dtype)
        lists.meet(rows, values.fill_diagonal_(float("inf")), rows.start)
    for number, columns in enumerate(blocks):
        right = cloud.rows(columns, dtype)
        for rows in blocks[:number]:
            values = block(cloud, rows, right, norms[columns], dtype)
            lists.meet(rows, values, columns.start)
            lists.meet(columns, values.T, rows.start)
    return lists


def to_others(cloud: Cloud, chosen: Tensor, size: int) -> Tensor:
    """Columns of the `size` nearest others of the chosen points, by products in float64."""
    norms = cloud.norms(torch.float64)
    found = []
    for rows in torch.split(chosen, 256):
        lists = Shortlist(len(rows), size, norms)
        for columns in slices(len(cloud)):
            values = block(cloud, rows, cloud.rows(columns, torch.float64), norms[columns], torch.float64)
            values[rows[:, None] == torch.arange(columns.start, columns.stop, device=rows.device)] = float("inf")
            lists.meet(slice(0, len(rows)), values, columns.start)
        found.append(lists.columns)
    return torch.cat(found)


def measured(cloud: Cloud, rows: Tensor, columns: Tensor) -> Tensor:
    """Exact squared distances (R, S) of the rows to the points in `columns` (R, S), in order."""
    apart = cloud.apart(rows.repeat_interleave(columns.shape[1]), cloud, columns.flatten())
    return apart.view(columns.shape).sort(1)[0]


def meetings(real: Tensor, fake: Tensor, real_radii: Tensor, fake_radii: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """In how many real balls each generated point lies (M,); whether each real ball holds one (N,); and whether each
    real point lies in a generated ball (N,)."""
    (reals, fakes), scale = clouds(real, fake)
    dtype = precision(len(real) * len(fake), reals.points.shape[1])
    here, there = real_radii / scale, fake_radii / scale
    balls = torch.zeros(len(fake), dtype=torch.int64, device=fake.device)
    reached, found = (torch.zeros(len(real), dtype=torch.bool, device=real.device) for _ in range(2))
    for columns in slices(len(fake)):
        right = fakes.rows(columns, dtype)
        for rows in slices(len(real)):
            of_real, of_fake = inside(reals, fakes, rows, columns, right, (here, there))
            balls[columns] += torch.bincount(of_real[1], minlength=columns.stop - columns.start)
            reached[rows.start + of_real[0]] = True
            found[rows.start + of_fake[0]] = True
    return balls, reached, found


def inside(
    reals: Cloud, fakes: Cloud, rows: slice, columns: slice, right: Tensor, limits: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Pairs (2, P) of a block in which the generated point lies in the real ball, and the real one in the generated."""
    dtype = right.dtype
    norms = reals.norms(dtype)[rows], fakes.norms(dtype)[columns]
    values = block(reals, rows, right, norms[1], dtype)
    noise = reals.noise(dtype)
    here, there = limits[0][rows], limits[1][columns]
    doubts = noise * (norms[0] + norms[1].max()), noise * (norms[1] + norms[0].max())
    answers = []
    for limit, doubt, along in ((here, doubts[0], (slice(None), None)), (there, doubts[1], (None, slice(None)))):
        row, column = (values <= (limit.square() + doubt).to(dtype)[along]).nonzero().unbind(1)
        which = row if along[1] is None else column
        met, edge, doubt = values[row, column], limit[which].square(), doubt[which]
        unsure = met >= edge - doubt
        near = ~unsure
        if int(unsure.sum()) <= DOUBTFUL * values.numel():
            apart = reals.apart(rows.start + row[unsure], fakes, columns.start + column[unsure])
            near[unsure] = (apart.sqrt() < limit[which[unsure]]) | (apart == 0)
        elif dtype == torch.float32:
            return inside(reals, fakes, rows, columns, fakes.rows(columns, torch.float64), limits)
        else:  # nearly all of them are one point, as far as float64 can tell
            near = (met < edge) | (met <= doubt)
        answers.append(torch.stack([row[near], column[near]]))
    return answers[0], answers[1]
