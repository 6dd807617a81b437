"""What nine real systems demand of a task, view, player, loss and recipe: one toy for each demand, R1 to R10."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import Linear, Module

from ganlab import (
    Architecture,
    Batch,
    DataError,
    Field,
    GeneratorShapes,
    Given,
    Networks,
    Random,
    RecipeError,
    Sample,
    Task,
    Term,
    Turn,
    Verdict,
    View,
    Views,
    ViewShapes,
)
from ganlab.engine.loop import play_round, train
from tests.engine.toys import ToyData, player, toy_game, weights

SIDES = ("real", "fake")
PICTURES = {"source": Field("image", (1, 16, 16)), "target": Field("image", (1, 16, 16))}


def paired_recipe(**settings: Any) -> dict[str, Any]:
    return {
        "task": {"name": "paired"},
        "dataset": {"name": "toy"},
        "players": {
            "generator": {**player(), "architecture": {"name": "unet", "width": 4}},
            "target": {**player(), "architecture": {"name": "patch", "width": 4, "layers": 1}},
        },
        **settings,
    }


class TestR1DropoutAsNoise:
    """Dropout masks come from what `draw` drew, so `generate` is a function of `given`; the mode is the recipe's."""

    def test_the_same_given_makes_the_same_picture_in_training_mode_and_another_noise_another(self) -> None:
        game = toy_game(paired_recipe(), datasets={"toy": lambda: ToyData(PICTURES)})
        game.networks["generator"].train()
        stage, batch = game.stage, game.streams[""].take()
        given = stage.task.draw(batch, game.draws.at(0, batch.size))
        first, again = (stage.task.generate(game.networks, given)["target"] for _ in range(2))
        other = stage.task.generate(game.networks, {**given, "noise": given["noise"] + 1})["target"]
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    def test_the_mode_when_sampling_is_the_recipes(self) -> None:
        recipe = paired_recipe()
        recipe["players"]["generator"]["sampling_mode"] = "train"
        game = toy_game(recipe, datasets={"toy": lambda: ToyData(PICTURES)})
        from ganlab.engine.look import posed

        before = [buffer.clone() for buffer in game.networks["generator"].buffers()]
        with posed(game.players):
            assert game.networks["generator"].training
            assert not game.networks["target"].training
            batch = game.streams[""].take()
            game.stage.task.generate(game.networks, game.stage.task.draw(batch, game.draws.at(0, batch.size)))
        assert all(torch.equal(a, b) for a, b in zip(before, game.networks["generator"].buffers(), strict=True))


class TwoHeads(Architecture):
    """One trunk, two judgements."""

    def discriminator(self, shapes: ViewShapes) -> Module:
        class Judge(Module):
            def __init__(self) -> None:
                super().__init__()
                self.heads = Linear(shapes.data.shape[0], 2)

            def forward(self, data: Tensor, given: Tensor | None = None) -> Verdict:
                logits = self.heads(data)
                return Verdict({"alone": logits[:, 0], "conditional": logits[:, 1]})

        return Judge()


