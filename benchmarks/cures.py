"""Interventions one by one, as a recipe would name them: what each may do, what must wait in reserve for it, and the
games whose failings it is made for.

What waits in reserve (an augmentation with probability 0, a term with weight 0) changes no bit of a game in which it
is never brought in. `JUDGE` stands for the discriminator's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JUDGE = "{judge}"

STARVED = ("ring-starved", "ring-quarter", "digits-starved", "dcgan-starved")
"""The discriminator cannot follow, from the start."""

DISTURBED = (
    "ring-judge-x50",
    "ring-maker-x20",
    "digits-judge-x50",
    "digits-maker-x20",
    "dcgan-maker-x20",
)
"""A learning rate is multiplied in mid-run."""

HEALTHY = ("ring-r1", "ring-plain", "digits-r1", "dcgan-healthy")

WINNING = ["discriminator-dominates", "discriminator-over-fits", "lost-coverage"]

MONITORS = [
    {"name": "lost-coverage"},
    {"name": "never-covered"},
    {"name": "stale-discriminator", "grace": 0.1},
    {"name": "discriminator-dominates"},
    {"name": "discriminator-over-fits"},
    {"name": "divergence"},
]

DIAGNOSTICS = [
    {"name": "coverage"},
    {"name": "coverage", "label": "raw", "weights": "raw"},
    {"name": "coverage", "label": "training", "of": "training"},
    {"name": "balance"},
    {"name": "probe-gap"},
]

CONTROLLER = {"name": "probe-gap-controller", "factor": 4.0, "limit": 10, "cool_down": 0}
ROLL_BACK = {"name": "roll-back", "factor": 0.2, "limit": 3, "cool_down": 3}


@dataclass(frozen=True)
class Cure:
    """Interventions, what waits in the recipe for them, and for which games it is meant."""

    interventions: Sequence[Mapping[str, Any]]
    games: Sequence[str]
    reserve: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def named(part: Any, judge: str) -> Any:
    """The same with the discriminator's name in it."""
    if isinstance(part, Mapping):
        return {key: named(value, judge) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [named(value, judge) for value in part]
    return judge if part == JUDGE else part


def waiting(term: str) -> dict[str, Any]:
    """A term that nobody is charged yet."""
    return {"name": term, "on": JUDGE, "weight": 0.0, "label": f"spare-{term}"}


CURES: dict[str, Cure] = {
    "both": Cure([CONTROLLER, ROLL_BACK], (*STARVED, *DISTURBED, *HEALTHY)),
    "controller": Cure([CONTROLLER], (*STARVED, *HEALTHY)),
    "roll-back": Cure([ROLL_BACK], (*DISTURBED, *HEALTHY)),
    "faster": Cure(
        [{"name": "scale-learning-rate", "monitors": ["stale-discriminator"], "factor": 4.0, "most": 4e-3}],
        ("ring-starved", "ring-quarter", "digits-starved", "ring-plain"),
    ),
    "slower": Cure(
        [{"name": "scale-learning-rate", "monitors": ["lost-coverage"], "factor": 0.2, "limit": 3}],
        ("ring-judge-x50", "ring-maker-x20", "digits-maker-x20", "digits-judge-x50", "ring-plain"),
    ),
    "turns": Cure(
        [{"name": "set-turns", "player": JUDGE, "turns": 5, "monitors": ["stale-discriminator"]}],
        ("ring-starved", "ring-quarter", "digits-starved", "ring-plain"),
    ),
    "penalty": Cure(
        [{"name": "scale-regularisation", "factor": 4.0, "monitors": [*WINNING, "divergence"], "limit": 3}],
        ("digits-maker-x20", "digits-judge-x50", "digits-r1"),
    ),
    "spare-r1": Cure(
        [{"name": "switch-on", "term": "spare-r1", "weight": 0.05, "monitors": WINNING}],
        ("ring-judge-x50", "ring-maker-x20", "digits-few-data", "ring-plain"),
        {"terms": [waiting("r1")]},
    ),
    "spare-lecam": Cure(
        [{"name": "switch-on", "term": "spare-lecam", "weight": 0.3, "monitors": WINNING}],
        ("ring-judge-x50", "ring-maker-x20", "digits-few-data", "ring-plain"),
        {"terms": [waiting("lecam")]},
    ),
    "instance-noise": Cure(
        [{"name": "instance-noise", "monitors": WINNING}],
        ("ring-judge-x50", "ring-maker-x20", "digits-judge-x50", "ring-plain"),
        {"augmentations": [{"name": "instance-noise", "probability": 0.0, "deviation": 0.1}]},
    ),
    "diff-augment": Cure(
        [{"name": "switch-on", "augmentation": "diff-augment", "monitors": WINNING}],
        ("digits-few-data", "digits-judge-x50", "digits-r1"),
        {
            "augmentations": [
                {"name": "diff-augment", "probability": 0.0, "policies": ["translation", "cutout"], "cutout": 0.3}
            ]
        },
    ),
    "adapt": Cure(
        [{"name": "adapt-augmentation", "kimg": 20.0}],
        ("digits-few-data", "digits-judge-x50", "digits-r1"),
        {"augmentations": [{"name": "ada", "probability": 0.0}]},
    ),
    "adapt-slowly": Cure(
        [{"name": "adapt-augmentation", "kimg": 100.0}],
        ("digits-few-data", "digits-judge-x50", "digits-r1"),
        {"augmentations": [{"name": "ada", "probability": 0.0}]},
    ),
}
