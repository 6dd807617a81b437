"""The conformance classes pass what is right and catch what is wrong; the built-ins are what is right."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

import ganlab
from ganlab import testing
from ganlab.plugins import Plugins

PLUGINS = Plugins()
FIELDS = testing.ToyDataset().fields


def checks(conformance: Any) -> list[str]:
    return [name for name in dir(conformance) if name.startswith("test_")]


def failing(conformance: Any) -> set[str]:
    """Names of the tests that fail."""
    failed = set()
    for name in checks(conformance):
        try:
            getattr(conformance, name)()
        except Exception:
            failed.add(name)
    return failed


def conforming(kind: type, make: Callable[..., Any], **attributes: Any) -> Any:
    """An instance of the conformance class for `make`."""
    return type("Conformance", (kind,), {"make": staticmethod(make), **attributes})()


@pytest.mark.parametrize("name", PLUGINS.names("losses", third_party=False))
def test_every_built_in_loss_conforms(name: str) -> None:
    assert failing(conforming(testing.LossConformance, PLUGINS.find("losses", name).create)) == set()


@pytest.mark.parametrize("name", ["r1", "r2", "dragan", "gradient-penalty", "lecam"])
def test_terms_of_the_discriminator_conform(name: str) -> None:
    assert failing(conforming(testing.TermConformance, PLUGINS.find("terms", name).create)) == set()


def test_the_generators_distance_conforms() -> None:
    term = PLUGINS.find("terms", "l1")
    assert failing(conforming(testing.TermConformance, term.create, player="generator")) == set()


def test_architectures_conform() -> None:
    for name in ("mlp", "dcgan"):
        assert failing(conforming(testing.ArchitectureConformance, PLUGINS.find("architectures", name).create)) == set()
    assert failing(conforming(testing.ArchitectureConformance, testing.ToyArchitecture)) == set()


@pytest.mark.parametrize("name", ["digits", "ring", "grid"])
def test_datasets_conform(name: str) -> None:
    entry = PLUGINS.find("datasets", name)
    assert failing(conforming(testing.DatasetConformance, entry.create)) == set()


def test_the_toys_conform() -> None:
    assert failing(conforming(testing.DatasetConformance, testing.ToyDataset)) == set()
    assert failing(conforming(testing.TaskConformance, testing.ToyTask)) == set()


@pytest.mark.parametrize("name", ["unconditional", "class-conditional"])
def test_tasks_conform(name: str) -> None:
    assert failing(conforming(testing.TaskConformance, PLUGINS.find("tasks", name).create)) == set()


def test_an_augmentation_conforms() -> None:
    entry = PLUGINS.find("augmentations", "diff-augment")
    assert failing(conforming(testing.AugmentationConformance, entry.create)) == set()


@pytest.mark.parametrize("name", ["balance", "coverage"])
def test_diagnostics_conform(name: str) -> None:
    assert failing(conforming(testing.DiagnosticConformance, PLUGINS.find("diagnostics", name).create)) == set()


def test_a_monitor_conforms() -> None:
    assert (
        failing(
            conforming(
                testing.MonitorConformance,
                PLUGINS.find("monitors", "lost-coverage").create,
                healthy=[{"coverage": 0.1 * tick} for tick in range(10)],
                ill=[{"coverage": 0.8}] * 5 + [{"coverage": 0.1}] * 5,
            )
        )
        == set()
    )


def test_an_intervention_conforms() -> None:
    dead = ganlab.Finding("any", "it is dead", ganlab.Severity.CRITICAL, 3.0, 30, 1.0)
    stop = PLUGINS.find("interventions", "stop").create
    assert failing(conforming(testing.InterventionConformance, stop, findings=(dead,))) == set()


def test_a_reporter_conforms() -> None:
    assert failing(conforming(testing.ReporterConformance, PLUGINS.find("reporters", "jsonl").create)) == set()


# What is wrong, and the check that must catch it.


class Hinge(ganlab.Loss):
    """A right loss to be spoilt."""

    def discriminator(self, real: Any, fake: Any) -> Any:
        return (1 - real).relu(), (1 + fake).relu()

    def generator(self, fake: Any, real: Any = None) -> Any:
        return -fake


class UpsideDown(Hinge):
    def generator(self, fake: Any, real: Any = None) -> Any:
        return fake


class WrongDiscriminator(Hinge):
    def discriminator(self, real: Any, fake: Any) -> Any:
        return (1 + real).relu(), (1 - fake).relu()


class Overflowing(Hinge):
    def generator(self, fake: Any, real: Any = None) -> Any:
        return (1 + (-fake).exp()).log() + (-fake).exp()


class Flattened(Hinge):
    def generator(self, fake: Any, real: Any = None) -> Any:
        return -fake.flatten(1).sum(1) if fake.dim() > 1 else -fake


class AveragedOverNothing(Hinge):
    def generator(self, fake: Any, real: Any = None) -> Any:
        return -fake.mean()


class Promising(Hinge):
    per_sample = True

    def discriminator(self, real: Any, fake: Any) -> Any:
        return (1 - real + fake.mean(0)).relu(), (1 + fake).relu()


class Paired(Hinge):
    compares = True

    def generator(self, fake: Any, real: Any = None) -> Any:
        return real - fake


@pytest.mark.parametrize(
    ("loss", "check"),
    [
        (UpsideDown, "test_the_generator_pays_less_when_its_fakes_look_more_real"),
        (WrongDiscriminator, "test_the_discriminator_pays_less_when_real_data_look_more_real"),
        (WrongDiscriminator, "test_the_discriminator_pays_less_when_fakes_look_less_real"),
        (Overflowing, "test_costs_and_gradients_are_finite_however_sure_the_discriminator_is"),
        (Flattened, "test_costs_keep_the_shape_of_the_logits_or_are_scalars"),
        (AveragedOverNothing, "test_a_view_without_rows_costs_nothing"),
        (Promising, "test_it_treats_each_sample_alone_if_it_promises_to"),
        (Paired, "test_sides_may_differ_in_rows"),
    ],
)
def test_a_wrong_loss_is_caught(loss: type, check: str) -> None:
    assert check in failing(conforming(testing.LossConformance, loss))


class Random(ganlab.Term):
    def cost(self, turn: Any) -> Any:
        return turn.verdict("real", "image").logits.mean() * torch.rand(())


class Detached(ganlab.Term):
    def cost(self, turn: Any) -> Any:
        return turn.verdict("real", "image").logits.detach().mean() + sum(p.sum() * 0 for p in weights(turn, "image"))


class ChargesAll(ganlab.Term):
    def cost(self, turn: Any) -> Any:
        return sum(p.requires_grad_().sum() for name in turn.networks for p in weights(turn, name))


class Meddles(ganlab.Term):
    def cost(self, turn: Any) -> Any:
        with torch.no_grad():
            next(iter(weights(turn, "image"))).add_(1)
        return turn.verdict("real", "image").logits.mean()


class Forgets(ganlab.Term):
    mean = 0.0

    def cost(self, turn: Any) -> Any:
        self.mean += 1
        return turn.verdict("real", "image").logits.mean()

    def state(self) -> dict[str, float]:
        return {"mean": self.mean}


def weights(turn: Any, name: str) -> Any:
    return turn.networks[name].parameters()


@pytest.mark.parametrize(
    ("term", "check"),
    [
        (Random, "test_all_its_randomness_comes_from_the_turn"),
        (Detached, "test_the_player_it_charges_can_do_something_about_it"),
        (ChargesAll, "test_nobody_else_is_charged"),
        (Meddles, "test_it_changes_no_weight_itself"),
        (Forgets, "test_its_state_survives_a_restart"),
    ],
)
def test_a_wrong_term_is_caught(term: type, check: str) -> None:
    assert failing(conforming(testing.TermConformance, term)) == {check}


def spoilt_dataset(**tensors: Any) -> Callable[[], Any]:
    """The toy dataset with some of its training tensors replaced."""

    def make() -> testing.ToyDataset:
        dataset = testing.ToyDataset()
        dataset.train.tensors |= {name: change(dataset) for name, change in tensors.items()}
        return dataset

    return make


@pytest.mark.parametrize(
    ("make", "check"),
    [
        (spoilt_dataset(image=lambda it: it.train.tensors["image"] * 2), "test_samples_are_what_the_fields_say"),
        (spoilt_dataset(label=lambda it: it.train.tensors["label"] + 1), "test_samples_are_what_the_fields_say"),
        (spoilt_dataset(image=lambda it: it.train.tensors["image"].abs()), "test_pictures_use_the_range"),
        (
            spoilt_dataset(
                image=lambda it: it.held_out.tensors["image"].repeat(2, 1, 1, 1),
                label=lambda it: it.held_out.tensors["label"].repeat(2),
            ),
            "test_no_training_sample_is_held_out",
        ),
        (
            spoilt_dataset(label=lambda it: torch.randint(2, (64,))),
            "test_asked_twice_it_hands_out_the_same",
        ),
    ],
)
def test_a_wrong_dataset_is_caught(make: Any, check: str) -> None:
    assert failing(conforming(testing.DatasetConformance, make)) == {check}


class DrawsLate(testing.ToyTask):
    def generate(self, networks: Any, given: Any) -> Any:
        return {"image": networks["generator"](torch.randn_like(given["latent"]))}


class NeedsLabels(testing.ToyTask):
    def draw(self, batch: Any, random: Any) -> Any:
        return {"latent": random.normal(4) + batch["label"][:, None]}


class ShowsUnalike(testing.ToyTask):
    def views(self, networks: Any, sample: Any, given: Any) -> Any:
        fake = sample["image"] if "label" in sample else sample["image"][:, :, ::2].repeat(1, 1, 2, 1)[:, :, :4]
        return {"image": ganlab.View(fake)}


class Cut(testing.ToyTask):
    def views(self, networks: Any, sample: Any, given: Any) -> Any:
        return {"image": ganlab.View(sample["image"].detach())}


@pytest.mark.parametrize(
    ("task", "check"),
    [
        (DrawsLate, "test_all_randomness_is_in_draw"),
        (NeedsLabels, "test_conditions_are_all_a_user_needs_to_give"),
        (ShowsUnalike, "test_real_and_fake_are_shown_alike"),
        (Cut, "test_whoever_a_view_is_played_against_can_learn_from_it"),
    ],
)
def test_a_wrong_task_is_caught(task: type, check: str) -> None:
    assert failing(conforming(testing.TaskConformance, task)) == {check}


class Noise(ganlab.Augmentation):
    """A right augmentation to be spoilt."""

    def augment(self, view: Any, side: Any, random: Any) -> Any:
        return view.replace(data=view.data + self.probability * random.normal(*view.data.shape[1:]))


class GlobalNoise(Noise):
    def augment(self, view: Any, side: Any, random: Any) -> Any:
        return view.replace(data=view.data + self.probability * torch.randn_like(view.data))


class InPlace(Noise):
    def augment(self, view: Any, side: Any, random: Any) -> Any:
        with torch.no_grad():
            view.data.add_(self.probability)
        return view.replace(data=view.data * 1.0)


class Idle(Noise):
    def augment(self, view: Any, side: Any, random: Any) -> Any:
        return view


class AlwaysOn(Noise):
    def augment(self, view: Any, side: Any, random: Any) -> Any:
        return view.replace(data=view.data + random.normal(*view.data.shape[1:]))


@pytest.mark.parametrize(
    ("augmentation", "checks"),
    [
        (Noise, set()),
        (GlobalNoise, {"test_all_its_randomness_comes_from_the_draws"}),
        (InPlace, {"test_what_it_is_given_stays_as_it_was"}),
        (Idle, {"test_it_does_something"}),
        (AlwaysOn, {"test_it_does_nothing_at_probability_zero"}),
    ],
)
def test_a_wrong_augmentation_is_caught(augmentation: type, checks: set[str]) -> None:
    assert failing(conforming(testing.AugmentationConformance, augmentation)) == checks


class Disturbs(ganlab.Diagnostic):
    def measure(self, look: Any) -> Any:
        torch.rand(1)
        return {"a": 1.0}


class MeasuresTensors(ganlab.Diagnostic):
    def measure(self, look: Any) -> Any:
        return {"a": torch.ones(())}


class WritesOnSamples(ganlab.Diagnostic):
    def measure(self, look: Any) -> Any:
        return {"a": float(look.real(8)["image"].clamp_(0, 1).mean())}


class SetsThreads(ganlab.Diagnostic):
    def measure(self, look: Any) -> Any:
        torch.set_num_threads(torch.get_num_threads() + 1)
        return {"a": 1.0}


class Wanders(ganlab.Diagnostic):
    ticks = 0

    def measure(self, look: Any) -> Any:
        self.ticks += 1
        return {f"a{self.ticks}": 1.0}


@pytest.mark.parametrize(
    ("diagnostic", "check"),
    [
        (Disturbs, "test_looking_disturbs_nothing"),
        (MeasuresTensors, "test_it_measures_numbers_with_names"),
        (Wanders, "test_names_stay_the_same_from_tick_to_tick"),
        (WritesOnSamples, "test_samples_it_is_shown_stay_as_they_were"),
        (SetsThreads, "test_it_leaves_the_process_as_it_was"),
    ],
)
def test_a_wrong_diagnostic_is_caught(diagnostic: type, check: str) -> None:
    assert failing(conforming(testing.DiagnosticConformance, diagnostic)) == {check}


class Nags(ganlab.Monitor):
    """Says it at every tick, reads what may be missing, remembers nothing."""

    def judge(self, measurements: Any, progress: Any) -> Any:
        if measurements["a"] < 0:
            return [ganlab.Finding("nags", "again", ganlab.Severity.NOTE, progress.kimg, progress.round, 0.0)]
        return []


class Forgetful(ganlab.Monitor):
    said = False

    def judge(self, measurements: Any, progress: Any) -> Any:
        if self.said or not measurements.get("a", 0) < 0:
            return []
        self.said = True
        return [ganlab.Finding("once", "once", ganlab.Severity.NOTE, progress.kimg, progress.round, 0.0)]


@pytest.mark.parametrize(
    ("monitor", "wrong"),
    [
        (Nags, {"test_it_says_once_what_is_wrong", "test_it_bears_a_tick_without_its_measurement"}),
        (Forgetful, {"test_a_restart_at_any_tick_changes_nothing_it_says"}),
    ],
)
def test_a_wrong_monitor_is_caught(monitor: type, wrong: set[str]) -> None:
    runs = {"healthy": [{"a": 1.0}] * 3, "ill": [{"a": 1.0}, {"a": -1.0}, {"a": -1.0}]}
    assert failing(conforming(testing.MonitorConformance, monitor, **runs)) == wrong


def test_a_monitor_that_changes_what_others_read_is_caught() -> None:
    class Meddles(ganlab.Monitor):
        said = False

        def judge(self, measurements: Any, progress: Any) -> Any:
            if measurements.get("a", 0) >= 0 or self.said:
                return []
            self.said, measurements["a"] = True, 0.0
            return [ganlab.Finding("m", "ill", ganlab.Severity.NOTE, progress.kimg, progress.round, 0.0)]

        def state(self) -> Any:
            return {"said": self.said}

        def restore(self, state: Any) -> None:
            self.said = state["said"]

    runs = {"healthy": [{"a": 1.0}], "ill": [{"a": 1.0}, {"a": -1.0}]}
    assert failing(conforming(testing.MonitorConformance, Meddles, **runs)) == {
        "test_it_leaves_the_process_and_the_measurements_as_they_were"
    }


def test_an_intervention_whose_factor_is_no_number_is_caught() -> None:
    class Breaks(ganlab.Intervention):
        def answer(self, findings: Any, measurements: Any, progress: Any) -> Any:
            return [ganlab.ScaleLearningRate("generator", math.nan)] if findings else []

    found = ganlab.Finding("m", "ill", ganlab.Severity.NOTE, 0.0, 0, 0.0)
    broken = conforming(testing.InterventionConformance, Breaks, findings=(found,))
    assert failing(broken) == {"test_it_answers_with_actions"}


def test_an_intervention_that_answers_with_a_word_is_caught() -> None:
    class Word(ganlab.Intervention):
        def answer(self, findings: Any, measurements: Any, progress: Any) -> Any:
            return ["stop"]

    assert failing(conforming(testing.InterventionConformance, Word)) == {
        "test_it_answers_with_actions",
        "test_it_does_nothing_while_nothing_is_found",
    }


def test_a_reporter_that_writes_twice_after_a_restart_is_caught() -> None:
    class Twice(ganlab.Reporter):
        def start(self, run: Any, progress: Any, real: Any) -> None:
            self.file = (run.directory / "all.txt").open("a")

        def tick(self, tick: Any) -> None:
            self.file.write(f"{tick.progress.round}\n")
            self.file.flush()

        def end(self, outcome: Any) -> None:
            self.file.close()

    assert failing(conforming(testing.ReporterConformance, Twice)) == {
        "test_a_restart_leaves_nothing_twice_and_nothing_out"
    }


@pytest.mark.parametrize("name", [name for name in testing.__all__ if name.endswith("Conformance")])
def test_who_forgets_to_say_how_it_is_made_is_told(name: str) -> None:
    conformance = getattr(testing, name)()
    with pytest.raises(NotImplementedError, match=r"from make\("):
        conformance.make(*([FIELDS] if name == "TaskConformance" else []))
