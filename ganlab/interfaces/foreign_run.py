"""What the log of another program tells of a run, so that it can be diagnosed like one of ours.

Three instances: a directory of TensorBoard events, the `stats.jsonl` of a StyleGAN, the text log of StudioGAN. The
answer to the question `ganlab_read_run`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class SeriesPoint:
    """One number of a log. `at` is counted in the run's unit; `seconds` are those of training before it, as far as the
    log tells, without the time between two lives of a run."""

    at: float
    value: float
    seconds: float | None = None


@dataclass(frozen=True)
class ReadOptions:
    """How a foreign log is to be read: `names` gives the tag of the log for a measurement's name, and `kimg_per_step`
    says how many thousand real samples a step shows, where the log counts steps alone."""

    names: Mapping[str, str] = field(default_factory=dict)
    kimg_per_step: float | None = None


@dataclass(frozen=True)
class ForeignRun:
    """What was read: from which file or folder, of which kind ("a text log of StudioGAN"), in which unit.

    A measurement that has the meaning of one of ours has its name (`coverage`, `cost/discriminator`), others are
    called as the log calls them in kebab-case; '@' comes before the feature network, where that is known.
    """

    source: str
    kind: str
    unit: Literal["kimg", "step"]
    series: Mapping[str, Sequence[SeriesPoint]]
    """Measurements by name, in the order of `at`, which grows from point to point."""

    budget: float | None = None
    """How long the run was to be, in `unit`; None if the log does not say."""

    checkpoints: Mapping[float, str] = field(default_factory=dict)
    """Names of the checkpoints that the log tells of, by `at`."""

    notes: Sequence[str] = ()
    """What could not be read, and what was left out, a sentence each."""
