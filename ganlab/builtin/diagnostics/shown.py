"""What discriminators are shown at a tick, and what they say of it: the pairs of views behind every balance number.

One discriminator may judge several views, a view may hold rows of regions or frames, and a verdict may be several
judgements; whoever compares real with fake gets them here as pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

from ganlab import Look, Verdict, View

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

Pair: TypeAlias = tuple[View, View]
"""One view of real training samples, and of as many fakes of the raw generator beside the same conditions."""

Key: TypeAlias = tuple[int, str]
"""The number of the pair, and the name of the judgement."""

Answers: TypeAlias = "dict[Key, tuple[Tensor, Tensor]]"
"""Logits of real and of fake."""


def shown(look: Look, count: int) -> dict[str, list[Pair]]:
    """The pairs of `count` samples that each discriminator judges, by player."""
    networks, given = look.networks(averaged=False), look.given(count)
    real = look.task.views(networks, look.real_beside(count), given)
    fake = look.task.views(networks, look.fake(count, averaged=False), given)
    pairs: dict[str, list[Pair]] = {}
    for name, view in fake.items():
        pairs.setdefault(view.judge or name, []).append((real[name], view))
    return pairs


def part(pairs: list[Pair], start: int, stop: int, count: int) -> list[Pair]:
    """The pairs of the samples `start` to `stop` of `count`."""
    return [(cut(real, start, stop, count), cut(fake, start, stop, count)) for real, fake in pairs]


def cut(view: View, start: int, stop: int, count: int) -> View:
    """The rows of a view that belong to the samples `start` to `stop` of `count`."""
    if view.rows is None:
        size = rows_of(view.data)
        if size is not None and size != count:  # it did not say whose rows they are: as many of each
            start, stop = start * size // count, stop * size // count
            count = size
        keep: Any = slice(start, stop)
        return view.replace(data=pick(view.data, keep, count), given=pick(view.given, keep, count))
    keep = ((view.rows >= start) & (view.rows < stop)).nonzero().flatten()
    size = len(view.rows)
    return view.replace(
        data=pick(view.data, keep, size), given=pick(view.given, keep, size), rows=view.rows[keep] - start
    )


def rows_of(data: Any) -> int | None:
    """How many rows the first tensor in `data` has; None if there is none."""
    if hasattr(data, "shape"):
        return len(data)
    parts = data.values() if isinstance(data, Mapping) else data if isinstance(data, tuple | list) else ()
    return next((rows for each in parts if (rows := rows_of(each)) is not None), None)


def pick(value: Any, keep: Any, size: int) -> Any:
    """Those rows of whatever a discriminator is shown; what does not have `size` rows is passed whole."""
    if isinstance(value, Mapping):
        return {name: pick(each, keep, size) for name, each in value.items()}
    if isinstance(value, tuple):
        return tuple(pick(each, keep, size) for each in value)
    if hasattr(value, "shape") and len(value.shape) > 0 and len(value) == size:
        return value[keep]
    if isinstance(value, list):
        if len(value) == size and not any(hasattr(each, "shape") for each in value):
            return value[keep] if isinstance(keep, slice) else [value[index] for index in keep.tolist()]
        return [pick(each, keep, size) for each in value]
    return value


def twin(network: Module) -> Module:
    """A copy that shares nothing with the network, free to learn, in the modes it is found in."""
    import torch

    computed = {
        id(each): each.detach().clone()
        for module in network.modules()
        for each in vars(module).values()
        if isinstance(each, torch.Tensor) and not each.is_leaf
    }
    copy: Module = deepcopy(network, computed)
    for each in copy.parameters():
        each.requires_grad_(each.is_floating_point())
    return copy


def as_played(network: Module, *, free: bool = False) -> Module:
    """The discriminator as it plays: a twin that normalises by the batch at hand, where it does so in the game; itself
    where it does not, unless it is to be `free` to learn.

    Running statistics mix real and fake, which a discriminator never sees mixed: dcgan's AUC after 400 rounds was 0.85
    as it plays and 0.63 by running statistics.
    """
    from torch.nn.modules.batchnorm import _BatchNorm

    batched = any(isinstance(each, _BatchNorm) for each in network.modules())
    played = twin(network) if batched or free else network
    if batched:
        for each in played.modules():
            if isinstance(each, _BatchNorm):
                each.train()
    return played


def judgements(judge: Module, view: View) -> Mapping[str, Tensor]:
    """Logits by judgement, in float32; those of one sample's rows summed where the view is pooled."""
    answer = judge(view.data, view.given)
    verdict = answer if isinstance(answer, Verdict) else Verdict(answer)
    named = {name: logits.float() for name, logits in verdict.judgements.items()}
    return {name: pooled(logits, view.rows) for name, logits in named.items()} if view.pooled else named


def pooled(logits: Tensor, rows: Tensor | None) -> Tensor:
    """Rows of one sample summed (M, ...) -> (N, ...); samples without rows are left out."""
    import torch

    if rows is None:
        return logits
    samples, place = torch.unique(rows, return_inverse=True)
    return logits.new_zeros(len(samples), *logits.shape[1:]).index_add(0, place, logits)


def answers(judge: Module, pairs: list[Pair]) -> Answers:
    """What the discriminator says of every pair."""
    found: Answers = {}
    for number, (real, fake) in enumerate(pairs):
        said, other = judgements(judge, real), judgements(judge, fake)
        found.update({(number, name): (logits, other[name]) for name, logits in said.items()})
    return found
