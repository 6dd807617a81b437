"""What every task must do."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ganlab.interfaces.architecture import Architecture
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.task import Task
from ganlab.testing.state import leaving_all_as_it_was, same
from ganlab.testing.toys import ToyArchitecture, ToyDataset, ToyRandom, as_verdict, build_networks
from ganlab.values import Batch, Fields, Given, Networks, Sample

ROWS = 6


class TaskConformance:
    """Subclass it, say how the task is made, and override `dataset`, `batch` or `architecture` where it needs more."""

    def make(self, fields: Fields) -> Task:
        """The task to be tested, for samples made of `fields`."""
        raise NotImplementedError("return your task from make(fields)")

    def dataset(self) -> Dataset:
        """Real samples: pictures with labels."""
        return ToyDataset()

    def fields(self) -> Fields:
        """What the batch is made of."""
        return self.dataset().fields

    def batch(self, rows: int = ROWS) -> Batch:
        """A real batch."""
        return Batch(self.dataset().train.rows(torch.arange(rows), None), rows)

    def architecture(self) -> Architecture:
        """Builds the players."""
        return ToyArchitecture()

    def test_what_is_generated_is_what_it_says_it_makes(self) -> None:
        task, _, _, sample = self.played()
        for name, field in task.makes().items():
            assert sample[name].shape == (ROWS, *field.shape), f"'{name}' is {tuple(sample[name].shape)}"
            assert torch.isfinite(sample[name]).all()

    def test_all_randomness_is_in_draw(self) -> None:
        task, networks, given, sample = self.played()
        torch.manual_seed(1)
        assert same(task.generate(networks, given), sample), "generate() made something else of the same"
        batch = self.batch()
        assert same(task.draw(batch, ToyRandom(ROWS, 3)), task.draw(batch, ToyRandom(ROWS, 3)))

    def test_real_and_fake_are_shown_alike(self) -> None:
        task, networks, given, sample = self.played()
        fake, real = task.views(networks, sample, given), task.views(networks, task.real(self.batch()), given)
        assert list(fake) == list(real)
        for name, view in fake.items():
            assert outline(view.data) == outline(real[name].data), f"view '{name}'"
            assert outline(view.given) == outline(real[name].given), f"the condition of view '{name}'"
            assert view.judge == real[name].judge

    def test_every_view_has_a_judge_that_answers(self) -> None:
        task, networks, given, sample = self.played()
        for name, view in task.views(networks, sample, given).items():
            verdict = as_verdict(networks[view.judge or name](view.data, view.given))
            rows = len(view.rows) if view.rows is not None else ROWS
            for logits in verdict.judgements.values():
                assert view.rows is None or len(logits) == rows
                assert torch.isfinite(logits).all()

    def test_whoever_a_view_is_played_against_can_learn_from_it(self) -> None:
        task, networks, _, _ = self.played()
        for network in networks.values():
            network.train()
        given = task.draw(self.batch(), ToyRandom(ROWS))
        for name, view in task.views(networks, task.generate(networks, given), given).items():
            verdict = as_verdict(networks[view.judge or name](view.data, view.given))
            cost = torch.stack([logits.sum() for logits in verdict.judgements.values()]).sum()
            for player in view.against:
                gradients = torch.autograd.grad(
                    cost, list(networks[player].parameters()), retain_graph=True, allow_unused=True
                )
                assert any(each is not None and bool(each.abs().sum() > 0) for each in gradients), (
                    f"view '{name}' is played against '{player}', and no gradient reaches it"
                )

    def test_conditions_are_all_a_user_needs_to_give(self) -> None:
        task, networks, _, _ = self.played()
        batch = self.batch()
        alone = Batch({name: batch[name] for name in task.conditions}, batch.size)
        with torch.no_grad():
            sample = task.generate(networks, task.draw(alone, ToyRandom(ROWS)))
        assert set(task.makes()) <= set(sample)

    def test_a_wrong_condition_stands_beside_real_data(self) -> None:
        task, networks, given, sample = self.played()
        right = task.views(networks, sample, given)
        for name, view in task.mismatched(networks, task.real(self.batch()), given).items():
            assert name in right
            assert view.rows is not None, "a mismatched view says in `rows` which samples are left"
            assert view.given is not None, "a mismatched view has a condition that is wrong"

    def test_it_leaves_the_process_as_it_was(self) -> None:
        task, networks, _, _ = self.played()
        with leaving_all_as_it_was(), torch.no_grad():
            given = task.draw(self.batch(), ToyRandom(ROWS))
            task.views(networks, task.generate(networks, given), given)

    def test_there_is_something_to_look_at(self) -> None:
        task, _, given, sample = self.played()
        picture = task.picture(sample, given)
        assert picture.kind
        assert len(picture.data) == ROWS

    def played(self) -> tuple[Task, Networks, Given, Sample]:
        """The task, its networks in evaluation mode, and a sample with what it was made from."""
        task, batch = self.make(self.fields()), self.batch()
        networks = build_networks(task, batch, self.architecture())
        given = task.draw(batch, ToyRandom(ROWS))
        with torch.no_grad():
            return task, networks, given, task.generate(networks, given)


def outline(value: Any) -> Any:
    """Shape of a row, and type; None for what is no tensor."""
    return (tuple(value.shape[1:]), value.dtype) if isinstance(value, Tensor) else None
