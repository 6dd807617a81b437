"""A study as one HTML page: what was asked, what came of it, and what it cost. It asks nothing of any other machine and
has no script at all, so that whatever stands in a name or a setting stays text."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from ganlab.tune.importance import Importance
from ganlab.tune.plan import Plan
from ganlab.tune.ranges import Ranges
from ganlab.tune.report.charts import bars, history
from ganlab.tune.report.colours import Colours, shade
from ganlab.tune.report.comparison import comparison, gain
from ganlab.tune.report.html import Html, element, joined, number, row
from ganlab.tune.report.parallel import parallel
from ganlab.tune.report.tables import health, savings, trials
from ganlab.tune.result import COMPLETE, PRUNED
from ganlab.tune.standing import Standing
from ganlab.words import duration


def page(now: Standing, found: Importance) -> str:
    """The whole page."""
    style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"Study {now.plan.name}"),
        element("style", Html(style)),
    )
    return "<!DOCTYPE html>\n" + element("html", head, element("body", element("main", *_body(now, found))), lang="en")


def _body(now: Standing, found: Importance) -> list[Html]:
    plan, colours = now.plan, Colours(now.rows)
    return [
        element("h1", f"Study {plan.name}"),
        _question(plan),
        _tiles(now),
        _section("Baseline against best", comparison(now)),
        _section(
            "History",
            element(
                "p",
                "The score of a trial is the mean over its seeds and one standard deviation; a seed that collapsed "
                "counts as what it had come to, one that diverged as the worst that was measured in it, and what was "
                "given up has the score of what was played.",
                class_="note",
            ),
            history(now.rows, colours),
            _legend(),
        ),
        _section("What decides it", *_importance(found)),
        _section("Settings", parallel(now.rows, colours), _legend()),
        _section("Health of each trial", health(now)),
        _section("What giving up saved", savings(now)),
        _section("All trials", trials(now)),
        element("footer", f"ganlab, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
    ]


def _section(title: str, *content: Html) -> Html:
    return element("section", element("h2", title), *content)


def _question(plan: Plan) -> Html:
    asked = plan.about or (
        f"Which settings of '{plan.recipe_name}' keep {plan.objective} small, and stay healthy with all seeds?"
    )
    facts = {
        "recipe": plan.recipe_name,
        "objective": f"{plan.objective.removeprefix('-')}, {'more' if plan.objective.startswith('-') else 'less'} is "
        "better" + (", with a minus before it below" if plan.objective.startswith("-") else ""),
        "seeds": f"{plan.seeds} for each setting, of which {f'{plan.tolerance:.0%}' if plan.tolerance else 'none'} may "
        "collapse or diverge",
        "given up": ", ".join(f"{each:.0%}" for each in plan.rungs) + " of the budget: who is not among the best"
        if plan.rungs
        else "not while a seed is played",
        "at the end": f"the best is played again with {plan.fresh_seeds} fresh seeds"
        if plan.fresh_seeds
        else "nothing",
    }
    rows = [row(element("td", key, class_="key"), value) for key, value in facts.items()]
    if isinstance(plan.space, Ranges):
        ranges = [element("div", element("code", str(each))) for each in plan.space.ranges]
        rows.append(row(element("td", "searched", class_="key"), joined(*ranges)))
    return element("section", element("p", asked, class_="asked"), element("table", *rows, class_="facts"))


def _tiles(now: Standing) -> Html:
    best, baseline = now.best, now.baseline
    counts = ", ".join(f"{count} {state}" for state, count in now.states.items())
    whole = now.seconds + now.saved
    tiles = {
        "best": number(best.score) if best else "none yet",
        "the recipe as it is": number(baseline.score) + (f", {baseline.dead} dead" if baseline.dead else "")
        if baseline
        else "not played yet",
        "gain": gain(baseline, best) or "–",
        "trials": f"{len(now.having(COMPLETE, PRUNED))} of {now.plan.trials}",
        "trained": duration(now.seconds),
        "saved": f"{duration(now.saved)}" + (f" ({now.saved / whole:.0%})" if whole else ""),
    }
    made = [element("div", element("dt", name), element("dd", value)) for name, value in tiles.items()]
    return joined(element("dl", *made, class_="tiles"), element("p", counts, class_="note"))


def _importance(found: Importance) -> list[Html]:
    about = (
        "PED-ANOVA (Watanabe et al. 2023), by Optuna: how much the best tenth differs from all that were played, for "
        "each parameter; what was given up comes after all that was not."
    )
    caution = [element("p", found.caution, class_="caution")] if found.caution else []
    return [element("p", about, class_="note"), *caution, *([bars(found.shares)] if found.shares else [])]


def _legend() -> Html:
    scale = [element("rect", x=4 * step, y=0, width=4, height=10, fill=shade(step / 11)) for step in range(12)]
    return element(
        "p",
        element("svg", *scale, width=48, height=10, aria_hidden="true"),
        " played with all seeds, best to worst ",
        element("span", "◯", class_="dead"),
        " but too sick or too many dead ",
        element("span", "✕", class_="pruned"),
        " given up ",
        element("span", "✕", class_="dead"),
        " given up, a seed dead ",
        element("span", "◯", class_="baseline"),
        " the recipe as it is",
        class_="legend",
    )
