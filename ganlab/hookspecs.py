"""Every hook of ganlab: when it is called and what it returns.

Registries return a mapping from a kebab-case name to a factory: a class or function whose keyword parameters are the
options a recipe may give, and whose positional-only parameters are what ganlab hands in. Each is called once, when
something of its kind is first asked for. Observers are called on the main process while a run goes on, return nothing
and change nothing; only those of plugins that the recipe names under `watch.observers` are called, and one that raises
is switched off. A question goes to one plugin after the other until one has an answer, ours first; one that fails is
passed over. A hook may name those of its arguments it wants and leave out the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pluggy import HookspecMarker

if TYPE_CHECKING:
    from ganlab.interfaces.architecture import Architecture
    from ganlab.interfaces.augmentation import Augmentation
    from ganlab.interfaces.data_report import DataReport
    from ganlab.interfaces.dataset import Dataset
    from ganlab.interfaces.diagnostic import Diagnostic
    from ganlab.interfaces.features import Features
    from ganlab.interfaces.files import GivenFile, SampleWriter
    from ganlab.interfaces.foreign_run import ForeignRun, ReadOptions
    from ganlab.interfaces.intervention import Intervention
    from ganlab.interfaces.loss import Loss
    from ganlab.interfaces.monitor import Monitor
    from ganlab.interfaces.reporter import Reporter, RunInfo
    from ganlab.interfaces.task import Task
    from ganlab.interfaces.term import Term
    from ganlab.values import Action, Field, Finding, Outcome, Tick

hookspec = HookspecMarker("ganlab")


@hookspec
def ganlab_register_tasks() -> Mapping[str, Callable[..., Task]]:  # type: ignore[empty-body]
    """Tasks by name. ganlab hands in the dataset's fields, positionally."""


@hookspec
def ganlab_register_datasets() -> Mapping[str, Callable[..., Dataset]]:  # type: ignore[empty-body]
    """Datasets by name."""


@hookspec
def ganlab_register_architectures() -> Mapping[str, Callable[..., Architecture]]:  # type: ignore[empty-body]
    """Architectures by name."""


@hookspec
def ganlab_register_losses() -> Mapping[str, Callable[..., Loss]]:  # type: ignore[empty-body]
    """Adversarial losses by name."""


@hookspec
def ganlab_register_terms() -> Mapping[str, Callable[..., Term]]:  # type: ignore[empty-body]
    """Terms (penalties, reconstruction costs) by name."""


@hookspec
def ganlab_register_augmentations() -> Mapping[str, Callable[..., Augmentation]]:  # type: ignore[empty-body]
    """Augmentations of views by name."""


@hookspec
def ganlab_register_features() -> Mapping[str, Callable[..., Features]]:  # type: ignore[empty-body]
    """Feature networks by name. ganlab hands in the field they are to embed, positionally."""


@hookspec
def ganlab_register_diagnostics() -> Mapping[str, Callable[..., Diagnostic]]:  # type: ignore[empty-body]
    """Diagnostics by name."""


@hookspec
def ganlab_register_monitors() -> Mapping[str, Callable[..., Monitor]]:  # type: ignore[empty-body]
    """Monitors by name."""


@hookspec
def ganlab_register_interventions() -> Mapping[str, Callable[..., Intervention]]:  # type: ignore[empty-body]
    """Interventions by name."""


@hookspec
def ganlab_register_reporters() -> Mapping[str, Callable[..., Reporter]]:  # type: ignore[empty-body]
    """Reporters by name."""


@hookspec
def ganlab_register_recipes() -> Mapping[str, Path]:  # type: ignore[empty-body]
    """Recipe files (TOML) by name."""


@hookspec
def ganlab_run_started(run: RunInfo) -> None:
    """Observer: after everything is built and checked, before the first round, or the first after a resume."""


@hookspec
def ganlab_tick(run: RunInfo, tick: Tick) -> None:
    """Observer: at each tick, after its measurements were made and its findings and actions told."""


@hookspec
def ganlab_finding(run: RunInfo, finding: Finding) -> None:
    """Observer: for each finding, at the tick at which it is made, before that tick's actions."""


@hookspec
def ganlab_action(run: RunInfo, action: Action) -> None:
    """Observer: for each action, at its tick, after the engine carried it out."""


@hookspec
def ganlab_run_ended(run: RunInfo, outcome: Outcome) -> None:
    """Observer: after the last checkpoint is written."""


@hookspec(firstresult=True)
def ganlab_check_data(path: Path) -> DataReport | None:
    """Question: what is at this path, and can a dataset be made of it? Asked by `ganlab data check`, of plugins in turn
    until one finds samples there; None says that the plugin knows nothing of such a file or folder."""


@hookspec(firstresult=True)
def ganlab_read_run(path: Path, options: ReadOptions) -> ForeignRun | None:
    """Question: is this file or folder the log of a run that another program played, and what does it tell? Asked by
    `ganlab diagnose`, of plugins in turn; None says that the plugin knows nothing of such a log."""


@hookspec(firstresult=True)
def ganlab_read_given(path: Path, field: Field) -> GivenFile | None:
    """Question: what does this file or folder hold for a condition of that field? Asked by `ganlab sample --given`, of
    plugins in turn: first about the whole folder, which may be one clip, then about what lies in it; None says that the
    plugin knows nothing of such a file, or of such a field."""


@hookspec(firstresult=True)
def ganlab_find_writer(ending: str, kind: str) -> SampleWriter | None:
    """Question: who writes samples of that kind of field ("image", "video") to files of that ending (".png")? Asked by
    `ganlab sample` before anything is made, of plugins in turn; None says that the plugin writes no such files."""
