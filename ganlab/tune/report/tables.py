"""The tables of a study: health of every seed, what giving up saved, and all trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganlab.tune.giving_up import SICK
from ganlab.tune.report.html import Html, element, joined, number, row, table
from ganlab.tune.row import Row
from ganlab.tune.score import SeedResult
from ganlab.tune.settings import shortened, shown
from ganlab.tune.standing import Standing
from ganlab.values import Ending
from ganlab.words import duration


def health(now: Standing) -> Html:
    """A line for each trial that was played, a field for each seed."""
    played = [each for each in now.rows if each.results]
    if not played:
        return element("p", "No seed has been played yet.", class_="note")
    most = max(each.seeds for each in played)
    rows = [
        row(
            _link(each),
            each.state,
            *(_seed(result) for result in each.results),
            *([element("td", class_="unplayed")] * (most - each.seeds)),
            each.reason,
        )
        for each in played
    ]
    note = element(
        "p",
        "Of every seed its value and, if a critical finding stood for some of its time, for how much. ",
        *(element("span", word, class_=f"field {word}") for word in ("finished", "sick", "dead", "ended")),
        f" sick: for more than {SICK:.0%}; ended: given up before its end.",
        class_="note",
    )
    heads = ["trial", "state", *(f"seed {seed}" for seed in range(most)), "why"]
    return joined(note, table(heads, rows, class_="health"))


def _seed(result: SeedResult) -> Html:
    if result.dead:
        state, why = "dead", result.reason
    elif result.ending != Ending.FINISHED:
        state, why = "ended", f"ended at {result.kimg:g} kimg"
    else:
        state, why = ("sick" if result.unhealthy > SICK else "finished"), "finished"
    sick = f" · {result.unhealthy:.0%}" if result.unhealthy else ""
    return element("td", number(result.value) + sick, class_=f"field {state}", title=why)


def savings(now: Standing) -> Html:
    """Seconds by the reason for which trials were given up."""
    whole = now.seconds + now.saved
    if not whole:
        return element("p", "Nothing has been trained yet.", class_="note")
    causes: dict[str, list[Row]] = {}
    for each in now.rows:
        if each.cause:
            causes.setdefault(each.cause, []).append(each)
    ordered = sorted(causes.items(), key=lambda item: -sum(each.saved for each in item[1]))
    told = [
        element("span", f"{duration(now.seconds)} trained", class_="trained"),
        f", where all seeds of all trials would have taken {duration(whole)}: ",
        element("span", f"{duration(now.saved)} saved", class_="saved"),
        f", {now.saved / whole:.0%}.",
    ]
    bar = element(
        "svg",
        element("rect", x=0, y=2, width=round(600 * now.seconds / whole, 1), height=14, class_="trained"),
        element(
            "rect",
            x=round(600 * now.seconds / whole, 1),
            y=2,
            width=round(600 * now.saved / whole, 1),
            height=14,
            class_="saved",
        ),
        viewBox="0 0 600 18",
        class_="bar wide",
        aria_hidden="true",
    )
    rows = [
        row(
            cause,
            _number(str(len(found))),
            _number(duration(sum(each.seconds for each in found))),
            _number(duration(sum(each.saved for each in found))),
        )
        for cause, found in ordered
    ]
    return joined(
        element("p", *told), bar, table(["given up for", "trials", "trained", "saved"], rows) if rows else None
    )


def trials(now: Standing) -> Html:
    """Everything, one line each."""
    names = list(dict.fromkeys(name for each in now.rows for name in each.params))
    best = now.best
    rows = [
        row(
            str(each.number),
            each.state + (" · best" if best is not None and each.number == best.number else ""),
            _number(number(each.score)),
            _number(f"{each.seeds}" + (f", {each.dead} dead" if each.dead else "")),
            *(_number(_value(each.params[name]) if name in each.params else "") for name in names),
            _number(duration(each.seconds)),
            _number(duration(each.saved) if each.saved else ""),
            joined("the recipe as it is. " if each.baseline else "", each.reason),
            _commands(each.commands),
            id=f"trial-{each.number}",
            class_="best" if best is not None and each.number == best.number else None,
        )
        for each in now.rows
    ]
    heads = ["trial", "state", "score", "seeds", *map(_name, names), "trained", "saved", "why", "runs"]
    return table(heads, rows, class_="trials") if rows else element("p", "There is no trial yet.", class_="note")


def _link(each: Row) -> Html:
    return element("td", element("a", str(each.number), href=f"#trial-{each.number}"))


def _name(key: str) -> Html:
    return element("span", shortened(key), title=key)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


def _number(text: str) -> Html:
    return element("td", text, class_="number")


def _commands(commands: Sequence[str]) -> Html:
    if not commands:
        return Html("")
    lines = [element("pre", element("code", each)) for each in commands]
    return element("details", element("summary", f"{len(commands)}"), *lines)
