"""From a generator to one ONNX file that other programs run, tried against the generator before it is written.

What it is given has the names that the task draws by, and what it makes those of the sample; N is free.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ganlab.assemble.export import about, made, makers, tried
from ganlab.assemble.generator import LoadedGenerator
from ganlab.disk import publish
from ganlab.errors import PluginError, RecipeError
from ganlab.interfaces.task import Task
from ganlab.values import Given

NEEDED = ("onnx", "onnxscript")

TRIED = (1, 5)
"""Of how many samples the file is tried; it is traced with another number."""

TRACED = 3
CLOSE = 1e-4
"""How far from torch's an output may be, where outputs are in [-1, 1]; of larger ones, this share of the largest."""

NOISY = ("torch.onnx", "torch.export", "torch.fx", "onnxscript", "onnx_ir")


@dataclass(frozen=True)
class OnnxFile:
    """What was written: shapes by name without N, bytes, and how far from torch's outputs; None if nobody could try."""

    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    size: int
    error: float | None


class Made(nn.Module):
    """The task's `generate` as a module: tensors in, in the order of `names`; tensors out, in that of the sample."""

    def __init__(self, task: Task, networks: Mapping[str, nn.Module], names: Sequence[str]) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(networks)
        self._task = task
        self._names = names

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        sample = self._task.generate(dict(self.networks), dict(zip(self._names, given, strict=True)))
        return tuple(sample.values())


class BatchStatistics(nn.Module):
    """What batch norm does in training: ONNX has only the other kind, which remembers."""

    def __init__(self, norm: _BatchNorm) -> None:
        super().__init__()
        self.weight, self.bias, self.epsilon = norm.weight, norm.bias, norm.eps

    def forward(self, maps: Tensor) -> Tensor:
        axes = [0, *range(2, maps.dim())]
        shape = [1, -1, *[1] * (maps.dim() - 2)]
        centred = maps - maps.mean(axes, keepdim=True)
        normed = centred / (centred.square().mean(axes, keepdim=True) + self.epsilon).sqrt()
        if self.weight is None:
            return normed
        return normed * self.weight.reshape(shape) + self.bias.reshape(shape)


def check_installed() -> None:
    """Raise `PluginError` if what writes ONNX is not installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise PluginError(f"to write ONNX takes {' and '.join(missing)}; install with: pip install 'ganlab[onnx]'")


def export_onnx(generator: LoadedGenerator, target: Path) -> OnnxFile:
    """Write the generator, on the CPU, as ONNX. Raises `RecipeError` if ONNX cannot express it, or something else comes
    out of it than torch makes, `PluginError` if an extra is missing, `StorageError`; nothing is left behind then."""
    check_installed()
    given = tried(generator, TRACED)
    unfit = [name for name, value in given.items() if not isinstance(value, Tensor) or len(value) != TRACED]
    networks = makers(generator, given)
    sample = made(generator, given)
    unfit += [name for name, value in sample.items() if not isinstance(value, Tensor)]
    if unfit:
        raise RecipeError(f"ONNX knows tensors with a row for each sample, and '{unfit[0]}' is none; export to DIR/")
    names = {name: name if name not in given else f"made_{name}" for name in sample}
    module = Made(generator.task, {name: fixed(network) for name, network in networks.items()}, list(given))
    raw = written(module, given, list(names.values()), about(generator, networks, given))
    error = difference(generator, raw, names)
    publish(raw, target)
    return OnnxFile(
        {name: tuple(value.shape[1:]) for name, value in given.items()},
        {names[name]: tuple(value.shape[1:]) for name, value in sample.items()},
        len(raw),
        error,
    )


def fixed(network: nn.Module) -> nn.Module:
    """A copy without what only torch can do."""
    copy = nn.Sequential(deepcopy(network))
    for parent in list(copy.modules()):
        for name, child in parent.named_children():
            if isinstance(child, _BatchNorm) and (child.training or not child.track_running_stats):
                setattr(parent, name, BatchStatistics(child))
    return copy[0]


def written(module: Made, given: Given, outputs: Sequence[str], told: Mapping[str, Any]) -> bytes:
    """The file's bytes; `told` goes into its metadata."""
    batch = torch.export.Dim("N")
    try:
        with quiet(), torch.no_grad():
            program = torch.onnx.export(
                module,
                tuple(given.values()),
                input_names=list(given),
                output_names=list(outputs),
                dynamic_shapes=(tuple({0: batch} for _ in given),),
                dynamo=True,
                verbose=False,
            )
            model = program.model_proto  # type: ignore[union-attr]
        for name, value in told.items():
            model.metadata_props.add(key=f"ganlab.{name}", value=json.dumps(value))
        raw: bytes = model.SerializeToString()
    except Exception as error:  # the exporter raises what it meets
        said = " ".join(str(error.__cause__ or error).split())
        raise RecipeError(f"ONNX cannot express this generator ({said[:200]}); export to DIR/ instead") from error
    return raw


def difference(generator: LoadedGenerator, raw: bytes, names: Mapping[str, str]) -> float | None:
    """How far what the file makes is from what the generator makes; None if no runtime is installed. Raises
    `RecipeError` if it is too far."""
    if find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
        taken = {each.name for each in session.get_inputs()}
        largest = 0.0
        for count in TRIED:
            given = tried(generator, count)
            try:
                sample = made(generator, given)
            except ValueError:  # batch norm cannot learn from one sample
                continue
            answers = session.run(list(names.values()), {k: v.numpy() for k, v in given.items() if k in taken})
            for (name, wanted), answer in zip(sample.items(), answers, strict=True):
                apart = float((wanted - torch.from_numpy(answer)).abs().max())
                apart /= float(wanted.abs().max().clamp(min=1))
                if not apart <= CLOSE:
                    raise RecipeError(
                        f"ONNX does not express this generator: its '{name}' is {apart:.2g} away from torch's; "
                        "export to DIR/ instead"
                    )
                largest = max(largest, apart)
    except RecipeError:
        raise
    except Exception as error:  # the runtime's own kinds, which it does not export
        said = " ".join(str(error).split())
        raise RecipeError(f"ONNX Runtime cannot run this generator ({said[:200]}); export to DIR/ instead") from error
    return largest


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, the exporter keeps to itself what it has to say."""
    loggers = [logging.getLogger(name) for name in NOISY]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
