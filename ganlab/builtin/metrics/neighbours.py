"""Precision and recall (Kynkaanniemi et al. 2019, arXiv:1904.06991), density and coverage (Naeem et al. 2020,
arXiv:2002.09797): real and generated samples as balls that reach to each sample's k-th neighbour of its own kind.

The same numbers as `prdc`, several times faster and without its N x N matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganlab.builtin.metrics.nearest import (
    DOUBTFUL,
    MOST_MEASURED,
    SPARE,
    Cloud,
    Shortlist,
    block,
    clouds,
    precision,
    slices,
)
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
    every = torch.arange(count, device=points.device)
    radii, sure = settled(cloud, every, lists, neighbours, size == count - 1, dtype)
    if dtype == torch.float32 and not bool(sure.all()):
        doubtful = every[~sure]
        again = to_others(cloud, doubtful, size)
        radii[doubtful] = settled(cloud, doubtful, again, neighbours, True, torch.float64)[0]
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


def to_others(cloud: Cloud, chosen: Tensor, size: int) -> Shortlist:
    """The nearest others of the chosen points, by products in float64."""
    norms = cloud.norms(torch.float64)
    lists = Shortlist(len(chosen), size, norms)
    for some in slices(len(chosen), 256):
        rows = chosen[some]
        for columns in slices(len(cloud)):
            values = block(cloud, rows, cloud.rows(columns, torch.float64), norms[columns], torch.float64)
            values[rows[:, None] == torch.arange(columns.start, columns.stop, device=rows.device)] = float("inf")
            lists.meet(some, values, columns.start)
    return lists


def settled(
    cloud: Cloud, rows: Tensor, lists: Shortlist, neighbours: int, whole: bool, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Exact squared distances of the rows to their k-th neighbours (R,), and whether there can be no other (R,).

    Only those are measured again that noise may have put before or behind the k-th. `whole`: the list holds all that
    can come into question.
    """
    norms = cloud.norms(dtype)
    doubt = (cloud.noise(dtype) * (norms[rows] + norms.max())).double()[:, None]
    values = lists.values.double()
    around = values[:, neighbours - 1 : neighbours]
    near = (values - around).abs() <= 2 * doubt
    row, place = near.nonzero().unbind(1)
    exact = torch.full_like(values, float("inf")).masked_fill_(values < around, float("-inf"))
    exact[row, place] = cloud.apart(rows[row], cloud, lists.columns[row, place])
    found = exact.sort(1)[0][:, neighbours - 1]
    sure = torch.ones_like(found, dtype=torch.bool) if whole else (values[:, -1] - doubt[:, 0] >= found) | (found == 0)
    return found, sure


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
    width = reals.points.shape[1]
    most = DOUBTFUL * values.numel() if dtype == torch.float32 else MOST_MEASURED / width
    answers = []
    for limit, doubt, along in ((here, doubts[0], (slice(None), None)), (there, doubts[1], (None, slice(None)))):
        row, column = (values <= (limit.square() + doubt).to(dtype)[along]).nonzero().unbind(1)
        which = row if along[1] is None else column
        met, edge, doubt = values[row, column], limit[which].square(), doubt[which]
        unsure = met >= edge - doubt
        near = ~unsure
        if int(unsure.sum()) <= most:
            apart = reals.apart(rows.start + row[unsure], fakes, columns.start + column[unsure])
            near[unsure] = (apart.sqrt() < limit[which[unsure]]) | (apart == 0)
        elif dtype == torch.float32:
            return inside(reals, fakes, rows, columns, fakes.rows(columns, torch.float64), limits)
        else:  # nearly all of them are one point, as far as float64 can tell
            near = (met < edge) | (met <= doubt)
        answers.append(torch.stack([row[near], column[near]]))
    return answers[0], answers[1]
