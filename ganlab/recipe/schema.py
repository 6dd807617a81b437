"""The recipe as a typed tree. Field descriptions are the documentation: `ganlab recipe schema` prints them."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from ganlab.errors import RecipeError
from ganlab.recipe.parts import LARGEST, BatchSize, Component, Count, Finite, NotNegative, Positive, Table
from ganlab.recipe.tree import check_plain
from ganlab.recipe.watch import WatchSetting
from ganlab.validation import explain, short
from ganlab.values import Search


class Ramp(Table):
    """A number that moves from `start` to `end` while the run goes on."""

    start: NotNegative
    end: NotNegative
    from_kimg: NotNegative = 0.0
    until_kimg: Positive | None = Field(None, description="the end of the budget if left out")
    shape: Literal["linear", "geometric"] = Field("linear", description="by equal steps, or by equal factors")

    @model_validator(mode="after")
    def _factors_need_numbers_above_zero(self) -> Ramp:
        if self.shape == "geometric" and not (self.start and self.end):
            raise ValueError("shape = 'geometric' needs start and end above 0")
        return self


Weight = NotNegative | Ramp


class Schedule(Table):
    """A factor on a player's learning rate, as a function of the samples shown."""

    shape: Literal["linear", "cosine", "step"] = Field("linear", description="how it falls from 1 to `final`")
    warm_up_kimg: NotNegative = Field(0.0, description="rises from 0 to 1 over this many kimg")
    from_kimg: NotNegative = Field(0.0, description="begins to fall here")
    until_kimg: Positive | None = Field(None, description="reaches `final` here; the end of the budget if left out")
    final: NotNegative = Field(0.0, description="the factor at the end; for 'step', the factor at each step")
    every_kimg: Annotated[float, Field(ge=0.001, le=LARGEST, allow_inf_nan=False)] | None = Field(
        None, description="for 'step': multiplied by `final` once in so many kimg"
    )

    @model_validator(mode="after")
    def _step_needs_a_length(self) -> Schedule:
        if (self.shape == "step") != (self.every_kimg is not None):
            raise ValueError("every_kimg belongs to shape = 'step', and 'step' needs it")
        if self.shape == "step" and self.final > 1:
            raise ValueError(f"final = {self.final:g}: a learning rate falls by steps; give a factor of at most 1")
        return self


class PlayerSetting(Table):
    """Networks, their optimiser and their moving average."""

    architecture: Component
    optimizer: Component = Component(name="adam")
    schedule: Schedule | None = Field(None, description="learning-rate schedule; constant if left out")
    clip_norm: Positive | None = Field(None, description="the gradient is scaled down to this norm")
    ema_half_life_kimg: Annotated[Positive | None, Search(0.1, 50.0, log=True)] = Field(
        None, description="keep a moving average of the weights"
    )
    ema_ramp_up: Positive | None = Field(
        None, description="half-life is at most this share of the samples shown so far"
    )
    ema_from_kimg: NotNegative = Field(0.0, description="until here the average is a copy of the weights")
    sampling_mode: Literal["evaluate", "train"] = Field(
        "evaluate", description="mode of normalisation when sampling; pix2pix samples in 'train' mode"
    )

    @field_validator("optimizer", mode="before")
    @classmethod
    def _adam_unless_named(cls, value: Any) -> Any:
        return {"name": "adam", **value} if isinstance(value, dict) else value


class ViewSetting(Table):
    """Weights of the adversarial loss on one view, side by side; each may be a ramp, and at 0 nobody is charged."""

    loss: Component | None = Field(None, description="a loss of its own; the recipe's if left out")
    real: Weight = Field(1.0, description="the discriminator's cost on real data")
    fake: Weight = Field(1.0, description="the discriminator's cost on generated data")
    mismatched: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="share of the fake side that goes to real data with the wrong condition, where a view has it"
    )
    generator: Weight = Field(1.0, description="the cost of those the view is played against")
    judgements: dict[str, NotNegative] = Field({}, description="weight of each named judgement; 1 if left out")
    from_kimg: NotNegative = Field(0.0, description="charged from here")
    until_kimg: Positive | None = Field(None, description="charged until here")


class TermSetting(Component):
    """A cost beside the adversarial loss."""

    on: str = Field(description="the player that is charged")
    weight: Annotated[Weight, Search(1e-2, 1e2, log=True)] = 1.0
    every: Count = Field(1, description="lazy: charged every n-th round, n times as much")
    from_kimg: NotNegative = 0.0
    until_kimg: Positive | None = None
    label: str | None = Field(None, description="what it is called in measurements and --set; its name if left out")

    @property
    def key(self) -> str:
        """What it is addressed by."""
        return self.label or self.name


class AugmentationSetting(Component):
    """A random change of views, real and fake alike."""

    views: list[str] | None = Field(None, description="the views it changes; all if left out")


