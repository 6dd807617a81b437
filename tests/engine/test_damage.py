"""What became of a checkpoint on its disk is noticed: thousands of damages, none of which loads, none of which raises
anything but `CheckpointError`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganlab import CheckpointError
from ganlab.engine import container
from ganlab.engine.checkpoint import game_state
from ganlab.engine.loop import train
from tests.engine.toys import player, toy_game

GOLDEN = Path(__file__).parent / "golden"

PAGE = 4096

Damage = Callable[[bytes, random.Random], bytes]


def flipped(raw: bytes, chance: random.Random) -> bytes:
    """One bit to eight bits, anywhere."""
    damaged = bytearray(raw)
    for _ in range(1 + chance.randrange(8) * chance.randrange(2)):
        damaged[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def flipped_in_the_header(raw: bytes, chance: random.Random) -> bytes:
    """One bit of the part that is parsed."""
    damaged = bytearray(raw)
    damaged[chance.randrange(header_end(raw))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut(raw: bytes, chance: random.Random) -> bytes:
    """As far as it was written: anywhere, at a page, at a byte near where a part ends."""
    near = chance.choice([0, container.START, header_end(raw), len(raw)]) + chance.randrange(-16, 17)
    size = chance.choice([chance.randrange(len(raw)), chance.randrange(0, len(raw), PAGE), near])
    return raw[: sorted((0, size, len(raw)))[1]]


def zeroed(raw: bytes, chance: random.Random) -> bytes:
    """A page that never reached the disk, or a run of bytes that are 0 or 255."""
    start = chance.randrange(0, len(raw), PAGE) if chance.random() < 0.3 else chance.randrange(len(raw))
    length = chance.choice([PAGE, 512, 1 + chance.randrange(100)])
    rest = raw[start + length :]
    return raw[:start] + chance.choice([b"\0", b"\0", b"\xff"]) * (len(raw) - start - len(rest)) + rest


def moved(raw: bytes, chance: random.Random) -> bytes:
    """Two blocks swapped, one written twice, one left out, one put in, or all bytes from one place on shifted."""
    length = chance.choice([each for each in (1, 8, 512, PAGE) if each < len(raw) - 2])
    one, other = sorted(chance.sample(range(len(raw) - length), 2))
    first, second = raw[one : one + length], raw[other : other + length]
    how = chance.randrange(5)
    if how == 0 and other - one >= length:
        return raw[:one] + second + raw[one + length : other] + first + raw[other + length :]
    if how == 1:
        return raw[:other] + first + raw[other + length :]
    if how == 2:
        return raw[:one] + raw[one + length :]
    if how == 3:
        return raw[:one] + chance.randbytes(length) + raw[one:]
    return raw[:one] + bytes([chance.randrange(256)]) + raw[one:-1]


def longer(raw: bytes, chance: random.Random) -> bytes:
    """Something follows it: zeros, noise, itself."""
    size = 1 + chance.randrange(2 * PAGE)
    return raw + chance.choice([bytes(size), chance.randbytes(size), raw, raw[:size]])


def forged(raw: bytes, chance: random.Random) -> bytes:
    """Somebody edited the header, or what is declared of lengths, and left the hash as it was."""
    damaged = bytearray(raw)
    begin = header_begin(raw)
    how = chance.randrange(4)
    if how == 0:  # a digit of a shape, of a place, of a number in the tree
        digits = [place for place in range(begin, header_end(raw)) if raw[place] in b"0123456789"]
        damaged[chance.choice(digits)] = chance.choice(b"0123456789")
    elif how == 1:  # the length of the header
        damaged[begin - 8 : begin] = chance.choice([0, 1, len(raw), 2**24, 2**32, 2**63 - 1, 2**64 - 1]).to_bytes(
            8, "little"
        )
    elif how == 2:  # another word
        old, new = chance.choice(
            [(b"F32", b"F64"), (b"F32", b"I32"), (b"$f", b"$t"), (b"$d", b"$u"), (b"data_off", b"data_0ff")]
        )
        damaged[begin:] = damaged[begin:].replace(old, new, 1 + chance.randrange(9))
    else:  # the version, or the length of the body
        place = len(container.MAGIC) if chance.random() < 0.5 else container.START
        damaged[place] = chance.randrange(256)
    return bytes(damaged)


DAMAGES: dict[Damage, int] = {
    flipped: 2500,
    flipped_in_the_header: 1500,
    cut: 1500,
    zeroed: 1500,
    moved: 1500,
    longer: 500,
    forged: 1000,
}
"""How often each is done; with each bit of the first 64 bytes that is more than ten thousand."""


def header_begin(raw: bytes) -> int:
    return container.START + (8 if raw[len(container.MAGIC)] == 1 else 16)


def header_end(raw: bytes) -> int:
    begin = header_begin(raw)
    return begin + int.from_bytes(raw[begin - 8 : begin], "little")


def damages(raw: bytes, share: float = 1.0) -> Iterator[bytes]:
    """Damaged copies, each of which differs from `raw`."""
    for bit in range(8 * 64):
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 1 << bit % 8
        yield bytes(damaged)
    for damage, count in DAMAGES.items():
        chance = random.Random(damage.__name__)
        for _ in range(round(count * share)):
            damaged_one = raw
            while damaged_one == raw:
                damaged_one = damage(raw, chance)
            yield damaged_one


@pytest.fixture(scope="module")
def raw() -> bytes:
    """A checkpoint of a small game in its middle, with everything in it."""
    adam = {"optimizer": {"name": "adam", "lr": 1e-3}}
    watch = {
        "tick_kimg": 0.016,
        "monitors": [{"name": "lost-coverage"}],
        "diagnostics": [{"name": "coverage", "count": 32}],
    }
    game = toy_game(
        {
            "budget_rounds": 5,
            "players": {"generator": player(ema_half_life_kimg=0.01, **adam), "point": player(**adam)},
            "watch": {"reporters": [], **watch},
        }
    )
    train(game)
    return container.pack(
        {"identity": {"data": {"dataset": "ring"}}, "run": {"seconds": 0.1}, "game": game_state(game)}
    )


def test_none_of_ten_thousand_damages_is_silent(raw: bytes) -> None:
    assert container.unpack(raw)["game"]["clock"]["round"] == 5
    count = 0
    for damaged in damages(raw):
        with pytest.raises(CheckpointError):
            container.unpack(damaged)
        count += 1
    assert count >= 10_000


@pytest.mark.parametrize("path", sorted(GOLDEN.rglob("*.ckpt")), ids=lambda path: str(path.relative_to(GOLDEN)))
def test_no_damage_of_an_older_format_is_silent(path: Path) -> None:
    raw = path.read_bytes()
    container.unpack(raw)
    for damaged in damages(raw, 0.2):
        with pytest.raises(CheckpointError):
            container.unpack(damaged)
