"""What the measurements say of a player, a view or the generator's reach, found by how they are named.

A name is words between slashes, and what was measured in a feature network ends in '@' and the network's name:
`coverage@flatten`, `coverage/b-training@projection-128`, `balance/image/auc`, `gradient-norm/generator`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

Measured = Mapping[str, float]


def measured(measurements: Measured, *names: str) -> float | None:
    """The measurement of the first of those names that was made, in whichever feature network; None if there is none at
    this tick, or if it is not a finite number."""
    for name in names:
        for key, value in measurements.items():
            if key.partition("@")[0] == name:
                return value if math.isfinite(value) else None
    return None


def variants(name: str) -> tuple[str, ...]:
    """What a number is called that compares with held-out or with training data, of averaged or of raw weights."""
    return name, f"{name}-training", f"{name}/raw", f"{name}-training/raw"


def by_subject(measurements: Measured, before: str, after: str = "") -> dict[str, float]:
    """Finite measurements called `before/<subject>/after`, by subject: "image", or "image/source" for one of several
    judgements."""
    begin, end = f"{before}/", f"/{after}" if after else ""
    return {
        name[len(begin) : len(name) - len(end)]: value
        for name, value in measurements.items()
        if name.startswith(begin) and name.endswith(end) and len(name) > len(begin) + len(end) and math.isfinite(value)
    }


def named(measurements: Measured, measurement: str) -> dict[str, float]:
    """That measurement, as if of the only field; empty if it was not made."""
    value = measured(measurements, measurement)
    return {} if value is None else {"": value}


def coverages(measurements: Measured, *, raw: bool = False, of: str = "coverage") -> dict[str, float]:
    """Coverage of the averaged generator, or of the raw one, by the field that is made ("" where there is but one); or
    another number that is named like it.

    Where the coverage of training data is measured beside that of held-out data, it is taken: held-out data may differ
    in kind.
    """
    found: dict[str, float] = {}
    for key, value in measurements.items():
        name = key.partition("@")[0]
        is_raw, name = name.endswith("/raw"), name.removesuffix("/raw")
        of_training, name = name.endswith("-training"), name.removesuffix("-training")
        if is_raw is not raw or not math.isfinite(value):
            continue
        if name == of or name.startswith(f"{of}/"):
            field = name.removeprefix(of).removeprefix("/")
            if of_training or field not in found:
                found[field] = value
    return found
