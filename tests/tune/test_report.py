"""The page of a study: harmless whatever stands in it, and there whatever became of the trials."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from dataclasses import replace
from html.parser import HTMLParser

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from ganlab.tune.importance import importance
from ganlab.tune.report.comparison import gain
from ganlab.tune.report.page import page
from ganlab.tune.report.scale import Choices, Numbers, of_distributions, of_values
from ganlab.tune.standing import Standing
from tests.tune.by_hand import BUDGET, LOG, PLAN, RATE, behind, dead, healthy, standing_of, trial

VOID = ("meta",)


class Page(HTMLParser):
    """Every element with its attributes, and the text; every tag must be closed by its own."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(now: Standing) -> Page:
    return Page(page(now, importance(now.rows)))


EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>\ud800"


def test_whatever_stands_in_a_study_is_text_and_nothing_is_asked_of_another_machine() -> None:
    plan = replace(PLAN, name=EVIL, recipe_name=EVIL, objective=EVIL, about=EVIL)
    params = {EVIL: EVIL, "rate": 1e-3}
    ranges = {EVIL: CategoricalDistribution([EVIL, "b"]), "rate": LOG}
    told = {"params": params, "distributions": ranges, "plan": plan, "settings": {"loss.name": EVIL}}
    bad = dead(1, reason=f"{EVIL}: {EVIL}")
    now = standing_of(
        trial(healthy(0, 2.0), bad, **told, baseline=True, reason=EVIL, commands=(EVIL,)),
        trial(healthy(0, 1.0), healthy(1, 1.0), **told, commands=(EVIL, EVIL)),
        plan=plan,
    )
    text = page(now, importance(now.rows)).encode("utf-8", "backslashreplace").decode()
    found = Page(text)
    assert not {"script", "img", "link", "iframe", "object", "base", "form"} & {tag for tag, _ in found.elements}
    for _, attributes in found.elements:
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert found.text.count("<script>alert(1)</script>") > 10
    assert "http://" not in text
    assert "https://" not in text


def test_the_policy_allows_the_one_style_sheet_and_nothing_else() -> None:
    text = page(standing_of(trial(healthy(0, 1.0), healthy(1, 1.0))), importance([]))
    policy = next(a["content"] for tag, a in Page(text).elements if a.get("http-equiv") == "Content-Security-Policy")
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        ([], "There is no trial yet"),
        ([trial(healthy(0, 1.0), healthy(1, 2.0), baseline=True)], "The recipe as it is is the best"),
        ([trial(healthy(0, 1.0), healthy(1, 2.0))], "The recipe as it is has not been played yet"),
        ([optuna.create_trial(state=optuna.trial.TrialState.WAITING)], "No seed has been played yet"),
        ([optuna.create_trial(state=optuna.trial.TrialState.RUNNING)], "No trial has a score yet"),
        ([trial(dead(0), baseline=True), trial(dead(0)), trial(dead(0, 1e6))], "No setting has stayed healthy"),
        ([trial(healthy(0, -1.0), healthy(1, -1.0)), trial(healthy(0, -1.0), healthy(1, -1.0))], "-1"),
        ([trial(healthy(0, 0.0), healthy(1, 0.0)), trial(behind(0, 5.0))], "behind at a rung"),
        ([trial(state="failed", reason="seed 0: exit status 9")], "exit status 9"),
        ([trial(state="invalid", reason="no loss named 'hindge'")], "hindge"),
    ],
)
def test_there_is_a_page_whatever_became_of_the_trials(trials: list[optuna.trial.FrozenTrial], said: str) -> None:
    assert said in shown(standing_of(*trials)).text


def test_a_conditional_parameter_has_an_axis_and_its_absence_a_gap() -> None:
    both = {"kind": CategoricalDistribution(["a", "b"]), "depth": FloatDistribution(1, 4)}
    now = standing_of(
        trial(healthy(0, 1.0), healthy(1, 1.0), params={"kind": "a", "depth": 2.0}, distributions=both),
        trial(healthy(0, 2.0), healthy(1, 2.0), params={"kind": "b"}, distributions={"kind": both["kind"]}),
    )
    lines = [attributes["d"] for _, attributes in shown(now).elements if attributes.get("class") == "line"]
    assert sorted(str(each).count("M") for each in lines) == [1, 2]


