"""How a recipe says who looks at the run, who judges, who acts and who records; and the standard, where it does not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ganlab.recipe.parts import Component, Count, Positive, Table


class DiagnosticSetting(Component):
    """A diagnostic and how often it is asked."""

    every: Count = Field(1, description="asked at every n-th tick")
    label: str | None = Field(None, description="what --set calls it, where a diagnostic stands twice")


class InterventionSetting(Component):
    """An intervention, and how often it may act."""

    mode: Literal["act", "observe"] = Field("act", description="'observe': say what it would have done, and do nothing")
    limit: Count | None = Field(
        None, description="at most so many times in a run; 10 if left out, unless it takes small steps at every tick"
    )
    cool_down: Annotated[int, Field(ge=0, le=2**40)] | None = Field(
        None, description="not within so many ticks of the last time; 2 if left out, unless it takes small steps"
    )


STANDARD_DIAGNOSTICS = [
    DiagnosticSetting(name="coverage", count=384),
    DiagnosticSetting(name="coverage", label="raw-coverage", count=384, weights="raw", every=10),
    DiagnosticSetting(name="balance", every=2),
    DiagnosticSetting(name="probe-gap", every=10),
]
"""Less than 3 % of the rounds of a small convolutional game (benchmarks/watching.py), most of it the samples: with 384
of them no detection is lost to noise, with fewer some healthy runs are found ill (benchmarks/LOG.md)."""

STANDARD_MONITORS = [
    Component(name="lost-coverage"),
    Component(name="never-covered"),
    Component(name="stale-discriminator"),
    Component(name="discriminator-dominates"),
    Component(name="discriminator-useless"),
    Component(name="dead-player"),
    Component(name="divergence"),
    Component(name="non-finite"),
]
"""What they can judge."""


class WatchSetting(Table):
    """What is measured, judged, done and recorded while the run goes on."""

    tick_kimg: Positive | None = Field(
        None, description="a tick is due every so many kimg; 1/50 of the budget, as first given, if left out"
    )
    picture_every: Count = Field(5, description="pictures at every n-th tick, and at the last")
    picture_count: Annotated[int, Field(ge=1, le=4096)] = 64
    diagnostics: list[DiagnosticSetting] = Field(
        STANDARD_DIAGNOSTICS, description="what is measured; the standard, which costs little, if left out, [] for none"
    )
    monitors: list[Component] = Field(
        STANDARD_MONITORS,
        description="who judges it; the standard ones, which only say what they find, if left out, [] for none",
    )
    interventions: list[InterventionSetting] = []
    reporters: list[Component] = [
        Component(name="jsonl"),
        Component(name="tensorboard"),
        Component(name="samples"),
    ]
    observers: list[str] = Field([], description="plugins whose observer hooks are called")
