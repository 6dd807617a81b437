"""Six kinds of game that come as packages, as toys through the unchanged engine: each trains one round, every player
moves, every cost is finite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import Embedding, Module, ModuleDict

from ganlab import (
    Architecture,
    Batch,
    Field,
    GeneratorShapes,
    Given,
    Networks,
    Random,
    Sample,
    Task,
    Term,
    Turn,
    Verdict,
    View,
    Views,
    ViewShapes,
)
from ganlab.engine.loop import play_round
from tests.engine.toys import ToyData, player, toy_game, weights


def every_player_moves(recipe: dict[str, Any], **registered: Mapping[str, Any]) -> dict[str, float]:
    """Play one round; return what the ledger says."""
    game = toy_game(recipe, **registered)
    before = {name: weights(game, name) for name in game.players}
    play_round(game)
    told = game.ledger.read()
    for name in game.players:
        assert not torch.equal(before[name], weights(game, name)), name
    assert all(torch.tensor(list(told.values())).isfinite())
    return told


class VideoPrediction(Task):
    """Two given frames, two to come; one discriminator judges single frames drawn at random, one the clip."""

    def makes(self) -> Mapping[str, Field]:
        return {"future": Field("video", (2, 1, 4, 4))}

    def draw(self, batch: Batch, random: Random) -> Given:
        return {"past": batch["video"][:, :2], "latent": random.normal(3), "frame": random.integers(2)}

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return {"past": Field("video", (2, 1, 4, 4)), "latent": Field("latent", (3,))}

    def real(self, batch: Batch) -> Sample:
        return {"future": batch["video"][:, 2:]}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {"future": networks["generator"](given["past"], given["latent"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        clip = sample["future"]
        frame = clip[torch.arange(len(clip)), given["frame"] % clip.shape[1]]
        return {"frame": View(frame), "motion": View(torch.cat([given["past"], clip], 1))}

    def view_fields(self, view: str, data: Any, given: Any) -> ViewShapes:
        return ViewShapes(Field("video", tuple(data.shape[1:])))


def test_video_prediction_has_two_discriminators_on_fresh_batches() -> None:
    fields = {"video": Field("video", (4, 1, 4, 4))}
    recipe = {
        "task": {"name": "video"},
        "dataset": {"name": "toy"},
        "loss": {"name": "hinge"},
        "players": {"generator": player(), "frame": player(), "motion": player()},
        "phases": [
            {"player": "frame", "turns": 2, "batch": "fresh"},
            {"player": "motion", "turns": 2, "batch": "fresh"},
            {"player": "generator"},
        ],
    }
    told = every_player_moves(recipe, tasks={"video": VideoPrediction}, datasets={"toy": lambda: ToyData(fields)})
    assert {"cost/frame/generator", "cost/motion/generator"} <= set(told)


class SuperResolution(Task):
    """Small to large; the content is compared in the pixels first, adversarially later."""

    def makes(self) -> Mapping[str, Field]:
        return {"large": self.fields["large"]}

    def draw(self, batch: Batch, random: Random) -> Given:
        return {"small": torch.nn.functional.avg_pool2d(batch["large"], 2)}

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return {"small": Field("image", tuple(given["small"].shape[1:]))}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {"large": networks["generator"](given["small"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {"large": View(sample["large"])}


def test_super_resolution_pretrains_without_its_discriminator() -> None:
    recipe = {
        "budget_rounds": 2,
        "task": {"name": "super-resolution"},
        "dataset": {"name": "toy"},
        "players": {"generator": player(), "large": player()},
        "views": {"large": {"from_kimg": 0.008, "generator": 0.001}},
        "terms": [{"name": "l1", "on": "generator", "weight": 1.0}],
    }
    fields = {"large": Field("image", (1, 8, 8))}
    game = toy_game(recipe, tasks={"super-resolution": SuperResolution}, datasets={"toy": lambda: ToyData(fields)})
    start = weights(game, "large")
    play_round(game)
    assert torch.equal(start, weights(game, "large"))
    assert game.ledger.read()["cost/generator"] == game.ledger.read()["cost/l1"]
    play_round(game)
    assert not torch.equal(start, weights(game, "large"))


class LayoutToImage(Task):
    """A caption becomes a box, box and caption an image; one view shows the image, one the object if any."""

    conditions = ("caption",)

    def players(self) -> tuple[str, ...]:
        return ("layout", "generator")

    def makes(self) -> Mapping[str, Field]:
        return {"image": self.fields["image"]}

    def draw(self, batch: Batch, random: Random) -> Given:
        return {"caption": batch["caption"], "latent": random.normal(2), "object": batch["caption"] > 0}

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return {"latent": Field("latent", (2 + 4,))}

    def build(self, player: str, architecture: Architecture, shapes: GeneratorShapes | ViewShapes) -> Module:
        if player == "layout":
            caption = GeneratorShapes({"caption": self.fields["caption"]}, {"box": Field("vector", (4,))})
            return architecture.generator(caption)
        return super().build(player, architecture, shapes)

    def generate(self, networks: Networks, given: Given) -> Sample:
        box = given.get("box", networks["layout"](given["caption"]))
        return {"image": networks["generator"](torch.cat([given["latent"], box], 1)), "box": box}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        rows = given["object"].nonzero().flatten()
        crop = sample["image"][rows, :, :2, :2]
        return {"image": View(sample["image"], given=given["caption"]), "region": View(crop, rows=rows)}

    def view_fields(self, view: str, data: Any, given: Any) -> ViewShapes:
        return ViewShapes(Field("image", tuple(data.shape[1:])), None if given is None else self.fields["caption"])


class BoxError(Term):
    """The predicted layout against the true one, supervised."""

    def cost(self, turn: Turn) -> Tensor:
        return (turn.fake["box"] - turn.batch["box"]).square().sum(1)


def test_layout_to_image_has_a_supervised_player_and_a_ragged_view() -> None:
    fields = {"image": Field("image", (1, 4, 4)), "caption": Field("category", (), 3), "box": Field("vector", (4,))}
    recipe = {
        "task": {"name": "layout"},
        "dataset": {"name": "toy"},
        "players": {"layout": player(), "generator": player(), "image": player(), "region": player()},
        "terms": [{"name": "box-error", "on": "layout"}],
    }
    told = every_player_moves(
        recipe,
        tasks={"layout": LayoutToImage},
        datasets={"toy": lambda: ToyData(fields)},
        terms={"box-error": BoxError},
    )
    assert told["cost/layout"] == told["cost/box-error"]


class Story(Task):
    """Sentences become frames that belong together; two datasets, one of stories and one of single images."""

    def makes(self) -> Mapping[str, Field]:
        return {"story": self.fields["stories"]["story"]}

    def real(self, batch: Batch) -> Sample:
        return {"story": batch["stories"]["story"], "frames": batch["images"]["image"]}

    def draw(self, batch: Batch, random: Random) -> Given:
        return {"sentences": batch["stories"]["sentences"], "latent": random.normal(2)}

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return {"sentences": self.fields["stories"]["sentences"], "latent": Field("latent", (2,))}

    def generate(self, networks: Networks, given: Given) -> Sample:
        story = networks["generator"](given["sentences"], given["latent"])
        return {"story": story, "frames": story[:, 0]}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {"image": View(sample["frames"]), "story": View(sample["story"], given=given["sentences"])}

    def view_fields(self, view: str, data: Any, given: Any) -> ViewShapes:
        beside = None if given is None else Field("vector", tuple(given.shape[1:]))
        return ViewShapes(Field("image", tuple(data.shape[1:])), beside)

    def mismatched(self, networks: Networks, sample: Sample, given: Given) -> Views:
        rows, taken_from = self.differing(given["sentences"])
        return {"story": View(sample["story"][rows], given=given["sentences"][taken_from], rows=rows)}


def test_a_story_has_two_datasets_a_mismatch_in_one_view_and_two_generator_turns() -> None:
    story = {"story": Field("video", (3, 1, 2, 2)), "sentences": Field("vector", (6,))}
    image = {"image": Field("image", (1, 2, 2))}
    recipe = {
        "task": {"name": "story"},
        "datasets": {"stories": {"name": "stories"}, "images": {"name": "images"}},
        "counted": "stories",
        "players": {"generator": player(), "image": player(), "story": player()},
        "phases": [
            {"player": "image"},
            {"player": "story"},
            {"player": "generator", "turns": 2, "fake": "fresh"},
        ],
    }
    told = every_player_moves(
        recipe,
        tasks={"story": Story},
        datasets={"stories": lambda: ToyData(story), "images": lambda: ToyData(image)},
    )
    assert "cost/story/mismatched" in told
    assert "cost/image/mismatched" not in told


class Volume(Task):
    """Shapes as voxels and their silhouettes; two latents; one player holds two networks."""

    def makes(self) -> Mapping[str, Field]:
        return {"voxels": self.fields["voxels"]}

    def draw(self, batch: Batch, random: Random) -> Given:
        return {"shape": random.normal(3), "texture": random.normal(2)}

    def build(self, player: str, architecture: Architecture, shapes: GeneratorShapes | ViewShapes) -> Module:
        if isinstance(shapes, ViewShapes):
            return architecture.discriminator(shapes)
        parts = {"shape": self.fields["voxels"], "texture": Field("image", (1, 4, 4))}
        return ModuleDict(
            {
                name: architecture.generator(GeneratorShapes({name: shapes.given[name]}, {name: made}))
                for name, made in parts.items()
            }
        )

    def generate(self, networks: Networks, given: Given) -> Sample:
        held: Any = networks["generator"]
        voxels = held["shape"](given["shape"])
        return {"voxels": voxels, "picture": voxels.amax(2) * held["texture"](given["texture"])}

    def real(self, batch: Batch) -> Sample:
        return {"voxels": batch["voxels"], "picture": batch["voxels"].amax(2)}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {"voxels": View(sample["voxels"]), "picture": View(sample["picture"])}


def test_volumes_are_judged_as_voxels_and_as_pictures() -> None:
    fields = {"voxels": Field("volume", (1, 4, 4, 4))}
    recipe = {
        "task": {"name": "volume"},
        "dataset": {"name": "toy"},
        "loss": {"name": "wasserstein"},
        "players": {"generator": player(), "voxels": player(), "picture": player()},
        "terms": [{"name": "gradient-penalty", "on": "voxels", "weight": 10.0}],
    }
    every_player_moves(recipe, tasks={"volume": Volume}, datasets={"toy": lambda: ToyData(fields)})


class Reenactment(Task):
    """A face from an identity's frames and a driver's landmarks; the discriminator has a row per identity."""

    def players(self) -> tuple[str, ...]:
        return ("embedder", "generator")

    def makes(self) -> Mapping[str, Field]:
        return {"frame": self.fields["frame"]}

    def draw(self, batch: Batch, random: Random) -> Given:
        return {name: batch[name] for name in ("sources", "landmarks", "identity")}

    def given_fields(self, given: Given) -> Mapping[str, Field]:
        return {"embedding": Field("latent", (3,)), "landmarks": self.fields["landmarks"]}

    def build(self, player: str, architecture: Architecture, shapes: GeneratorShapes | ViewShapes) -> Module:
        if player == "embedder":
            frames = GeneratorShapes({"sources": self.fields["sources"]}, {"embedding": Field("vector", (3,))})
            return architecture.generator(frames)
        if isinstance(shapes, ViewShapes):
            return IdentityJudge(architecture.discriminator(shapes), self.fields["identity"].cardinality)
        return architecture.generator(shapes)

    def generate(self, networks: Networks, given: Given) -> Sample:
        embedding = networks["embedder"](given["sources"])
        return {"frame": networks["generator"](embedding, given["landmarks"]), "embedding": embedding}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {"frame": View(sample["frame"], given=given["identity"])}

    def view_fields(self, view: str, data: Any, given: Any) -> ViewShapes:
        return ViewShapes(Field("image", tuple(data.shape[1:])))


class IdentityJudge(Module):
    """A logit, and the embedding row of the identity as an extra."""

    def __init__(self, judge: Module, identities: int) -> None:
        super().__init__()
        self.judge = judge
        self.rows = Embedding(identities, 3)

    def forward(self, data: Tensor, given: Tensor) -> Verdict:
        row = self.rows(given)
        return Verdict(self.judge(data) + row.sum(1), {"row": row})


class Match(Term):
    """The embedding should meet the discriminator's row of that identity."""

    def cost(self, turn: Turn) -> Tensor:
        return (turn.fake["embedding"] - turn.verdict("fake", "frame").extras["row"]).abs().sum(1)


def test_reenactment_plays_the_generator_first_and_the_discriminator_twice_on_one_fake() -> None:
    fields = {
        "frame": Field("image", (1, 4, 4)),
        "sources": Field("vector", (5,)),
        "landmarks": Field("vector", (4,)),
        "identity": Field("category", (), 6),
    }
    recipe = {
        "task": {"name": "reenactment"},
        "dataset": {"name": "toy"},
        "loss": {"name": "hinge"},
        "players": {"embedder": player(), "generator": player(), "frame": player()},
        "phases": [{"player": "embedder"}, {"player": "generator"}, {"player": "frame", "turns": 2}],
        "terms": [
            {"name": "match", "on": "embedder"},
            {"name": "l1", "on": "generator", "field": "frame"},
        ],
    }
    told = every_player_moves(
        recipe,
        tasks={"reenactment": Reenactment},
        datasets={"toy": lambda: ToyData(fields)},
        terms={"match": Match},
    )
    assert told["cost/embedder"] == told["cost/match"]
