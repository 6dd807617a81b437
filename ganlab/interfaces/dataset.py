"""Where real samples come from.

Three instances: scikit-learn's digits in memory, a million photographs in a folder, points of a mixture of Gaussians.
A dataset says what its samples are made of (`fields`) and splits itself once into `train` and `held_out`, by a rule
of its own that depends on nothing but its options.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ganlab.interfaces.component import Component
from ganlab.interfaces.random import Random
from ganlab.interfaces.truth import Truth
from ganlab.values import Field

if TYPE_CHECKING:
    from torch import Tensor


class Source(ABC):
    """A finite list of real samples."""

    resident: bool = False
    """True if the samples are tensors in memory: batches are then gathered on the device, without a loader thread."""

    @abstractmethod
    def __len__(self) -> int:
        """How many samples there are."""

    @abstractmethod
    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        """The samples at `indices` (N,), int64, as entries of a batch: tensors (N, ...), images in [-1, 1] float32.

        `random` draws flips and crops, one row per sample; None asks for the samples as they are.
        """

    def to(self, device: Any) -> Source:
        """The same source with its tensors on `device`, if it is resident; itself otherwise."""
        return self

    def nbytes(self) -> int:
        """Memory its tensors take, in bytes; 0 if it is not resident."""
        return 0


class Dataset(Component, ABC):
    """Real samples, in two parts that share none. Raises `DataError` if they cannot be read."""

    fields: Mapping[str, Field]
    """What a sample is made of; the first field is the one a task makes unless it says otherwise."""

    train: Source
    held_out: Source

    centres: Tensor | None = None
    """Where the data are a mixture whose truth is known: the modes (K, D), on the CPU; else None."""
    sigma: float | None = None
    """Standard deviation of each mode along each axis, in the data's units; else None."""
    truth: Truth | None = None
    """Where it is known what is right about a sample: its reader; else None."""

    @abstractmethod
    def fingerprint(self) -> str:
        """A hash of the content that changes if and only if the samples do."""
