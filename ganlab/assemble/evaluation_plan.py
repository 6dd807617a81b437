"""What is to be measured, against what, and how: everything a person may get wrong, found out before torch is loaded.

Samples are a run's, an export's, or lie in a folder or a file; real data are those of a dataset, of a run, or lie in a
folder or a file too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganlab.assemble.export_directory import ABOUT, ExportDirectory
from ganlab.assemble.kept_recipe import kept_recipe
from ganlab.assemble.resolution import complete_features, find
from ganlab.assemble.run_directory import RunDirectory, is_run, list_runs
from ganlab.assemble.run_place import is_name
from ganlab.errors import DataError, RecipeError, nearest
from ganlab.plugins import Plugins
from ganlab.recipe import Component, Recipe, override

SAMPLES, AGAINST = "samples", "against"
"""What --set calls the two sources of samples; everything else it sets is a metric's."""

DEFAULT = "coverage"


@dataclass(frozen=True)
class Source:
    """Where samples come from: a generator, or one dataset or several by their name in the batch."""

    told: str
    generator: RunDirectory | ExportDirectory | None = None
    datasets: Mapping[str, Component] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The samples, the real data, and the metrics by name; `chosen` is False where nobody named the metrics, `whole` is
    True where a run is measured against its own data, and so everything can be."""

    samples: Source
    against: Source
    metrics: Mapping[str, Component]
    chosen: bool
    whole: bool


def plan(
    samples: str,
    against: str | None,
    metrics: Sequence[str],
    settings: Sequence[str],
    *,
    count: int | None,
    features: str | None,
    runs: Path,
    plugins: Plugins,
) -> Plan:
    """Raises `RecipeError`, `PluginError` or `DataError` for whatever cannot be."""
    subject = _generator(samples, runs)
    recipe = kept_recipe(subject, plugins)[1] if isinstance(subject, RunDirectory) else None
    if subject is not None and against is None and recipe is None:
        raise RecipeError(f"'{samples}' is an export, which does not know its data; say --against DATASET")
    if against is None and subject is None and "=" not in samples and not Path(samples).exists():
        known = [each.name for each in list_runs(runs)]
        raise RecipeError(f"'{samples}' is no run in {runs}, no folder and no file.{nearest(samples, known)}")
    if against is None and subject is None:
        raise RecipeError(f"'{samples}' is not a run, so its data are not known; say --against DATASET")
    wanted = _metrics(metrics, recipe)
    tree = override({SAMPLES: {}, AGAINST: {}, **{name: dict(each.options) for name, each in wanted.items()}}, settings)
    for name, each in tree.items():
        if name not in (SAMPLES, AGAINST) and name not in wanted:
            known = [SAMPLES, AGAINST, *wanted]
            raise RecipeError(
                f"--set {name}: is no metric asked for.{nearest(name, known)} There are: {', '.join(known)}"
            )
        if not isinstance(each, dict):
            raise RecipeError(f"--set {name}: expected {name}.OPTION=VALUE")
    if subject is not None and tree[SAMPLES]:
        raise RecipeError(f"--set {SAMPLES}: '{samples}' is a run, whose samples have no options; leave it out")
    complete = {name: _complete(each.name, tree[name], plugins, name, count, features) for name, each in wanted.items()}
    own = _datasets(recipe) if recipe is not None and against is None else None
    if own is not None and len(own) > 1 and tree[AGAINST]:
        raise RecipeError(f"--set {AGAINST}: '{samples}' plays with {len(own)} datasets; say --against DATASET too")
    real = (
        Source(samples, datasets={key: _with(each, tree[AGAINST], plugins) for key, each in own.items()})
        if own is not None
        else Source(against or "", datasets={"": named_dataset(against or "", tree[AGAINST], runs, plugins)})
    )
    if subject is not None:
        made = Source(samples, generator=subject)
    else:
        made = Source(samples, datasets={"": named_dataset(samples, tree[SAMPLES], runs, plugins)})
    return Plan(made, real, complete, bool(metrics), own is not None)


def named_dataset(text: str, options: Mapping[str, Any], runs: Path, plugins: Plugins) -> Component:
    """The dataset that `text` names, complete: a table such as name=digits,size=16, a registered name, a run, a folder
    or a file. `options` are laid over it."""
    if "=" in text and not Path(text).exists():
        table = override({}, _split(text))
        if not isinstance(table.get("name"), str):
            raise RecipeError(f"'{text}': expected a table that names a dataset, such as name=digits,size=16")
        return _with(Component.model_validate(table), options, plugins)
    if text in plugins.names("datasets", third_party=False) or (
        not Path(text).exists() and text in plugins.names("datasets", third_party=True)
    ):
        return _with(Component(name=text), options, plugins)
    directory = _generator(text, runs)
    if isinstance(directory, RunDirectory):
        datasets = _datasets(kept_recipe(directory, plugins)[1])
        if len(datasets) > 1:
            raise RecipeError(f"run '{text}' plays with {len(datasets)} datasets; name one of them instead")
        return _with(next(iter(datasets.values())), options, plugins)
    if directory is not None:
        raise RecipeError(f"'{text}' is an export, which does not hold its data; name the dataset")
    if not Path(text).exists():
        known = [*plugins.names("datasets", third_party=False), *(each.name for each in list_runs(runs))]
        raise RecipeError(
            f"'{text}' is no dataset, no run in {runs}, no folder and no file.{nearest(text, known)} "
            "'ganlab plugins list datasets' shows the datasets"
        )
    report = plugins.check_data(Path(text))
    if report is None or not report.dataset:
        raise DataError(f"no plugin knows what '{text}' is; expected a folder of pictures, or an .npz file")
    return _with(Component.model_validate(dict(report.dataset)), options, plugins)


def _generator(text: str, runs: Path) -> RunDirectory | ExportDirectory | None:
    """The run or export of that name or at that path, if there is one."""
    if "=" in text:
        return None
    for path in ([runs / text] if is_name(text) else []) + [Path(text)]:
        if is_run(path):
            return RunDirectory.find(text, runs)
        if (path / ABOUT).exists():
            return ExportDirectory(path)
    return None


def _datasets(recipe: Recipe) -> dict[str, Component]:
    """Those of the last stage, by their name in the batch."""
    last = recipe.stages[-1] if recipe.stages else recipe
    if last.dataset is None and last.datasets:
        return dict(last.datasets)
    single = last.dataset or recipe.dataset
    return {"": single} if single is not None else dict(recipe.datasets or {})


def _metrics(names: Sequence[str], recipe: Recipe | None) -> dict[str, Component]:
    """By what they are called: those that were named, or those that the run's recipe watches, or coverage."""
    watched = [] if names or recipe is None else recipe.watch.diagnostics
    if not watched:
        return {name: Component(name=name) for name in names or (DEFAULT,)}
    found: dict[str, Component] = {}
    for each in watched:
        number = sum(other.name == each.name for other in found.values())
        own = {"name": each.name, **each.options}
        found[each.name if not number else f"{each.name}-{number + 1}"] = Component.model_validate(own)
    return found


