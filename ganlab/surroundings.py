"""What everybody in a process shares: random numbers, threads, number types, signal handlers, the working directory.

A plugin that changes one of these changes what everybody after it computes, so that the same recipe would give other
weights with and without it. They are noted before a plugin is called and put back after it. torch and numpy are looked
at only if they are loaded; where a plugin is the first to load torch, torch is noted the moment it is there.
"""

from __future__ import annotations

import operator
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGALRM, signal.SIGCHLD)


@dataclass(frozen=True)
class Setting:
    """One shared setting: how it is read, written and compared. `told` is False where libraries change it as they are
    loaded, which is nobody's fault."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object]
    same: Callable[[Any, Any], bool] = operator.eq
    told: bool = True


class Surroundings:
    """The settings as they are now."""

    def __init__(self) -> None:
        self._kept: list[tuple[Setting, Any]] = []
        self._witness: Witness | None = None
        for library, settings in LIBRARIES.items():
            if library in sys.modules:
                self._keep(settings())
            elif library == "torch":
                self._witness = Witness(library, lambda: self._keep(of_torch()))
                sys.meta_path.insert(0, self._witness)

    def put_back(self) -> list[str]:
        """Put back what is no longer as it was, and say what that is."""
        changed = []
        for setting, before in self._kept:
            with suppress(Exception):  # what cannot be read or written here and now is left alone
                if not setting.same(setting.read(), before):
                    setting.write(before)
                    changed += [setting.name] * setting.told
        return changed

    def close(self) -> None:
        """No longer wait for torch."""
        if self._witness is not None:
            self._witness.leave()

    def _keep(self, settings: Sequence[Setting]) -> None:
        for setting in settings:
            with suppress(Exception):
                self._kept.append((setting, setting.read()))


@contextmanager
def kept() -> Iterator[list[str]]:
    """Put everything back at the end, come what may. What had been changed stands in the list then."""
    surroundings = Surroundings()
    changed: list[str] = []
    try:
        yield changed
    finally:
        changed += surroundings.put_back()
        surroundings.close()


class Witness:
    """A finder of modules that calls `loaded` when the library is loaded, before whoever does so can change a thing."""

    def __init__(self, library: str, loaded: Callable[[], None]) -> None:
        self._library = library
        self._loaded = loaded

    def leave(self) -> None:
        """Look no longer."""
        with suppress(ValueError):
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The library as the other finders find it, with a loader that calls `loaded`; nothing for other modules."""
        if fullname != self._library:
            return None
        self.leave()
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_tell(module: ModuleType) -> None:
                load(module)
                self._loaded()

            spec.loader.exec_module = load_and_tell  # type: ignore[method-assign]
        return spec


@cache
def of_python() -> list[Setting]:
    """What belongs to the interpreter, and to the process."""

    def handle(handlers: dict[signal.Signals, Any]) -> None:
        for number, handler in handlers.items():
            if handler is not None and handler is not signal.getsignal(number):
                signal.signal(number, handler)

    def filter_by(before: tuple[list[Any], list[Any]]) -> None:
        warnings.resetwarnings()  # Python must know that its memory of what was shown is out of date
        warnings.filters, warnings.filters[:] = before

    return [
        Setting("the working directory", os.getcwd, os.chdir),
        Setting("signal handlers", lambda: {each: signal.getsignal(each) for each in SIGNALS}, handle),
        Setting(
            "filters of warnings",
            lambda: (warnings.filters, list(warnings.filters)),
            filter_by,
            lambda now, before: now[0] is before[0] and now[1] == before[1],
            told=False,
        ),
    ]


@cache
def of_random() -> list[Setting]:
    """Python's random numbers."""
    import random

    return [Setting("Python's random numbers", random.getstate, random.setstate)]


@cache
def of_numpy() -> list[Setting]:
    """What numpy does about overflow."""
    import numpy

    return [Setting("numpy's handling of errors", numpy.geterr, lambda before: numpy.seterr(**before))]


@cache
def of_numpy_random() -> list[Setting]:
    """numpy's global random numbers; numpy itself loads them only when somebody asks."""
    from numpy import random

    def same(now: Any, before: Any) -> bool:
        return bool((now[1] == before[1]).all() and now[2:] == before[2:])

    return [Setting("numpy's random numbers", random.get_state, random.set_state, same)]


@cache
def of_torch() -> list[Setting]:
    """torch's random numbers, and whatever decides how and in what it computes."""
    import torch

    cudnn: Any = torch.backends.cudnn
    mkldnn: Any = torch.backends.mkldnn
    smallest = torch.tensor(2.0**-140, dtype=torch.float32, device="cpu")

    def graphics() -> list[torch.Tensor]:
        return torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]

    def same_graphics(now: list[torch.Tensor], before: list[torch.Tensor]) -> bool:
        return not before or all(map(torch.equal, now, before))

    def place(before: torch.device) -> None:
        torch.set_default_device(None if before.type == "cpu" else before)

    def determined() -> tuple[bool, bool]:
        return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()

    def determine(before: tuple[bool, bool]) -> None:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])

    def convolutions() -> tuple[bool, ...]:
        return cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32, mkldnn.enabled

    def convolve(before: tuple[bool, ...]) -> None:
        cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32, mkldnn.enabled = before

    def casting() -> tuple[bool, bool]:
        return torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")

    def cast(before: tuple[bool, bool]) -> None:
        for device, enabled in zip(("cpu", "cuda"), before, strict=True):
            torch.set_autocast_enabled(device, enabled)

    return [
        # First of all: reading the others makes tensors.
        Setting("torch's default device", torch.get_default_device, place),
        Setting("torch's default dtype", torch.get_default_dtype, torch.set_default_dtype),
        Setting("torch's random numbers", torch.get_rng_state, torch.set_rng_state, torch.equal),
        Setting("the GPU's random numbers", graphics, torch.cuda.set_rng_state_all, same_graphics),
        Setting("torch's number of threads", torch.get_num_threads, torch.set_num_threads),
        Setting("torch's gradients", torch.is_grad_enabled, torch._C._set_grad_enabled),
        Setting("torch's anomaly detection", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
        Setting("torch's deterministic algorithms", determined, determine),
        Setting("torch's convolutions", convolutions, convolve),
        Setting("torch's precision", torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
        Setting("torch's autocast", casting, cast),
        Setting(
            "torch's denormal numbers", lambda: bool(smallest * 1), lambda kept: torch.set_flush_denormal(not kept)
        ),
    ]


LIBRARIES: dict[str, Callable[[], list[Setting]]] = {
    "sys": of_python,
    "random": of_random,
    "numpy": of_numpy,
    "numpy.random": of_numpy_random,
    "torch": of_torch,
}
"""Whose settings they are. Each is looked at only if it is loaded."""
