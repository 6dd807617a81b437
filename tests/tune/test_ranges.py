"""What may be searched, as it is typed and as components publish it."""

from __future__ import annotations

import pytest

from ganlab.assemble.changes import as_tree
from ganlab.assemble.resolution import resolve
from ganlab.cli.run import find_recipe
from ganlab.errors import RecipeError
from ganlab.plugins import Plugins
from ganlab.recipe import override
from ganlab.tune.design import baseline
from ganlab.tune.ranges import Range, Ranges, parse, publications

PLUGINS = Plugins()
TREE = as_tree(resolve(find_recipe("ring", PLUGINS), PLUGINS))


def ranges(*texts: str) -> tuple[Range, ...]:
    return parse(texts, TREE, PLUGINS).ranges


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.lr=log:1e-5..1e-3", Range("a.lr", 1e-5, 1e-3, log=True)),
        ("a.lr=0..0.5", Range("a.lr", 0, 0.5)),
        ("a.turns=1..5", Range("a.turns", 1, 5)),
        ("a.width=log:16..512", Range("a.width", 16, 512, log=True)),
        ("loss.name=hinge,wasserstein", Range("loss.name", choices=("hinge", "wasserstein"))),
        ("a.betas=[0, 0.9],[0.5, 0.999]", Range("a.betas", choices=("[0, 0.9]", "[0.5, 0.999]"))),
        ("a.r=-1.5..2", Range("a.r", -1.5, 2)),
    ],
)
def test_a_range_says_where_to_look(text: str, found: Range) -> None:
    assert ranges(text) == (found,)
    assert ranges(str(found)) == (found,)
    assert Ranges.read(Ranges((found,)).told()).ranges == (found,)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("=1..2", "expected KEY=LOW..HIGH"),
        ("a=", "expected KEY=LOW..HIGH"),
        ("a=5..1", "5 is not below 1"),
        ("a=1..1", "1 is not below 1"),
        ("a=log:0..1", "begins above 0, not at 0"),
        ("a=x..1", "'x' is no number"),
        ("a=nan..1", "nan is not below 1"),
        ("a=1..inf", "1 is not below inf"),
        ("a=one", "needs two values at least"),
        ("a=x,x", "needs two values at least, and each once"),
        ("a=log:x,y", "expected KEY=LOW..HIGH"),
        ("a=true..2", "'true' is no number"),
        ("players.point.optimiser.lr", "Did you mean 'players.point.optimizer.lr'"),
        ("dataset.scale", "nobody publishes a range for it"),
    ],
)
def test_what_is_no_range_is_told_in_one_line(text: str, problem: str) -> None:
    with pytest.raises(RecipeError, match=None) as raised:
        ranges(text)
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_key_that_is_given_twice_is_refused() -> None:
    with pytest.raises(RecipeError, match="is given twice"):
        ranges("a=1..2", "a=2..3")


def test_components_publish_where_to_look_and_need_no_numbers() -> None:
    (lr,) = ranges("players.generator.optimizer.lr")
    assert lr == Range("players.generator.optimizer.lr", 1e-5, 1e-2, log=True)
    (weight,) = ranges("terms.r1.weight")
    assert weight == Range("terms.r1.weight", 1e-2, 1e2, log=True)
    (loss,) = ranges("loss")
    assert loss.key == "loss.name"
    assert {"hinge", "wasserstein", "least-squares", "non-saturating"} <= set(loss.choices)


def test_every_published_range_makes_a_recipe_that_can_be() -> None:
    import optuna

    from ganlab.recipe.settings import as_settings

    published = dict(publications(TREE, PLUGINS))
    assert len(published) >= 8
    for each in published.values():
        for seed in range(5):
            study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
            resolve(override(TREE, as_settings({each.key: each.suggest(study.ask())})), PLUGINS)


def test_the_recipes_own_values_are_the_baseline_if_they_are_in_the_space() -> None:
    lr, loss = ranges("players.generator.optimizer.lr", "loss")
    assert baseline(Ranges((lr, loss)), TREE) == {lr.key: 1e-3, "loss.name": "non-saturating"}
    assert baseline(Ranges(ranges("players.generator.optimizer.lr=1e-5..1e-4")), TREE) is None
    ramp = override(TREE, ["terms.r1.weight={start=0.2, end=0.02}"])
    assert baseline(Ranges(ranges("terms.r1.weight")), ramp) is None