def _complete(
    name: str, given: dict[str, Any], plugins: Plugins, where: str, count: int | None, features: str | None
) -> Component:
    """The metric with all its options; --count and --features are for those that have such an option."""
    entry = find(plugins, "diagnostics", name, "--metric")
    known = entry.options().model_fields
    if count is not None and "count" in known:
        given["count"] = count
    if features is not None and "features" in known:
        given["features"] = override({}, _split(features)) if "=" in features else features
    options = {key: value for key, value in entry.resolve(given, where).items() if value is not None}
    if "features" in options:
        options["features"] = complete_features(
            plugins, options["features"], "--features" if features else f"{where}.features"
        )
    return Component.model_validate({"name": name, **options})


def _with(component: Component, options: Mapping[str, Any], plugins: Plugins) -> Component:
    """The dataset with all its options, changed by some."""
    entry = find(plugins, "datasets", component.name, AGAINST)
    given = {key: value for key, value in component.options.items() if key != "batch_size"} | dict(options)
    complete = {key: value for key, value in entry.resolve(given, component.name).items() if value is not None}
    return Component.model_validate({"name": component.name, **complete})


def _split(text: str) -> list[str]:
    """`a=1,b=[2,3]` at the commas that stand in no bracket and no text."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if letter in "\"'" and quote in ("", letter):
            quote = "" if quote else letter
        depth += 0 if quote else (letter in "[{") - (letter in "]}")
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
