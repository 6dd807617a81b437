"""What every dataset must do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganlab.interfaces.dataset import Dataset, Source
from ganlab.testing.state import leaving_all_as_it_was, same
from ganlab.testing.toys import ToyRandom
from ganlab.values import Field

LOOKED_AT = 64
"""Samples of each part that are looked at: enough to find a mistake, few enough for a folder of photographs."""


class DatasetConformance:
    """Subclass it and say how the dataset is made, from files that the test itself writes if it needs any."""

    in_range: tuple[str, ...] = ("image", "video", "volume")
    """Kinds of field whose values live in [-1, 1], float32."""

    def make(self) -> Dataset:
        """The dataset to be tested: each time with the same options."""
        raise NotImplementedError("return your dataset from make()")

    def test_both_parts_have_samples(self) -> None:
        dataset = self.make()
        assert len(dataset.train) > 0
        assert len(dataset.held_out) > 0

    def test_samples_are_what_the_fields_say(self) -> None:
        dataset = self.make()
        for source in (dataset.train, dataset.held_out):
            rows, count = look(source), min(LOOKED_AT, len(source))
            assert set(rows) >= set(dataset.fields), f"rows {set(rows)}, fields {set(dataset.fields)}"
            for name, field in dataset.fields.items():
                self.check_field(name, field, rows[name], count)

    def test_pictures_use_the_range(self) -> None:
        dataset = self.make()
        for name, field in dataset.fields.items():
            if field.kind in self.in_range:
                values = look(dataset.train)[name]
                assert values.min() < 0 < values.max(), f"'{name}' spans {values.min():g} to {values.max():g}"

    def test_no_training_sample_is_held_out(self) -> None:
        dataset = self.make()
        seen = set(contents(look(dataset.train)))
        assert not any(each in seen for each in contents(look(dataset.held_out))), "a held-out sample is in training"

    def test_asked_twice_it_hands_out_the_same(self) -> None:
        dataset = self.make()
        assert same(look(dataset.train), look(dataset.train))
        assert same(look(dataset.train), look(self.make().train)), "made again, it holds other samples"

    def test_rows_come_in_the_order_asked_for(self) -> None:
        source = self.make().train
        count = min(4, len(source))
        forward = source.rows(torch.arange(count), None)
        backward = source.rows(torch.arange(count).flip(0), None)
        for name, values in forward.items():
            turned = values.flip(0) if isinstance(values, Tensor) else list(values)[::-1]
            assert same(turned, backward[name] if isinstance(values, Tensor) else list(backward[name])), name

    def test_draws_decide_how_a_sample_is_moved(self) -> None:
        source = self.make().train
        indices = torch.arange(min(8, len(source)))
        first = source.rows(indices, ToyRandom(len(indices), 5))
        assert same(first, source.rows(indices, ToyRandom(len(indices), 5)))
        assert {name: shape(values) for name, values in first.items()} == {
            name: shape(values) for name, values in source.rows(indices, None).items()
        }

    def test_it_leaves_the_process_as_it_was(self) -> None:
        with leaving_all_as_it_was():
            look(self.make().train)

    def test_the_fingerprint_is_the_contents(self) -> None:
        assert self.make().fingerprint() == self.make().fingerprint()
        assert self.make().fingerprint()

    def test_a_resident_source_says_what_it_takes(self) -> None:
        source = self.make().train
        moved = source.to("cpu")
        assert len(moved) == len(source)
        assert same(look(moved), look(source))
        assert source.nbytes() > 0 if source.resident else source.nbytes() == 0

    def check_field(self, name: str, field: Field, values: Any, count: int) -> None:
        """Raise AssertionError if `values` are not `count` values of `field`."""
        if not isinstance(values, Tensor):
            assert len(values) == count, f"{len(values)} of '{name}' for {count} samples"
            return
        assert values.shape == (count, *field.shape), f"'{name}' is {tuple(values.shape)}, field says {field.shape}"
        if field.cardinality is not None:
            assert values.dtype == torch.int64, f"'{name}' is {values.dtype}; categories are int64"
            assert values.min() >= 0
            assert values.max() < field.cardinality
        if field.kind in self.in_range:
            assert values.dtype == torch.float32, f"'{name}' is {values.dtype}; pictures are float32"
            assert values.min() >= -1
            assert values.max() <= 1


def look(source: Source) -> Mapping[str, Any]:
    """Samples from all over the source, as they are."""
    count = min(LOOKED_AT, len(source))
    return source.rows(torch.linspace(0, len(source) - 1, count).round().long(), None)


def contents(rows: Mapping[str, Any]) -> list[bytes]:
    """Each sample's numbers."""
    tensors = [values for values in rows.values() if isinstance(values, Tensor)]
    return [
        b"".join(tensor[index].contiguous().numpy().tobytes() for tensor in tensors)
        for index in range(len(tensors[0]) if tensors else 0)
    ]


def shape(values: Any) -> tuple[int, ...]:
    """How many, and of what shape."""
    return tuple(values.shape) if isinstance(values, Tensor) else (len(values),)
