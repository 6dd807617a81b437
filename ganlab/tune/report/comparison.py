"""The recipe as it is beside the best setting: what is gained, by what, and how to play both."""

from __future__ import annotations

from typing import Any

from ganlab.assemble.difference import differing
from ganlab.recipe import override
from ganlab.recipe.settings import as_settings
from ganlab.tune.confirmation import held
from ganlab.tune.report.html import Html, element, joined, number, row, table
from ganlab.tune.row import Row
from ganlab.tune.standing import Standing


def gain(baseline: Row | None, best: Row | None) -> str:
    """What the best has over the recipe as it is, in a few words; nothing if one is missing."""
    if baseline is None or best is None or baseline.score is None or best.score is None:
        return ""
    if best.number == baseline.number:
        return "none: the recipe as it is is the best"
    if baseline.score > 0 and best.score > 0:
        ratio = baseline.score / best.score
        return f"{ratio:.3g} times less" if ratio >= 2 else f"{1 - 1 / ratio:.1%} less"
    return f"{number(baseline.score - best.score)} less"


def comparison(now: Standing) -> Html:
    """Settings, seeds and commands of both."""
    baseline, best = now.baseline, now.best
    if best is None:
        told = element("p", f"No setting has stayed healthy with all {now.plan.seeds} seeds yet.", class_="caution")
        return joined(told, _seeds({"the recipe as it is": baseline}), _commands("the recipe as it is", baseline))
    if baseline is None or best.number == baseline.number:
        why = "The recipe as it is has not been played yet." if baseline is None else "The recipe as it is is the best."
        found = {"best": best}
    else:
        why = f"Trial {best.number} against trial {baseline.number}: {gain(baseline, best)}."
        found = {"the recipe as it is": baseline, "best": best}
    return joined(
        element("p", why),
        _recipes(now, baseline, best),
        _seeds(found),
        *(element("p", f"{each[0].upper()}{each[1:]}.", class_="note") for each in held(now)),
        *(_commands(name, each) for name, each in found.items()),
    )


def _recipes(now: Standing, baseline: Row | None, best: Row) -> Html:
    """In what their recipes differ."""
    before = override(now.plan.tree, as_settings(baseline.settings if baseline else {}))
    changes = differing(before, override(now.plan.tree, as_settings(best.settings)))
    if not changes:
        return element("p", "Their recipes are the same.", class_="note")
    rows = [
        row(element("code", key), *(element("td", _value(each), class_="number") for each in pair))
        for key, pair in changes.items()
    ]
    return table(["recipe", "as it is", f"best, trial {best.number}"], rows)


def _seeds(found: dict[str, Any]) -> Html | None:
    """The value of every seed."""
    played = {name: each for name, each in found.items() if each is not None}
    most = max((each.seeds for each in played.values()), default=0)
    if not most:
        return None
    rows = [
        row(
            name,
            element("td", number(each.score), class_="number"),
            *(
                element("td", number(result.value) + (" dead" if result.dead else ""), class_="number")
                for result in each.results
            ),
            *([""] * (most - each.seeds)),
        )
        for name, each in played.items()
    ]
    return table(["", "score", *(f"seed {seed}" for seed in range(most))], rows)


def _commands(name: str, found: Row | None) -> Html | None:
    if found is None or not found.commands:
        return None
    lines = [element("pre", element("code", each)) for each in found.commands]
    return element("details", element("summary", f"Commands of {name}, trial {found.number}"), *lines)


def _value(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
