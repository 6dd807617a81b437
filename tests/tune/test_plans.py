"""What a study asks for: read, kept, compared, and refused where there is nothing to find."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from ganlab.assemble.resolution import resolve
from ganlab.cli.run import find_recipe
from ganlab.errors import RecipeError
from ganlab.tune import design, study_file
from ganlab.tune.lead import begun
from ganlab.tune.plan import Plan, differences
from ganlab.tune.ranges import Range, Ranges
from tests.tune.studies import PLUGINS, RATE, began, plan

FILE = '''"""How much faster may the discriminator learn?"""
RECIPE = "ring"
SEEDS, TRIALS = 3, 7

def space(trial):
    ratio = trial.suggest_float("ratio", 0.1, 20, log=True)
    loss = trial.suggest_categorical("loss", ["hinge", "minimax"])
    return {"players.point.optimizer.lr": 1e-3 * ratio, "loss.name": loss}
'''


def of_file(path: Path, text: str) -> Plan:
    path.write_text(text)
    found = study_file.read(path)
    tree = find_recipe(found.constants.RECIPE, PLUGINS)
    return design.of_file(path, found, tree, PLUGINS)


def test_a_study_is_a_file(tmp_path: Path) -> None:
    wanted = of_file(tmp_path / "ratio.py", FILE)
    assert (wanted.name, wanted.seeds, wanted.trials) == ("ratio", 3, 7)
    assert wanted.about == "How much faster may the discriminator learn?"
    assert wanted.space(optuna.trial.FixedTrial({"ratio": 2.0, "loss": "hinge"})) == {
        "players.point.optimizer.lr": 2e-3,
        "loss.name": "hinge",
    }
    assert {"name": "stop"} in [{"name": each["name"]} for each in wanted.tree["watch"]["interventions"]]
    assert any(each["name"] == "mmd" for each in wanted.tree["watch"]["diagnostics"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("RECIPE = 'ring'\n", "has no function space(trial)"),
        ("def space(trial):\n    return {}\n", "RECIPE"),
        ("def space(\n", "SyntaxError"),
        ("import nosuch\n", "ModuleNotFoundError"),
        (FILE.replace("SEEDS, TRIALS = 3, 7", "SEEDS = 0"), "SEEDS: must be greater than or equal to 1"),
        (FILE.replace("SEEDS, TRIALS = 3, 7", "SEED = 3"), "Did you mean 'SEEDS'"),
        (FILE.replace('"ratio", 0.1', '"ratio", 30.0'), "space(trial) failed"),
        (FILE + "\ndef space(trial):\n    return [1]\n", "expected {dotted key: value}"),
        (FILE.replace("optimizer.lr", "optimizer.lrr"), "unknown option"),
        (FILE.replace("players.point", "players.nobody"), "players.nobody"),
        (FILE.replace("1e-3 * ratio", "-ratio"), "none of 30 settings of the space makes a recipe that can be played"),
        (FILE.replace("1e-3 * ratio", "object()"), "is no value of a recipe"),
        (FILE.replace("1e-3 * ratio", "float('nan')"), "is no value to play with"),
    ],
)
def test_a_file_that_is_no_study_is_told_in_one_line(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as raised:
        of_file(tmp_path / "study.py", text)
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_plan_is_kept_and_read_as_it_was(tmp_path: Path) -> None:
    wanted = plan()
    assert Plan.read(wanted.told()) == wanted
    filed = of_file(tmp_path / "ratio.py", FILE)
    assert Plan.read(filed.told(), filed.space) == filed
    with pytest.raises(RecipeError, match="the space of a file that is not given"):
        Plan.read(filed.told())


def test_a_study_goes_on_only_if_it_asks_for_the_same(tmp_path: Path) -> None:
    wanted = plan()
    _, home = began(wanted, tmp_path)
    began(replace(wanted, trials=99), tmp_path)
    wider = replace(wanted, space=Ranges((Range(RATE, 1e-6, 1e-2, log=True),)), seeds=5)
    with pytest.raises(RecipeError) as raised:
        begun(wider, home, f"sqlite:///{home.path}/study.db")
    lines = str(raised.value).split("\n")
    assert lines[0] == f"space: was {RATE}=log:1e-05..0.01, is {RATE}=log:1e-06..0.01"
    assert lines[1] == "seeds: was 2, is 5"
    assert "give another --name" in lines[2]
    other = plan(set=["seed=1"])
    assert differences(wanted.told(), other.told()) == ["recipe.seed: was 0, is 1"]


def test_a_changed_file_is_another_study(tmp_path: Path) -> None:
    before = of_file(tmp_path / "ratio.py", FILE)
    after = of_file(tmp_path / "ratio.py", FILE + "\n# wider\n")
    assert differences(before.told(), after.told()) == ["space: is that of another file, or the file has changed"]


def test_nothing_to_search_is_told() -> None:
    with pytest.raises(RecipeError, match="what is to be searched"):
        design.of_ranges("x", "ring", find_recipe("ring", PLUGINS), [], PLUGINS)


def test_a_recipe_that_mends_itself_is_not_stopped() -> None:
    tree = find_recipe("ring", PLUGINS)
    tree["watch"] = {**tree.get("watch", {}), "interventions": [{"name": "roll-back"}]}
    found = design.complete(resolve(tree, PLUGINS), "mmd", PLUGINS)
    assert [each.name for each in found.watch.interventions] == ["roll-back"]
