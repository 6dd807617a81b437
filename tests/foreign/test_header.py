"""A safetensors file is what it says it is, to the byte, or it is refused in words."""

from __future__ import annotations

import json
import random
from io import BytesIO
from typing import Any

import pytest
import torch
from safetensors.torch import save

from ganlab.foreign.header import Stored, read_header


def forged(header: Any, data: bytes = bytes(8)) -> bytes:
    """A file with this header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def told(raw: bytes) -> dict[str, Stored]:
    return read_header(BytesIO(raw), len(raw))


def of(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def test_what_safetensors_writes_is_read_whole() -> None:
    found = told(save({"b": torch.ones(2, 3), "a": torch.ones(5, dtype=torch.int64), "c": torch.ones(())}))
    assert {name: (each.kind, each.shape, each.count) for name, each in found.items()} == {
        "a": ("I64", (5,), 5),
        "b": ("F32", (2, 3), 6),
        "c": ("F32", (), 1),
    }


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "0 bytes is declared"),
        (b"\x00" * 7, "bytes is declared"),
        ((2**63).to_bytes(8, "little") + b"{}", "more than there is"),
        (forged(b"[" * 100_000), "no table in JSON"),
        (forged([1]), "no table in JSON"),
        (forged({"__metadata__": {"a": 1}}), "metadata"),
        (forged({"w": 3}), "without its dtype"),
        (forged(of(dtype="F31")), "of the kind F31"),
        (forged(of(dtype=["F32"])), "of the kind"),
        (forged(of(shape=[10**6, 10**6])), "1000000000000 numbers of F32 in 8 bytes"),
        (forged(of(shape=[-2])), "no count"),
        (forged(of(shape=[True, 2])), "no count"),
        (forged(of(shape=[1] * 8 + [2])), "more than 8 dimensions"),
        (forged(of(offsets=(4, 12))), "begins at 4"),
        (forged(of(), bytes(9)), "8 bytes of tensors are declared, 9 are there"),
        (forged({**of(), "v": of()["w"]}), "begins at 0, and the tensor before it ends at 8"),
        (forged({str(each): of(shape=[0], offsets=(0, 0))["w"] for each in range(70_000)}, b""), "70000 tensors"),
    ],
)
def test_a_forged_header_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        told(raw)


def test_two_thousand_damaged_headers_raise_nothing_else() -> None:
    whole = save({"layer.weight": torch.ones(3, 4), "layer.bias": torch.ones(3)})
    length = int.from_bytes(whole[:8], "little")
    dice = random.Random(0)
    refused = 0
    for _ in range(2000):
        raw = bytearray(whole)
        for _ in range(dice.randint(1, 3)):
            raw[dice.randrange(8 + length)] ^= 1 << dice.randrange(8)
        try:
            told(bytes(raw[: dice.choice([len(raw), dice.randrange(len(raw))])]))
        except ValueError:
            refused += 1
    assert refused > 1500
