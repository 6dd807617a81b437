"""Measuring any generator's samples with the diagnostics of a run, and the record of how each number was measured."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

import torch

import ganlab
from ganlab.answers import WrongAnswer, checked_measurements
from ganlab.assemble.evaluation_look import SampleLook
from ganlab.assemble.evaluation_plan import Plan, Source
from ganlab.assemble.evaluation_samples import GeneratedSamples, NeedsGame, Samples, StoredSamples
from ganlab.assemble.features import FeatureNetworks
from ganlab.assemble.first_look import check_dataset
from ganlab.assemble.generator import LoadedGenerator, load_generator
from ganlab.assemble.protocol import FORMAT, Evaluation
from ganlab.assemble.rules import rules_of
from ganlab.assemble.watching import check_diagnostics
from ganlab.errors import DataError, GanlabError, PluginError, RecipeError
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.diagnostic import Diagnostic
from ganlab.plugins import Plugins
from ganlab.recipe import Component
from ganlab.registry import one_line
from ganlab.surroundings import kept
from ganlab.values import Progress

log = logging.getLogger("ganlab")

HASHED = 256
"""Samples whose content is hashed into the record: enough to tell two generators apart."""


class Parts:
    """Makes what plugins register."""

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins

    def create(self, kind: str, component: Component, *context: Any) -> Any:
        """The component's object."""
        return self.plugins.find(kind, component.name).create(*context, **component.options)

    def dataset(self, component: Component) -> Dataset:
        """The dataset, checked."""
        dataset: Dataset = self.create("datasets", component)
        check_dataset(component.name, dataset)
        return dataset


def evaluate(
    plan: Plan, plugins: Plugins, device: torch.device, *, raw: bool, seed: int | None, size: int | None
) -> Evaluation:
    """All measurements of the plan. Raises a `GanlabError` for what cannot be measured; metrics that nobody named and
    that need more than there is are passed over, with a note."""
    parts = Parts(plugins)
    datasets = {name: parts.dataset(each) for name, each in plan.against.datasets.items()}
    samples = _samples(plan, parts, datasets if plan.whole else None, device, raw=raw, seed=seed)
    if plan.whole and isinstance(samples, GeneratedSamples):
        _check_stage(plan, samples.generator)
    features = FeatureNetworks(parts)
    look = SampleLook(datasets, samples, features, device, size=size, whole=plan.whole, progress=_progress(samples))
    diagnostics: dict[str, Diagnostic] = {
        name: parts.create("diagnostics", each) for name, each in plan.metrics.items()
    }
    check_diagnostics(diagnostics, [(look.task, look.dataset)], features, where="")
    for name, each in plan.metrics.items():
        _check_counts(name, each, look, samples)
    measurements: dict[str, float] = {}
    protocols: dict[str, Any] = {}
    for name, diagnostic in diagnostics.items():
        look.asked = set()
        try:
            found = _measured(name, diagnostic, look, measurements)
        except NeedsGame as error:
            if plan.chosen:
                raise
            log.warning("%s; it is passed over", error)
            continue
        measurements |= found
        protocols[name] = _protocol(plan.metrics[name], look, features, list(found))
    if not measurements:
        raise DataError(f"nothing could be measured of '{plan.samples.told}'; name a metric with --metric")
    record = {
        "format": FORMAT,
        "measurements": measurements,
        "samples": _told(plan.samples, samples, seed),
        "protocol": {
            "ganlab": ganlab.__version__,
            "data": {
                "fingerprint": {name or "dataset": each.fingerprint() for name, each in datasets.items()},
                "dataset": {name or "dataset": each.model_dump() for name, each in plan.against.datasets.items()},
            },
            "resize": "none" if size is None else f"antialiased bilinear to {size} x {size} px",
            "choice": "a permutation of seed 0",
            "metrics": protocols,
        },
    }
    return Evaluation(record)


def _samples(
    plan: Plan,
    parts: Parts,
    datasets: Mapping[str, Dataset] | None,
    device: torch.device,
    *,
    raw: bool,
    seed: int | None,
) -> Samples:
    source = plan.samples.generator
    if source is None:
        component = plan.samples.datasets[""]
        # The real data against themselves: what is measured then is how far two parts of them are apart.
        same = component in plan.against.datasets.values()
        stored = parts.dataset(component if same else halved(component))
        return StoredSamples(stored, training_alone=same, device=device)

    def load(raw_weights: bool) -> LoadedGenerator:
        generator = load_generator(source, parts.plugins, device, raw=raw_weights)
        for note in generator.notes:
            log.warning("%s", note)
        return generator

    return GeneratedSamples(load, datasets, seed, device, raw_alone=raw)


