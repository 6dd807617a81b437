"""What plugins answer, checked where it comes in: measurements, findings, actions and state are what they should be.

A wrong answer that got in would be met far away: in a reporter that cannot write it, in a checkpoint that cannot hold
it, or nowhere, as a learning rate that is not a number.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from numbers import Real
from typing import Any, get_args

from ganlab.values import (
    Action,
    Finding,
    RollBack,
    ScaleLearningRate,
    ScaleWeight,
    SetProbability,
    SetTurns,
    SetWeight,
    Severity,
    Stop,
)

MOST_MEASUREMENTS = 10_000
MOST_SAID = 1_000
"""Findings, or actions, of one plugin at one tick."""

LONGEST_NAME = 200
MOST_LEVELS = 60


class WrongAnswer(Exception):
    """What a plugin answered, and what was expected: "answered a list, expected ..."."""


def checked_measurements(answer: Any, taken: Container[str] = ()) -> dict[str, float]:
    """Numbers by name. NaN and infinity are measurements; a name that is `taken` would hide another's."""
    if not isinstance(answer, Mapping):
        raise WrongAnswer(f"answered {kind(answer)}, expected numbers by name")
    if len(answer) > MOST_MEASUREMENTS:
        raise WrongAnswer(f"answered {len(answer)} measurements, expected at most {MOST_MEASUREMENTS}")
    measured = {}
    for name, value in answer.items():
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
            raise WrongAnswer(f"measured {name!r:.80}, expected a name of at most {LONGEST_NAME} printable letters")
        if name in taken:
            raise WrongAnswer(f"measured '{name}', which has been measured already at this tick; give it another name")
        measured[name] = number(value, f"measured '{name}' as")
    return measured


def checked_findings(answer: Any) -> tuple[Finding, ...]:
    """Findings, their numbers as plain ones."""
    return tuple(_finding(each) for each in _several(answer, "findings"))


def checked_actions(answer: Any) -> tuple[Action, ...]:
    """Actions whose numbers lie where they may."""
    actions = _several(answer, "actions")
    for each in actions:
        if not isinstance(each, get_args(Action)):
            known = ", ".join(one.__name__ for one in get_args(Action))
            raise WrongAnswer(f"answered {kind(each)} among its actions, expected one of {known}")
        _check_action(each)
    return actions


def checked_state(state: Any) -> dict[str, Any]:
    """What a checkpoint can hold: tables, lists, numbers, text, and tensors."""
    if not isinstance(state, Mapping):
        raise WrongAnswer(f"has {kind(state)} for a state, expected a mapping")
    _check_plain(state, "state", 0)
    return dict(state)


def number(value: Any, what: str) -> float:
    """A plain number, NaN and infinity too; numpy's are welcome, tensors are not, since to read them is to wait."""
    try:
        if isinstance(value, Real):
            return float(value)
    except (OverflowError, ValueError, TypeError):
        pass
    hint = "; call .item()" if hasattr(value, "item") and callable(value.item) else ""
    raise WrongAnswer(f"{what} {kind(value)}, expected a number{hint}")


def kind(value: Any) -> str:
    """ "a list", "nothing"."""
    if value is None:
        return "nothing"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _several(answer: Any, what: str) -> tuple[Any, ...]:
    """The items of an iterable; a generator is run through here, so that it raises here."""
    if answer is None or isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Iterable):
        raise WrongAnswer(f"answered {kind(answer)}, expected a list of {what}")
    items = tuple(islice(answer, MOST_SAID + 1))
    if len(items) > MOST_SAID:
        raise WrongAnswer(f"answered more than {MOST_SAID} {what} at one tick")
    return items


def _finding(finding: Any) -> Finding:
    if not isinstance(finding, Finding):
        raise WrongAnswer(f"answered {kind(finding)} among its findings, expected a Finding")
    for name in ("monitor", "sentence", "advice", "subject"):
        text = getattr(finding, name)
        if not isinstance(text, str) or not (text or name in ("advice", "subject")):
            raise WrongAnswer(f"answered a finding whose {name} is {kind(text) if text != '' else 'empty'}")
    if not isinstance(finding.severity, Severity):
        raise WrongAnswer(f"answered a finding whose severity is {finding.severity!r:.80}, expected a Severity")
    if not isinstance(finding.causes, tuple) or not all(isinstance(each, str) for each in finding.causes):
        raise WrongAnswer(f"answered a finding whose causes are {finding.causes!r:.80}, expected a tuple of sentences")
    if not isinstance(finding.over, bool):
        raise WrongAnswer(f"answered a finding whose over is {kind(finding.over)}, expected True or False")
    if not isinstance(finding.evidence, Mapping):
        raise WrongAnswer(f"answered a finding whose evidence is {kind(finding.evidence)}, expected numbers by name")
    return replace(
        finding,
        kimg=number(finding.kimg, "answered a finding whose kimg is"),
        began_kimg=number(finding.began_kimg, "answered a finding whose began_kimg is"),
        round=int(_within(finding.round, "round", lambda value: value >= 0, "a round", "a finding")),
        evidence={str(name): number(value, f"gave as evidence '{name}'") for name, value in finding.evidence.items()},
    )


def _check_action(action: Action) -> None:
    what = type(action).__name__
    if isinstance(action, ScaleLearningRate | ScaleWeight):
        _within(action.factor, "factor", lambda value: value > 0, "a finite number above 0", what)
    elif isinstance(action, SetWeight):
        _within(action.weight, "weight", lambda value: value >= 0, "a finite number from 0", what)
    elif isinstance(action, SetProbability):
        _within(action.probability, "probability", lambda value: value <= 1 and value >= 0, "0 to 1", what)
    elif isinstance(action, SetTurns):
        _within(action.turns, "turns", lambda value: value in range(1001), "a whole number from 0 to 1000", what)
    elif isinstance(action, Stop | RollBack) and not (isinstance(action.reason, str) and action.reason):
        raise WrongAnswer(f"answered {what} without a reason, expected a sentence")


def _within(value: Any, name: str, inside: Callable[[float], bool], expected: str, what: str) -> float:
    told = number(value, f"answered {what} with {name} =")
    if not math.isfinite(told) or not inside(told):
        raise WrongAnswer(f"answered {what} with {name} = {told:g}, expected {expected}")
    return told


def _check_plain(value: Any, where: str, level: int) -> None:
    if level > MOST_LEVELS:
        raise WrongAnswer(f"has a state of more than {MOST_LEVELS} levels at {where:.200}")
    if isinstance(value, Mapping):
        for key, each in value.items():
            if not isinstance(key, str | int):
                raise WrongAnswer(f"has {key!r:.80} as a key in {where}, expected text or a whole number")
            _check_plain(each, f"{where}.{key}", level + 1)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            _check_plain(each, f"{where}.{index}", level + 1)
    elif not isinstance(value, bool | int | float | str | type(None)) and not is_tensor(value):
        raise WrongAnswer(f"has {kind(value)} at {where}, expected numbers, text, lists, tables and tensors")


def is_tensor(value: Any) -> bool:
    """True for a torch tensor; without torch there is none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)
