"""What every term must do."""

from __future__ import annotations

import torch
from torch import Tensor

from ganlab.interfaces.term import Term
from ganlab.interfaces.turn import Turn
from ganlab.testing.state import check_taken_back, leaving_all_as_it_was, same, snapshot
from ganlab.testing.toy_turn import ToyTurn


class TermConformance:
    """Subclass it, say how the term is made and which player it charges, and override `turn` if it needs more."""

    player: str = "image"
    """The player that is charged: "image" is the toy game's discriminator."""

    def make(self) -> Term:
        """The term to be tested."""
        raise NotImplementedError("return your term from make()")

    def turn(self) -> Turn:
        """What lies on the table; the same each time it is asked for."""
        return ToyTurn(self.player)

    def test_the_cost_is_finite_and_has_one_number_per_row_or_one_in_all(self) -> None:
        turn = self.turn()
        cost = self.make().cost(turn)
        assert cost.dim() == 0 or cost.shape[:1] == (turn.batch.size,), f"cost of shape {tuple(cost.shape)}"
        assert torch.isfinite(cost).all()

    def test_the_player_it_charges_can_do_something_about_it(self) -> None:
        turn = self.turn()
        self._charge(turn)
        gradients = [each.grad for each in turn.networks[turn.player].parameters() if each.grad is not None]
        assert any(bool(each.abs().sum() > 0) for each in gradients), f"no gradient reaches '{turn.player}'"
        assert all(bool(torch.isfinite(each).all()) for each in gradients)

    def test_nobody_else_is_charged(self) -> None:
        turn = self.turn()
        self._charge(turn)
        for name, network in turn.networks.items():
            if name != turn.player:
                assert all(each.grad is None for each in network.parameters()), f"'{name}' is charged too"

    def test_it_changes_no_weight_itself(self) -> None:
        turn = self.turn()
        before = snapshot({turn.player: turn.networks[turn.player]})
        self._charge(turn)
        parameters = dict(turn.networks[turn.player].named_parameters())
        kept = before[turn.player]
        assert all(same(kept[name], value.detach()) for name, value in parameters.items())

    def test_all_its_randomness_comes_from_the_turn(self) -> None:
        torch.manual_seed(0)
        first = self.make().cost(self.turn()).detach()
        torch.manual_seed(1)
        assert same(self.make().cost(self.turn()).detach(), first), "the same table costs something else"

    def test_it_leaves_the_process_as_it_was(self) -> None:
        turn = self.turn()
        with leaving_all_as_it_was():
            self.make().cost(turn)

    def test_its_state_survives_a_restart(self) -> None:
        worn, turn = self.make(), self.turn()
        worn.cost(turn)
        check_taken_back(worn, self.make())

    def _charge(self, turn: Turn) -> None:
        cost: Tensor = self.make().cost(turn).mean()
        cost.backward()  # type: ignore[no-untyped-call]