def _check_stage(plan: Plan, generator: LoadedGenerator) -> None:
    """Raise `RecipeError` if the run has not come to the stage whose data it would be measured against."""
    reached = [each.name for each in rules_of(generator.recipe)[generator.stage].datasets.values()]
    if reached != [each.name for each in plan.against.datasets.values()]:
        raise RecipeError(
            f"run '{generator.run}' is in a stage with other data ({', '.join(reached)}) than its last; say --against"
        )


def halved(component: Component) -> Component:
    """The dataset with both its parts as large as each other, where its options say how large: all of it is taken, and
    a few samples are enough for both."""
    share = component.options.get("held_out")
    return component if not isinstance(share, float) else component.model_copy(update={"held_out": 0.5})


def _progress(samples: Samples) -> Progress:
    return samples.generator.progress if isinstance(samples, GeneratedSamples) else Progress()


def _check_counts(name: str, metric: Component, look: SampleLook, samples: Samples) -> None:
    """Raise `DataError` if a neighbour would be looked for that is not there; note where there are fewer samples than
    asked for."""
    count = metric.options.get("count")
    if type(count) is not int:
        return
    part = len(look.dataset.train if metric.options.get("of") == "training" else look.dataset.held_out)
    there = {"real": min(count, part)}
    if isinstance(samples, StoredSamples):
        there["samples"] = min(count, samples.size)
    neighbours = metric.options.get("neighbours", 0)
    for what, rows in there.items():
        if type(neighbours) is int and rows <= neighbours:
            raise DataError(
                f"{name}: {rows} {what} are too few for {neighbours} neighbours of each; give more, or "
                f"--set {name}.neighbours={max(1, rows - 1)}"
            )
        if rows < count and what == "samples":  # of real ones the record tells enough
            log.info("%s: %d %s of the %d asked for", name, rows, what, count)


def _measured(name: str, diagnostic: Diagnostic, look: SampleLook, taken: Mapping[str, float]) -> dict[str, float]:
    """What a diagnostic measures. Raises `PluginError` if it fails, and its own refusals with its name."""
    try:
        with kept(), torch.no_grad():
            return checked_measurements(diagnostic.measure(look), taken)
    except WrongAnswer as error:
        raise PluginError(f"metric '{name}' {error}; tell its author") from None
    except GanlabError as error:
        raise type(error)(f"{name}: {error}") from None
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        raise PluginError(f"metric '{name}' failed: {one_line(error)}; tell its author") from error


def _protocol(metric: Component, look: SampleLook, features: FeatureNetworks, names: list[str]) -> dict[str, Any]:
    """How the numbers of one metric were measured: what it was shown, in which spaces, with which options."""
    networks = {each.name: each for each in features.made()}
    used = sorted(name for source, name, _ in look.asked if source == "features")
    return {
        "name": metric.name,
        "options": dict(metric.options),
        "real": {part: rows for source, part, rows in sorted(look.asked) if source == "real"},
        "generated": {part: rows for source, part, rows in sorted(look.asked) if source == "generated"},
        "features": {
            name: {"fingerprint": networks[name].fingerprint, "resize": networks[name].resize} for name in used
        },
        "measurements": names,
    }


def _told(source: Source, samples: Samples, seed: int | None) -> dict[str, Any]:
    """Whose samples they are."""
    first = samples.take(HASHED, True)
    digest = hashlib.sha256()
    for name in samples.fields:
        digest.update(first[name].detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    told: dict[str, Any] = {"source": source.told, "sha256": digest.hexdigest(), "hashed": HASHED}
    if isinstance(samples, GeneratedSamples):
        generator = samples.generator
        return told | {
            "run": generator.run,
            "kimg": generator.progress.kimg,
            "round": generator.progress.round,
            "weights": "averaged" if generator.averaged else "raw",
            "seed": samples.seed,
        }
    dataset = {name or "dataset": each.model_dump() for name, each in source.datasets.items()}
    return told | {"dataset": dataset, "count": samples.size if isinstance(samples, StoredSamples) else None}