class TwoScales(Task):
    """One player judges two views of the same point."""

    def draw(self, batch: Batch, random: Random) -> Given:
        return {"latent": random.normal(4)}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {"point": networks["generator"](given["latent"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {
            "fine": View(sample["point"], judge="critic-of-both"),
            "coarse": View(sample["point"].round(decimals=1), judge="critic-of-both"),
        }


class TestR2SeveralJudgements:
    """Several named logits of one network, or several views judged by one player, each with its own weight."""

    def test_named_judgements_are_charged_and_weighted_apart(self) -> None:
        recipe = {
            "players": {"generator": player(), "point": {**player(), "architecture": {"name": "two-heads"}}},
            "views": {"point": {"judgements": {"conditional": 0.25}}},
        }
        game = toy_game(recipe, architectures={"two-heads": TwoHeads})
        play_round(game)
        told = game.ledger.read()
        for side in ("real", "fake"):
            assert told[f"weighted/point/conditional/{side}"] == pytest.approx(
                0.25 * told[f"cost/point/conditional/{side}"]
            )
        parts = [told["cost/point/alone/real"], told["cost/point/alone/fake"]]
        parts += [told["weighted/point/conditional/real"], told["weighted/point/conditional/fake"]]
        assert told["cost/point"] == pytest.approx(sum(parts), rel=1e-5)

    def test_one_player_judges_two_views_and_moves_once(self) -> None:
        recipe = {
            "task": {"name": "two-scales"},
            "players": {"generator": player(), "critic-of-both": player()},
            "views": {"coarse": {"real": 0.5, "fake": 0.5, "generator": 2.0}},
        }
        game = toy_game(recipe, tasks={"two-scales": TwoScales})
        play_round(game)
        told = game.ledger.read()
        assert game.clock.turns == 2
        assert told["cost/critic-of-both"] == pytest.approx(
            told["cost/fine/real"]
            + told["cost/fine/fake"]
            + 0.5 * (told["cost/coarse/real"] + told["cost/coarse/fake"]),
            rel=1e-5,
        )
        assert told["weighted/coarse/generator"] == pytest.approx(2 * told["cost/coarse/generator"])


class Distance(Term):
    """The generator's mean distance from the origin."""

    def cost(self, turn: Turn) -> Tensor:
        return turn.fake["point"].square().sum(1)


class TestR3Stages:
    """A stage has its own task, data, phases and terms; the adversarial loss has a from and an until of its own."""

    def test_the_first_stage_trains_the_generator_alone_on_other_data(self) -> None:
        recipe = {
            "budget_rounds": 4,
            "dataset": {"name": "ring", "samples": 200, "held_out": 50},
            "stages": [
                {
                    "name": "alone",
                    "kimg": 0.016,
                    "dataset": {"name": "grid", "samples": 200, "held_out": 50},
                    "task": {"name": "unconditional", "latent_size": 4},
                    "phases": [{"player": "generator"}],
                    "views": {"point": {"generator": 0.0}},
                    "terms": [{"name": "distance", "on": "generator"}],
                },
                {"name": "game", "kimg": 1.0},
            ],
        }
        game = toy_game(recipe, terms={"distance": Distance})
        assert [stage.name for stage in game.stages] == ["alone", "game"]
        start = weights(game, "point")
        for _ in range(2):
            play_round(game)
        told = game.ledger.read()
        assert torch.equal(weights(game, "point"), start)
        assert told["cost/generator"] == pytest.approx(told["cost/distance"])
        assert game.stage.name == "game"
        play_round(game)
        assert not torch.equal(weights(game, "point"), start)
        assert game.dataset.centres is not None
        assert len(game.dataset.centres) == 8

    def test_the_loss_on_a_view_begins_when_told(self) -> None:
        game = toy_game({"budget_rounds": 3, "views": {"point": {"from_kimg": 0.008}}})
        discriminator, generator = weights(game, "point"), weights(game, "generator")
        play_round(game)
        assert torch.equal(weights(game, "point"), discriminator)
        assert torch.equal(weights(game, "generator"), generator)
        play_round(game)
        assert not torch.equal(weights(game, "point"), discriminator)
        assert not torch.equal(weights(game, "generator"), generator)


class TwoMakers(TwoScales):
    """Shape and texture are made by two players, and one view is played against both."""

    def players(self) -> tuple[str, ...]:
        return ("generator", "finisher")

    def generate(self, networks: Networks, given: Given) -> Sample:
        rough = networks["generator"](given["latent"])
        return {"point": rough + networks["finisher"](given["latent"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {"point": View(sample["point"], against=("generator", "finisher"))}


class TestR4Weights:
    """The loss is weighted per view and side, a weight may follow a ramp, and a view says whom it is played against."""

    def test_sides_are_weighted_apart_and_recorded_raw_and_weighted(self) -> None:
        game = toy_game({"views": {"point": {"real": 0.5, "fake": 2.0, "generator": 0.001}}})
        play_round(game)
        told = game.ledger.read()
        for side, weight in (("real", 0.5), ("fake", 2.0), ("generator", 0.001)):
            assert told[f"weighted/point/{side}"] == pytest.approx(weight * told[f"cost/point/{side}"])
        assert told["cost/generator"] == pytest.approx(told["weighted/point/generator"])

    def test_a_weight_follows_its_ramp(self) -> None:
        ramp = {"start": 0.5, "end": 1.0, "from_kimg": 0.0, "until_kimg": 0.016}
        game = toy_game({"budget_rounds": 3, "views": {"point": {"generator": ramp}}})
        ratios = []
        for _ in range(3):
            play_round(game)
            told = game.ledger.read()
            ratios.append(
                told.get("weighted/point/generator", told["cost/point/generator"]) / told["cost/point/generator"]
            )
            game.ledger.clear()
        assert ratios == pytest.approx([0.5, 0.75, 1.0])

    def test_a_view_is_played_against_two_players(self) -> None:
        recipe = {
            "task": {"name": "two-makers"},
            "players": {"generator": player(), "finisher": player(), "point": player()},
        }
        game = toy_game(recipe, tasks={"two-makers": TwoMakers})
        before = {name: weights(game, name) for name in game.players}
        play_round(game)
        assert all(not torch.equal(before[name], weights(game, name)) for name in game.players)


class Counting(TwoScales):
    """Counts how often its intermediate is computed."""

    computed = 0

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {"point": View(sample["point"])}

    def intermediate(self, name: str, turn: Turn) -> Any:
        if name != "halves":
            return super().intermediate(name, turn)
        type(self).computed += 1
        return turn.fake["point"] / 2


class OfHalves(Term):
    """Charges the intermediate."""

    def cost(self, turn: Turn) -> Tensor:
        return turn.intermediate("halves").square().sum(1)


class TestR5Intermediates:
    """An intermediate has a name and one owner: computed once per turn, on demand, never kept for the next."""

    def test_two_terms_share_one_computation_and_the_next_turn_makes_its_own(self) -> None:
        Counting.computed = 0
        recipe = {
            "task": {"name": "counting"},
            "terms": [
                {"name": "of-halves", "on": "generator"},
                {"name": "of-halves", "on": "generator", "label": "again"},
            ],
            "phases": [{"player": "point"}, {"player": "generator", "turns": 2}],
        }
        game = toy_game(recipe, tasks={"counting": Counting}, terms={"of-halves": OfHalves})
        play_round(game)
        told = game.ledger.read()
        assert Counting.computed == 2
        assert told["cost/of-halves"] == pytest.approx(told["cost/again"])

    def test_an_unknown_intermediate_is_named(self) -> None:
        class OfNothing(Term):
            def cost(self, turn: Turn) -> Tensor:
                return turn.intermediate("nothing")

        game = toy_game(
            {"task": {"name": "counting"}, "terms": [{"name": "of-nothing", "on": "generator"}]},
            tasks={"counting": Counting},
            terms={"of-nothing": OfNothing},
        )
        with pytest.raises(LookupError, match="nothing"):
            play_round(game)


class Regions(TwoScales):
    """An object-wise view: some samples have a region, some have none; frames of a clip are summed."""

    empty = False

    def draw(self, batch: Batch, random: Random) -> Given:
        rows = torch.tensor([0, 0, 3] if not self.empty else [], dtype=torch.int64)
        return {"latent": random.normal(4), "rows": rows}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        rows = given["rows"]
        rows = rows[rows < len(sample["point"])]
        clips = torch.arange(len(sample["point"])).repeat_interleave(2)
        return {
            "regions": View(sample["point"][rows], rows=rows),
            "frames": View(sample["point"].repeat_interleave(2, 0), rows=clips, pooled=True),
        }

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return {"latent": Field("latent", (4,))}


class TestR6RaggedViews:
    """A view may have M rows for N samples, M may be 0, and logits may be summed over the rows of a sample."""

    recipe = {"task": {"name": "regions"}, "players": {"generator": player(), "regions": player(), "frames": player()}}

    def test_a_view_without_rows_costs_nothing_and_moves_nobody(self) -> None:
        Regions.empty = True
        game = toy_game(self.recipe, tasks={"regions": Regions})
        before = weights(game, "regions")
        play_round(game)
        told = game.ledger.read()
        Regions.empty = False
        assert told["cost/regions/real"] == told["cost/regions/fake"] == told["cost/regions/generator"] == 0.0
        assert torch.equal(weights(game, "regions"), before)
        assert math.isfinite(told["cost/generator"])

    def test_the_mean_is_over_the_rows_there_are(self) -> None:
        game = toy_game(self.recipe, tasks={"regions": Regions})
        batch = game.streams[""].take()
        game.streams[""].move_to(0)
        with torch.no_grad():
            logits = game.networks["regions"](batch["point"][[0, 0, 3]])
        play_round(game)
        assert game.ledger.read()["cost/regions/real"] == pytest.approx(
            float(torch.nn.functional.softplus(-logits).mean()), rel=1e-5
        )

    def test_pooled_logits_are_summed_per_sample_before_they_are_charged(self) -> None:
        game = toy_game(self.recipe, tasks={"regions": Regions})
        batch = game.streams[""].take()
        game.streams[""].move_to(0)
        with torch.no_grad():
            logits = 2 * game.networks["frames"](batch["point"])
        play_round(game)
        assert game.ledger.read()["cost/frames/real"] == pytest.approx(
            float(torch.nn.functional.softplus(-logits).mean()), rel=1e-5
        )


CLASSES = {"point": Field("point", (2,)), "label": Field("category", (), 3)}


def conditional_recipe(**settings: Any) -> dict[str, Any]:
    task = {"name": "class-conditional", "latent_size": 4, "mismatched": True}
    return {"task": task, "dataset": {"name": "toy"}, **settings}


class TestR7Mismatches:
    """Real data beside the wrong condition: per view, never the right condition by chance, none in a batch of one."""

    def test_rows_whose_shifted_condition_is_the_same_are_left_out(self) -> None:
        rows, taken_from = Task.differing(torch.tensor([1, 1, 2, 1]))
        assert rows.tolist() == [2, 3]
        assert taken_from.tolist() == [1, 2]
        rows, _ = Task.differing(torch.tensor([5, 5, 5]))
        assert rows.tolist() == []

    def test_half_of_the_fake_side_goes_to_mismatched_pairs(self) -> None:
        game = toy_game(conditional_recipe(), datasets={"toy": lambda: ToyData(CLASSES)})
        play_round(game)
        told = game.ledger.read()
        assert told["weighted/point/fake"] == pytest.approx(0.5 * told["cost/point/fake"])
        assert told["weighted/point/mismatched"] == pytest.approx(0.5 * told["cost/point/mismatched"])

    def test_a_batch_of_one_has_no_mismatch(self) -> None:
        game = toy_game(conditional_recipe(batch_size=1), datasets={"toy": lambda: ToyData(CLASSES)})
        play_round(game)
        told = game.ledger.read()
        assert "cost/point/mismatched" not in told
        assert "weighted/point/fake" not in told


class TestR8GenerationOutsideTraining:
    """A user's own condition in place of the batch, and any part of `given` overridden."""

    def test_a_batch_of_conditions_alone_is_enough_and_latents_may_be_overridden(self) -> None:
        game = toy_game(conditional_recipe(), datasets={"toy": lambda: ToyData(CLASSES)})
        task = game.stage.task
        batch = Batch({name: torch.tensor([2, 2, 0]) for name in task.conditions}, 3)
        given = task.draw(batch, game.draws.at(0, 3))
        made = task.generate(game.networks, given)["point"]
        same = task.generate(game.networks, {**given, "latent": given["latent"][[0, 0, 0]]})["point"]
        assert made.shape == (3, 2)
        assert torch.allclose(same[0], same[1])
        assert not torch.allclose(same[0], same[2])

    def test_a_missing_condition_is_named(self) -> None:
        game = toy_game(conditional_recipe(), datasets={"toy": lambda: ToyData(CLASSES)})
        with pytest.raises(KeyError, match="label"):
            game.stage.task.draw(Batch({}, 3), game.draws.at(0, 3))


class TestR9Cardinalities:
    """How many classes there are comes from the dataset, and so does what a task may need."""

    @pytest.mark.parametrize("classes", [3, 7])
    def test_embeddings_have_a_row_per_class_of_the_dataset(self, classes: int) -> None:
        fields = {**CLASSES, "label": Field("category", (), classes)}
        game = toy_game(conditional_recipe(), datasets={"toy": lambda: ToyData(fields)})
        tables = [each for each in game.networks["generator"].modules() if isinstance(each, torch.nn.Embedding)]
        assert [table.num_embeddings for table in tables] == [classes]

    def test_a_task_without_its_field_is_refused_before_training(self) -> None:
        with pytest.raises(DataError, match="needs the field 'label' of kind category"):
            toy_game(conditional_recipe(dataset={"name": "ring", "samples": 100, "held_out": 10}))

    def test_a_generator_of_another_shape_is_refused_before_training(self) -> None:
        class Wrong(Architecture):
            def generator(self, shapes: GeneratorShapes) -> Module:
                return Linear(4, 5)

        recipe = {"players": {"generator": {**player(), "architecture": {"name": "wrong"}}, "point": player()}}
        with pytest.raises(RecipeError, match=r"\(5,\), the dataset has \(2,\)"):
            toy_game(recipe, architectures={"wrong": Wrong})


class Apart(TwoScales):
    """Two streams that are not aligned, of different sizes."""

    def makes(self) -> Mapping[str, Field]:
        return {"point": self.fields["points"]["point"]}

    def real(self, batch: Batch) -> Sample:
        return {"point": batch["points"]["point"], "other": batch["others"]["point"]}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {"point": View(sample["point"])}

    def view_fields(self, view: str, data: Any, given: Any) -> ViewShapes:
        return ViewShapes(Field("point", tuple(data.shape[1:])))


class TestR10WhatABudgetCounts:
    """Real samples of the counted dataset that were put on the table: fresh batches too, other streams not."""

    def test_fresh_batches_count(self) -> None:
        phases = [{"player": "point", "turns": 3, "batch": "fresh"}, {"player": "generator"}]
        game = toy_game({"phases": phases, "budget_kimg": 0.048, "watch": {"reporters": []}})
        outcome = train(game)
        assert outcome.progress.samples == 48
        assert outcome.progress.round == 2
        assert game.clock.turns == 8

    def test_kept_batches_count_once(self) -> None:
        game = toy_game({"phases": [{"player": "point", "turns": 3}, {"player": "generator"}]})
        assert train(game).progress.samples == 8

    def test_of_two_streams_one_is_counted(self) -> None:
        ring = {"name": "ring", "samples": 200, "held_out": 50}
        recipe = {
            "task": {"name": "apart"},
            "datasets": {"others": {**ring, "batch_size": 4}, "points": ring},
            "counted": "points",
            "budget_kimg": 0.016,
        }
        game = toy_game(recipe, tasks={"apart": Apart})
        outcome = train(game)
        assert (outcome.progress.samples, outcome.progress.round) == (16, 2)
        assert game.streams["others"].position == 8

    def test_a_stage_may_end_on_a_goal(self) -> None:
        recipe = {
            "budget_kimg": 0.08,
            "stages": [
                {"name": "until-good", "kimg": 0.06, "goal": {"measurement": "cost/generator", "below": 1e9}},
                {"name": "rest", "kimg": 0.02},
            ],
            "watch": {"reporters": [], "tick_kimg": 0.016},
        }
        game = toy_game(recipe)
        for _ in range(2):
            play_round(game)
        from ganlab.engine.loop import enter_next_stage

        enter_next_stage(game, game.ledger.read())
        assert game.stage.name == "rest"
