"""What a dataset holds (`Field`, `Batch`), what a discriminator is shown and answers (`View`, `Verdict`), and when a
phase is played (`Cadence`, `Progress`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

Sample: TypeAlias = Mapping[str, Any]
"""What a generator made, or what the batch holds in its place: named tensors, (N, ...) each."""

Given: TypeAlias = Mapping[str, Any]
"""What a generator is given: conditions from the batch and drawn latents, by name."""

Networks: TypeAlias = Mapping[str, "Module"]
"""All modules of the game by player name."""

Side: TypeAlias = Literal["real", "fake", "mismatched"]
"""Real data; the generator's; real data beside the wrong condition."""


@dataclass(frozen=True)
class Field:
    """What one named entry of a batch is, so that networks can be sized without a number typed twice.

    `kind` says how it is read, shown and written: "image" (C, H, W), "video" (T, C, H, W), "volume" (C, D, H, W),
    "point" (D,), "category" (), "vector" (D,), "tokens" (L,), "boxes" or any word of a plugin. `shape` leaves out N.
    `cardinality` counts the values a category or token may take: classes, identities, vocabulary. `names` are theirs.
    """

    kind: str
    shape: tuple[int, ...] = ()
    cardinality: int | None = None
    names: tuple[str, ...] = ()


Fields: TypeAlias = Mapping[str, Any]
"""Field by name; with several datasets, a mapping of such mappings by dataset name."""


@dataclass(frozen=True)
class Batch(Mapping[str, Any]):
    """Named entries of `size` real samples. Tensors are (N, ...); an entry may also be a list (captions, file names).

    With several datasets the entries are batches themselves, by dataset name, and `size` is the counted one's.
    """

    entries: Mapping[str, Any]
    size: int

    def __getitem__(self, name: str) -> Any:
        try:
            return self.entries[name]
        except KeyError:
            raise KeyError(f"the batch has no '{name}'; it has {', '.join(self.entries) or 'nothing'}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True)
class View:
    """What one discriminator judges.

    `data` is a tensor (M, ...) or whatever its discriminator takes; `given` the condition beside it, if any.
    `judge` names the player that judges it (None: the one named like the view), so that one player may judge several.
    `against` names the players charged with making it believable.
    `rows` (M,) says which sample of the batch each row belongs to, where M is not N: regions, frames, and M may be 0.
    `pooled` sums the logits of the rows of one sample before they are charged (DVD-GAN, arXiv:1907.06571, section 3.2).
    """

    data: Any
    given: Any = None
    judge: str | None = None
    against: tuple[str, ...] = ("generator",)
    rows: Tensor | None = None
    pooled: bool = False

    def replace(self, **changes: Any) -> View:
        """The same view with some parts changed."""
        return replace(self, **changes)


Views: TypeAlias = Mapping[str, View]
"""View by name."""


@dataclass(frozen=True)
class Verdict:
    """What a discriminator answers: `logits` (M, ...), high = real, and `extras` (class, latent code, features).

    Several judgements of one network (two heads, two scales) are a mapping of named logits; each is charged on its own.
    """

    logits: Tensor | Mapping[str, Tensor]
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def judgements(self) -> Mapping[str, Tensor]:
        """Logits by name; a single judgement has the empty name."""
        return self.logits if isinstance(self.logits, Mapping) else {"": self.logits}


@dataclass(frozen=True)
class Progress:
    """Where a run is: rounds played, real samples shown, and how much of the budget that is (0..1)."""

    round: int = 0
    samples: int = 0
    fraction: float = 0.0

    @property
    def kimg(self) -> float:
        """Real samples shown, in thousands."""
        return self.samples / 1000


@dataclass(frozen=True)
class Cadence:
    """When something is due: every n-th round, from and until a budget in kimg."""

    every: int = 1
    from_kimg: float = 0.0
    until_kimg: float | None = None

    def due(self, progress: Progress) -> bool:
        """True in rounds 0, n, 2n, ... inside the window."""
        if progress.round % self.every or progress.kimg < self.from_kimg:
            return False
        return self.until_kimg is None or progress.kimg < self.until_kimg


@dataclass(frozen=True)
class Picture:
    """Something to look at: `kind` is a field's kind, `data` a tensor (N, ...) in [-1, 1] (points: any range)."""

    kind: str
    data: Tensor
