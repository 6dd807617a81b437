"""Reporters: JSON lines (the truth), TensorBoard's event files, and sheets of samples as PNG."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.reporters.jsonl import JsonLines
from ganlab.builtin.reporters.samples import Samples
from ganlab.builtin.reporters.tensorboard import TensorBoard


@ganlab.hookimpl
def ganlab_register_reporters() -> Mapping[str, Callable[..., ganlab.Reporter]]:
    """Reporters by name."""
    return {"jsonl": JsonLines, "samples": Samples, "tensorboard": TensorBoard}
