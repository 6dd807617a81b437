"""What lies at a path, before anybody trains on it.

Three instances: a folder of photographs of which two are cut short, two folders of pictures that belong together, an
archive of arrays whose range nobody knows. The answer to the question `ganlab_check_data`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganlab.values import Picture


@dataclass(frozen=True)
class DataReport:
    """What a dataset would find: all that is counted is counted in samples, and names are as they are on disk.

    `refusals` say, a line each, why `ganlab run` refuses the data under `dataset`'s name and path alone: what happened,
    what was expected, what to do; there are none if it takes them. `dataset` are the options that make the best of it.
    """

    kind: str
    """In words: "a folder of pictures"."""

    samples: int
    """How many can be used."""

    held_out: int = 0
    """How many of them are kept from training."""

    sizes: Mapping[str, int] = field(default_factory=dict)
    """How many there are of each size, height x width, the most frequent first."""

    channels: Mapping[str, int] = field(default_factory=dict)
    """How many there are of each kind of colour, before any conversion."""

    conversions: Mapping[str, int] = field(default_factory=dict)
    """What has to be done to read them: "palette", "turned as EXIF says"."""

    classes: Mapping[str, int] = field(default_factory=dict)
    """How many there are with each label."""

    duplicates: Sequence[Sequence[str]] = ()
    """Names of samples with the same content, copies beside copies."""

    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of what cannot be used, by reason."""

    passed_over: Mapping[str, int] = field(default_factory=dict)
    """What lies there and is no sample: "hidden", "symbolic links"."""

    refusals: Sequence[str] = ()
    notes: Sequence[str] = ()
    """What else is worth knowing, a sentence each."""

    dataset: Mapping[str, Any] = field(default_factory=dict)
    preview: Callable[[int], Picture] | None = None
    """Some samples to look at, at most so many, from all over the data."""
