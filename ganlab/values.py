"""The nouns of the game: plain, frozen, free of torch.

What a dataset holds (`Field`, `Batch`), what a discriminator is shown and answers (`View`, `Verdict`), when a phase
is played (`Cadence`, `Progress`), and what the watch says (`Measurement`, `Finding`, `Action`, `Outcome`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
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
class Measurement:
    """A number with its name, and where the run was. `value` may be NaN: it was measured and was not a number."""

    name: str
    value: float
    kimg: float
    round: int


class Severity(StrEnum):
    """How much a finding matters: worth knowing, worth acting on, or the run is dead."""

    NOTE = "note"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Finding:
    """A sentence about the run, with its evidence. `began_kimg` is where the trouble began, `advice` what to do."""

    monitor: str
    sentence: str
    severity: Severity
    kimg: float
    round: int
    began_kimg: float
    evidence: Mapping[str, float] = field(default_factory=dict)
    advice: str = ""


@dataclass(frozen=True)
class ScaleLearningRate:
    """Multiply a player's learning rate by `factor`."""

    player: str
    factor: float


@dataclass(frozen=True)
class SetWeight:
    """Give the term `term` the weight `weight`."""

    term: str
    weight: float


@dataclass(frozen=True)
class SetTurns:
    """Let `player` move `turns` times a round."""

    player: str
    turns: int


@dataclass(frozen=True)
class SetProbability:
    """Let the augmentation `augmentation` act on a sample with this probability (0..1)."""

    augmentation: str
    probability: float


@dataclass(frozen=True)
class Stop:
    """End the run."""

    reason: str


Action: TypeAlias = ScaleLearningRate | SetWeight | SetTurns | SetProbability | Stop
"""What an intervention asks for; only the engine carries it out."""


class Ending(StrEnum):
    """How a run can end."""

    FINISHED = "finished"
    STOPPED = "stopped"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"


@dataclass(frozen=True)
class Outcome:
    """How the run ended, in a sentence, and where it was."""

    ending: Ending
    sentence: str
    progress: Progress
    seconds: float = 0.0


@dataclass(frozen=True)
class Picture:
    """Something to look at: `kind` is a field's kind, `data` a tensor (N, ...) in [-1, 1] (points: any range)."""

    kind: str
    data: Tensor


@dataclass(frozen=True)
class Tick:
    """All that was learnt at one tick: measurements, findings, the actions carried out, and pictures if due."""

    progress: Progress
    measurements: Mapping[str, float]
    findings: tuple[Finding, ...] = ()
    actions: tuple[Action, ...] = ()
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    seconds: float = 0.0
    images_per_second: float = 0.0
