"""Terms that compare what was made with what was wanted, and weights with each other."""

from __future__ import annotations

import pytest
import torch

from ganlab import Batch, Verdict, View


def test_l1_is_the_mean_absolute_difference_of_each_row(term, table):
    real = {"target": torch.tensor([[1.0, -1.0], [0.0, 0.5]])}
    fake = {"target": torch.tensor([[0.0, 1.0], [0.0, 0.0]])}
    torch.testing.assert_close(term("l1").cost(table(real=real, fake=fake)), torch.tensor([1.5, 0.25]))


def test_l1_finds_the_one_field_that_both_have(term, table):
    real = Batch({"source": torch.zeros(2, 3), "name": ["a", "b"], "target": torch.ones(2, 3)}, 2)
    fake = {"name": ["c", "d"], "target": torch.zeros(2, 3), "mask": torch.ones(2, 3)}
    torch.testing.assert_close(term("l1").cost(table(real=real, fake=fake)), torch.ones(2))


def test_l1_asks_which_where_several_could_be_meant(term, table, refuses):
    both = {"low": torch.zeros(2, 1), "high": torch.ones(2, 1)}
    refuses("l1", lambda: term("l1").cost(table(real=both, fake=both)), "low", "high", "'field'")
    torch.testing.assert_close(term("l1", field="high").cost(table(real=both, fake=both)), torch.zeros(2))


def test_l1_refuses_a_field_that_is_not_there(term, table, refuses):
    turn = table(real={"image": torch.zeros(2, 1)}, fake={"image": torch.zeros(2, 1)})
    refuses("l1", lambda: term("l1", field="target").cost(turn), "'target'", "image")


@pytest.mark.parametrize("name", ["cycle", "identity"])
def test_both_ways_are_summed_though_they_differ_in_rows_and_size(name, term, table):
    pairs = {"a": (torch.zeros(3, 1, 2, 2), torch.ones(3, 1, 2, 2)), "b": (torch.zeros(1, 4), torch.full((1, 4), 0.5))}
    torch.testing.assert_close(term(name).cost(table(intermediates={name: pairs})), torch.tensor(1.5))


@pytest.mark.parametrize("name", ["cycle", "identity"])
def test_a_task_without_pairs_is_named_as_the_trouble(name, term, table, refuses):
    refuses(name, lambda: term(name).cost(table()), "'unpaired'")


def watched(table, real, fake, features=lambda data: [data, 10 * data]):
    return table(
        lambda data, given: Verdict(data.sum(1), {"features": features(data)}),
        {"image": (View(real), View(fake))},
        player="generator",
    )


def test_feature_matching_compares_pairs_layer_by_layer(term, table):
    real, fake = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 1.0], [3.0, 7.0]])
    # Means over a layer: (0 + 1 + 0 + 3) / 4 = 1, and ten times that.
    torch.testing.assert_close(term("feature-matching").cost(watched(table, real, fake)), torch.tensor(11.0))


def test_feature_matching_compares_means_where_there_are_no_pairs(term, table):
    real, fake = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[3.0, 4.0], [1.0, 2.0], [2.0, 0.0]])
    # Means (2, 3) and (2, 2): (0 + 1) / 2, and a hundred times that.
    cost = term("feature-matching", compare="means").cost(watched(table, real, fake))
    torch.testing.assert_close(cost, torch.tensor(50.5))


def test_feature_matching_leads_the_generator_and_not_the_real_data(term, table):
    real, fake = torch.ones(2, 2, requires_grad=True), torch.zeros(2, 2, requires_grad=True)
    term("feature-matching").cost(watched(table, real, fake)).backward()
    assert (fake.grad < 0).all()
    assert real.grad is None


def test_feature_matching_says_what_it_lacks(term, table, refuses):
    views = {"image": (View(torch.zeros(2)), View(torch.zeros(2)))}
    silent = table(lambda data, given: data, views, player="generator")
    refuses("feature-matching", lambda: term("feature-matching").cost(silent), "'image'", "features")
    uneven = watched(table, torch.zeros(2, 2), torch.zeros(3, 2))
    refuses("feature-matching", lambda: term("feature-matching").cost(uneven), "'means'")
    refuses(
        "feature-matching", lambda: term("feature-matching").cost(table(views=views)), "'image'", "charge a generator"
    )


def charged_weights(table, network):
    return table(player="image", networks={"image": network})


def test_orthogonal_charges_the_overlap_of_filters_and_not_their_length(term, table):
    network = torch.nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 7.0]]))
    assert term("orthogonal").cost(charged_weights(table, network)).item() == 0
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    # The rows' product 1 * 3 + 2 * 4 = 11 stands twice in W W^T.
    assert term("orthogonal").cost(charged_weights(table, network)).item() == pytest.approx(242.0)


def test_orthogonal_has_the_gradient_of_the_papers_formula(term, table):
    # For W with filters in columns, the gradient of ||W^T W o (1 - I)||^2 is 4 W (W^T W o (1 - I)).
    network = torch.nn.Conv2d(3, 4, 2)
    term("orthogonal").cost(charged_weights(table, network)).backward()
    filters = network.weight.detach().flatten(1).T
    expected = 4 * filters @ ((filters.T @ filters) * (1 - torch.eye(4)))
    torch.testing.assert_close(network.weight.grad.flatten(1).T, expected, rtol=1e-4, atol=1e-5)


def test_orthogonal_leaves_embeddings_and_frozen_weights_out(term, table, refuses):
    network = torch.nn.ModuleDict({"embedding": torch.nn.Embedding(5, 3), "last": torch.nn.Linear(3, 3)})
    network["last"].requires_grad_(False)
    turn = charged_weights(table, network)
    refuses("orthogonal", lambda: term("orthogonal").cost(turn), "'image'")
    assert term("orthogonal", leave_out=()).cost(turn).item() > 0
