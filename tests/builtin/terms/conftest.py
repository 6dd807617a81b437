"""A turn that lies open: whatever a test puts on the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlab import Batch, Progress, RecipeError, Turn, Verdict, View
from ganlab.builtin.terms import ganlab_register_terms
from ganlab.engine.random import Stream


class OpenTable(Turn):
    """`views` holds (real, fake) by name; one discriminator, a function of data and condition, judges them all."""

    def __init__(
        self,
        judge: Callable[[Any, Any], Any] | None = None,
        views: Mapping[str, tuple[View, View]] | None = None,
        *,
        player: str = "image",
        real: Mapping[str, Any] | None = None,
        fake: Mapping[str, Any] | None = None,
        given: Mapping[str, Any] | None = None,
        networks: Mapping[str, Any] | None = None,
        intermediates: Mapping[str, Any] | None = None,
        rows: int = 4,
        place: int = 0,
    ) -> None:
        self.player = player
        self.networks = networks or {}
        self.random = Stream(0, "test", torch.device("cpu")).at(place, rows)
        self.progress = Progress()
        self.recorded: dict[str, Tensor] = {}
        self._judge, self._views = judge, views or {}
        self._real, self._fake, self._given = real or {}, fake or {}, given or {}
        self._intermediates = intermediates or {}

    @property
    def batch(self):
        return Batch(self._real, self.random.rows)

    @property
    def given(self):
        return self._given

    @property
    def real(self):
        return self._real

    @property
    def fake(self):
        return self._fake

    def views(self, side):
        return {name: pair[side == "fake"] for name, pair in self._views.items()}

    def verdict(self, side, view):
        return self.judge(view, self.views(side)[view])

    def judge(self, name, view):
        answer = self._judge(view.data, view.given)
        return answer if isinstance(answer, Verdict) else Verdict(answer)

    def generate(self, given):
        made = self.networks[self.player](*given.values())
        return made if isinstance(made, Mapping) else {"made": made}

    def intermediate(self, name):
        return self._intermediates[name]

    def record(self, name, value):
        self.recorded[name] = value


@pytest.fixture
def table():
    return OpenTable


@pytest.fixture
def term():
    """Builds a term by the name it is registered under."""
    return lambda name, **options: ganlab_register_terms()[name](**options)


@pytest.fixture
def refuses():
    """Asserts that a term's cost is refused with a recipe error that names it."""

    def check(name: str, cost: Callable[[], Any], *words: str) -> None:
        with pytest.raises(RecipeError) as caught:
            cost()
        message = str(caught.value)
        assert f"'{name}'" in message
        assert all(word in message for word in words), message

    return check
