"""How the readers of datasets whose truth is known fare: on real samples, on broken ones, and on what needs no game."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from ganlab.errors import RecipeError, nearest
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.truth import Calibration, Truth
from ganlab.plugins import Plugins
from ganlab.registry import Entry

SAMPLES = 512
"""Held-out samples a reader is tried on, and as many of each control and baseline."""

KIND = "datasets"


def with_truth(plugins: Plugins, names: tuple[str, ...] = ()) -> list[Entry[Any]]:
    """The datasets of that name, or all whose class says that they have a truth and which can be made without options.

    Raises `RecipeError` for a named one that has none, `PluginError` for one that there is not.
    """
    entries = [plugins.find(KIND, name) for name in names] or plugins.entries(KIND)
    found = [each for each in entries if has_truth(each)]
    for name in names:
        if name not in {each.name for each in found}:
            known = [each.name for each in plugins.entries(KIND) if has_truth(each)]
            raise RecipeError(
                f"dataset '{name}' has no truth to read; those that have: {', '.join(known)}.{nearest(name, known)}"
            )
    return found if names else [each for each in found if not needed(each)]


def has_truth(entry: Entry[Any]) -> bool:
    """True if what the factory makes says `truth: Truth`, and not only that it might have one."""
    factory = entry.factory
    try:
        made = factory if isinstance(factory, type) else typing.get_type_hints(factory).get("return")
        if not (isinstance(made, type) and issubclass(made, Dataset)):
            return False
        said = next(vars(each)["__annotations__"]["truth"] for each in made.__mro__ if declares(each))
        return said in ("Truth", "ganlab.Truth", Truth)
    except (NameError, TypeError, StopIteration):
        return False


def declares(kind: type) -> bool:
    """True if that class itself says what its truth is."""
    return "truth" in vars(kind).get("__annotations__", {})


def needed(entry: Entry[Any]) -> list[str]:
    """Options without a default."""
    parameters = inspect.signature(entry.factory).parameters.values()
    return [each.name for each in parameters if each.default is each.empty and each.kind is each.KEYWORD_ONLY]


def calibrations(entry: Entry[Any], options: Mapping[str, Any]) -> Iterator[tuple[str, Calibration]]:
    """How the dataset's reader fares, by property. Samples that are not needed are not drawn, where it has options that
    say how many."""
    import torch

    known = inspect.signature(entry.factory).parameters
    few = {name: SAMPLES for name in ("samples", "held_out") if name in known and name not in options}
    dataset: Dataset = entry.create(**{**few, **options})
    truth = dataset.truth
    if truth is None:
        raise RecipeError(f"dataset '{entry.name}' has no truth with these options; leave them out")
    rows = dataset.held_out.rows(torch.arange(min(SAMPLES, len(dataset.held_out))), None)
    asked = {name: rows[name] for name in dataset.fields if name != truth.made_of}
    yield from truth.calibrate(rows[truth.made_of], asked).items()