def test_what_was_given_up_is_told_by_what_ended_it_and_the_parts_sum_to_the_whole() -> None:
    plan = replace(PLAN, seeds=3)
    now = standing_of(
        trial(healthy(0, 1.0), healthy(1, 1.0), healthy(2, 1.0), plan=plan),
        trial(behind(0, 2.0), plan=plan),
        trial(healthy(0, 2.0), healthy(1, 9.0), plan=plan),
        trial(healthy(0, 2.0), dead(1), plan=plan),
        trial(replace(dead(0), ending="diverged", reason="the gradient is NaN"), plan=plan),
        plan=plan,
    )
    causes = [row.cause for row in now.rows]
    assert causes == ["", "behind at a rung", "worse over seeds", "lost-coverage", "diverged"]
    # 30 kimg each, at half a second a kimg; a dead seed was shown 5 kimg in 2 s, one left behind in 2.5 s.
    assert [row.saved for row in now.rows] == pytest.approx([0, 25 * 0.5, 10 * 0.5, 15 * 7 / 15, 25 * 2 / 5])
    text = shown(now).text
    assert "0:34 saved" in text
    assert now.saved == pytest.approx(34.5)


def test_the_gain_is_a_ratio_of_positive_scores_and_else_a_difference() -> None:
    def between(before: float, after: float) -> str:
        now = standing_of(
            trial(healthy(0, before), healthy(1, before), baseline=True), trial(healthy(0, after), healthy(1, after))
        )
        return gain(now.baseline, now.best)

    assert between(1.0, 0.25) == "4 times less"
    assert between(1.0, 0.8) == "20.0% less"
    assert between(-0.5, -0.9) == "0.4 less"
    assert between(1.0, 2.0).startswith("none")
    assert gain(None, None) == ""


def test_the_recipes_differ_in_the_setting_and_both_values_are_shown() -> None:
    now = standing_of(
        trial(healthy(0, 2.0), healthy(1, 2.0), baseline=True, params={}, settings={}, distributions={}),
        trial(healthy(0, 1.0), healthy(1, 1.0), params={RATE: 0.02}),
    )
    text = shown(now).text
    assert re.search(rf"{re.escape(RATE)}0\.0010\.02", text)


def test_importance_is_of_what_decides_the_score_and_what_was_given_up_is_never_good() -> None:
    drawn = random.Random(0)
    ranges = {"matters": FloatDistribution(0, 1), "idle": FloatDistribution(0, 1)}
    trials = []
    for number in range(60):
        params = {"matters": drawn.random(), "idle": drawn.random()}
        if number % 3:
            trials.append(
                trial(*(healthy(seed, params["matters"]) for seed in (0, 1)), params=params, distributions=ranges)
            )
        else:  # one seed of a lucky value: would be the best of all if it counted
            trials.append(trial(behind(0, -1.0), params=params | {"idle": 0.999}, distributions=ranges))
    found = importance(standing_of(*trials).rows)
    assert found.caution == ""
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.shares["matters"] > 0.8


@pytest.mark.parametrize(("count", "said"), [(1, "Too few trials"), (10, "Too few trials"), (20, "A hint only")])
def test_few_trials_are_called_few(count: int, said: str) -> None:
    rates = [1e-5 * 1.5**step for step in range(count)]
    trials = [trial(healthy(0, rate), healthy(1, rate), params={RATE: rate}) for rate in rates]
    now = standing_of(*trials)
    found = importance(now.rows)
    assert found.caution.startswith(said)
    assert bool(found.shares) == (count == 20)
    assert said in shown(now).text


def test_scales() -> None:
    log = Numbers(1e-5, 1e-1, log=True)
    assert log.place(1e-3) == pytest.approx(0.5)
    assert [text for _, text in log.ticks()] == ["1e-05", "0.0001", "0.001", "0.01", "0.1"]
    assert Numbers(0, 10).ticks() == [(each / 10, f"{each}") for each in (0, 2, 4, 6, 8, 10)]
    assert (Numbers(0, 1).place(-5), Numbers(0, 1).place(5), Numbers(2, 2).place(2)) == (0, 1, 0.5)
    assert of_values([0.01, 1.0]).log
    assert not of_values([-0.01, 1.0]).log
    assert of_values([3.0]).ticks() == [(0.5, "3")]
    assert Choices(("a", None, 3)).ticks() == [(0, "a"), (0.5, "null"), (1, "3")]
    assert of_distributions([FloatDistribution(0, 1), FloatDistribution(0.5, 4)]) == Numbers(0, 4, False)


def test_a_budget_that_a_trial_changes_is_no_reason_to_fail() -> None:
    longer = replace(healthy(0, 1.0), kimg=10 * BUDGET)
    assert standing_of(trial(longer)).rows[0].saved == 0