class PhaseSetting(Table):
    """When a player moves within a round, and on what."""

    player: str
    turns: Annotated[int, Field(ge=1, le=1000), Search(1, 5)] = 1
    every: Count = Field(1, description="in every n-th round")
    from_kimg: NotNegative = 0.0
    until_kimg: Positive | None = None
    batch: Literal["kept", "fresh"] = Field(
        "kept", description="'fresh': each turn takes a new real batch, and counts it"
    )
    fake: Literal["kept", "fresh"] = Field("kept", description="'fresh': each turn draws anew; else the fake is reused")


class DatasetSetting(Component):
    """One of several streams of real data."""

    batch_size: BatchSize | None = Field(None, description="its share of a round; the recipe's batch_size if left out")


class Goal(Table):
    """A measurement that ends a stage before its budget does."""

    measurement: str
    below: Finite | None = None
    above: Finite | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Goal:
        if (self.below is None) == (self.above is None):
            raise ValueError("give one of below and above")
        return self


class Stage(Table):
    """A stretch of the budget with its own data, task, phases or terms; what it leaves out is the recipe's."""

    name: str
    kimg: Positive = Field(description="how long it lasts; the last stage lasts to the end of the budget")
    task: Component | None = None
    dataset: Component | None = None
    datasets: dict[str, DatasetSetting] | None = None
    batch_size: BatchSize | None = None
    loss: Component | None = None
    views: dict[str, ViewSetting] | None = None
    phases: list[PhaseSetting] | None = None
    terms: list[TermSetting] | None = None
    goal: Goal | None = None


class Recipe(Table):
    """Everything that decides a run."""

    about: str = Field("", description="paper, command, hardware, time and the score to expect")
    budget_kimg: Positive | None = Field(None, description="real samples shown, in thousands")
    budget_rounds: Count | None = Field(None, description="the budget in rounds, instead")
    batch_size: Annotated[BatchSize, Search(among=(16, 32, 64, 128, 256))] = Field(
        64, description="real samples on the table in one round, over all processes"
    )
    accumulate: Count = Field(1, description="a round's batch is split into so many parts, their gradients summed")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    memory_format: Literal["contiguous", "channels_last"] = "contiguous"
    threads: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None, description="CPU threads, which decide bits; torch's choice if left out, and OMP_NUM_THREADS wins"
    )
    checkpoint_seconds: Positive = Field(60.0, description="at most so much work is lost; a save also ends each run")
    task: Component
    dataset: Component | None = None
    datasets: dict[str, DatasetSetting] | None = Field(
        None, description="several streams by name, instead of `dataset`"
    )
    counted: str | None = Field(None, description="the dataset whose samples the budget counts; the first if left out")
    loss: Component
    views: dict[str, ViewSetting] = {}
    players: dict[str, PlayerSetting]
    phases: list[PhaseSetting] | None = Field(None, description="order of play; judges, then generators, if left out")
    terms: list[TermSetting] = []
    augmentations: list[AugmentationSetting] = []
    stages: list[Stage] = []
    watch: WatchSetting = WatchSetting()

    @property
    def kimg(self) -> float:
        """The budget in kimg; given in rounds, each counts its batch and every fresh one it takes."""
        if self.budget_kimg is not None:
            return self.budget_kimg
        phases = self.phases or []
        fresh = sum(phase.turns for phase in phases if phase.batch == "fresh")
        first_is_fresh = bool(phases) and phases[0].batch == "fresh"
        return (self.budget_rounds or 0) * self.batch_size * (1 + fresh - first_is_fresh) / 1000

    @model_validator(mode="after")
    def _one_budget_and_one_source(self) -> Recipe:
        if (self.budget_kimg is None) == (self.budget_rounds is None):
            raise ValueError("give one of budget_kimg and budget_rounds")
        if (self.dataset is None) == (self.datasets is None):
            raise ValueError("give one of dataset and datasets")
        if self.counted is not None and self.counted not in (self.datasets or {}):
            raise ValueError(f"counted = '{short(self.counted)}' is none of the datasets")
        if self.batch_size % self.accumulate:
            raise ValueError(f"accumulate = {self.accumulate} does not divide batch_size = {self.batch_size}")
        for key, count in Counter(term.key for term in self.terms).items():
            if count > 1:
                raise ValueError(f"{'two' if count == 2 else count} terms are called '{key}': give each a label")
        return self


def parse(tree: Mapping[str, Any]) -> Recipe:
    """The typed recipe of a TOML tree. Raises `RecipeError` with one line per problem, by dotted path."""
    check_plain(tree)
    try:
        return Recipe.model_validate_json(json.dumps(tree, default=os.fsdecode), strict=True)
    except ValidationError as error:
        raise RecipeError("\n".join(explain(error, Recipe))) from None
