"""Answers a finding with an action, which the engine carries out.

Three instances: raise a stale discriminator's learning rate while it is stale, raise an augmentation's probability
while the discriminator over-fits, go back and halve a learning rate after a collapse.

How often it may act is the recipe's to say and the engine's to see to (`mode`, `limit` and `cool_down` beside its own
options), so that it need not count: it is asked when it may act, and shown what stands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from ganlab.interfaces.component import Component
from ganlab.values import Action, Finding, Progress


class Intervention(Component, ABC):
    """Acts only in runs whose recipe names it."""

    monitors: tuple[str, ...] = ()
    """The monitors whose findings it is shown; all if none is named."""

    steady: bool = False
    """True if it takes small steps, at every tick if need be: then it may act without limit or pause unless the recipe
    gives them."""

    goes_back: bool = False
    """True if it may ask for `RollBack`: the engine then keeps the players of the last healthy ticks, in memory and in
    every checkpoint."""

    def may_ask(self) -> Iterable[Action]:
        """Actions of the kinds it may ask for, one for each player, term or augmentation that its options name: what
        the game does not have is told before the first round. None by default."""
        return []

    @abstractmethod
    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        """Actions for this tick, often none.

        `findings` are those that are not over, found at this tick (their `round` is then the progress's) or before.
        """
