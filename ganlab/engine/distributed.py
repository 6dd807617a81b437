"""Several processes playing one game: torchrun starts them, gradients are averaged once per turn.

No wrapper around networks: after a player's backward pass its gradients travel as one flat tensor, so that penalties
which differentiate twice, and any number of networks, just work. Every process sees its own rows of each batch.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import Module, Parameter

from ganlab.errors import PeerError

TIMEOUT = timedelta(minutes=10)


def rank() -> int:
    """Which process this is, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    """How many processes play."""
    return dist.get_world_size() if dist.is_initialized() else 1


def join(device: torch.device) -> None:
    """Join the others if torchrun started this process: gloo on CPU, NCCL on GPUs.

    torch's `nn.functional` takes the group of the moment as its functions' default. Imported later, as by the first
    optimizer, it would keep the group and its threads past `leave`, and a thread that lets go of a tensor while Python
    ends aborts the process.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        importlib.import_module("torch.distributed.nn.functional")
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=TIMEOUT)


def leave() -> None:
    """Part from the others."""
    if dist.is_initialized():
        dist.destroy_process_group()


@contextmanager
def exchange() -> Iterator[None]:
    """Inside, processes wait for one another. Raises `PeerError` if one of them is gone."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error):
            raise PeerError(
                "another process of this game ended or does not answer; "
                "mend what it said, then start all of them again with 'ganlab resume'"
            ) from error
        raise


def average_gradients(parameters: Iterable[Parameter]) -> None:
    """Replace each gradient by its mean over the processes."""
    if world_size() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    with exchange():
        dist.all_reduce(flat)
    flat /= world_size()
    sizes = [gradient.numel() for gradient in gradients]
    for gradient, part in zip(gradients, torch.split(flat, sizes), strict=True):
        gradient.copy_(part.view_as(gradient))


def same_everywhere(module: Module) -> None:
    """Give every process the first one's parameters and buffers."""
    if world_size() > 1:
        with exchange():
            for tensor in module.state_dict().values():
                dist.broadcast(tensor, 0)


def mean_over_processes(values: Tensor) -> Tensor:
    """The mean of `values` over the processes."""
    if world_size() == 1:
        return values
    summed = values.clone()
    with exchange():
        dist.all_reduce(summed)
    return summed / world_size()


def any_process(flag: bool, device: torch.device) -> bool:
    """True everywhere if it is true anywhere."""
    if world_size() == 1:
        return flag
    flags = torch.tensor([int(flag)], device=device)
    with exchange():
        dist.all_reduce(flags)
    return bool(flags.item())
