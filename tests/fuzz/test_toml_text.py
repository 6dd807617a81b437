"""Any file may be named as a recipe: noise, half a recipe, a device. It is read, or refused in a line, and at once."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab.cli.run import find_recipe
from ganlab.errors import RecipeError
from ganlab.recipe import Recipe, read_toml, to_toml
from ganlab.recipe.layers import MOST_BYTES
from ganlab.recipe.tree import check_plain
from tests.fuzz.recipes import FILES, NAMES, PATIENCE_MILLISECONDS, PLUGINS, RECIPES, answer, examples, readable

MIB = 1 << 20


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("text") / "recipe.toml"


def read(file: Path, raw: bytes) -> Any:
    """The answer to a file that holds `raw`."""
    file.write_bytes(raw)
    try:
        tree = find_recipe(str(file), PLUGINS)
    except RecipeError as error:
        return readable(error)
    return answer(tree)


pieces = st.sampled_from(
    [b"\0", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\xff", b"[", b"]]", b'"""', b"'", b"= 1e999", b"{", b"}", b"#", b"\n",
     b"= nan", b"&anchor", b"*alias", b"<<: *a", b"!!python/object", b"---\n", b"\xed\xa0\x80", b"9" * 5000, b"a." * 50]
)  # fmt: skip


@examples(400)
@given(raw=st.binary(max_size=300) | st.text().map(str.encode) | st.lists(pieces, max_size=12).map(b"".join))
def test_any_bytes_are_a_recipe_or_an_error(file: Path, raw: bytes) -> None:
    read(file, raw)


@examples(1500)
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 2**32), piece=pieces)
def test_a_damaged_recipe_is_a_recipe_or_an_error(file: Path, name: str, seed: int, piece: bytes) -> None:
    """Cut, with a piece of something else in it, with a byte changed, with two lines exchanged."""
    raw, rng = FILES[name].read_bytes(), random.Random(seed)
    place = rng.randrange(len(raw))
    lines = raw.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    damaged = [
        raw[:place],
        raw[place:],
        raw[:place] + piece + raw[place:],
        raw[:place] + bytes([rng.randrange(256)]) + raw[place + 1 :],
        b"\n".join(lines),
        raw + b"\n" + raw,
    ]
    read(file, rng.choice(damaged))


@pytest.mark.parametrize(
    "raw",
    [
        b"a." * (MIB // 2 - 2) + b"a=1",
        b"[" + b"a." * (MIB // 2 - 2) + b"a]",
        b'"a".' * (MIB // 4 - 2) + b"a=1",
        b"a=" + b"[" * (MIB - 2),
        b"a=" + b"{a=" * (MIB // 3 - 2),
        b"\n".join(b"%s.k%d=1" % (b".".join([b"a"] * 31), number) for number in range(13_000)),
        b"\n".join(b"k%d=1" % number for number in range(100_000)),
        b"\n".join(b"[[terms]]" for _ in range(100_000)),
        b"terms=[" + b"{name='r1',on='point'}," * 45_000 + b"]",
        b"\n".join(b"[players.p%d.architecture]\nname='mlp'" % number for number in range(20_000)),
        b"about='" + b"x" * (MIB - 20) + b"'",
        b"about='''" + b"\n" * (MIB - 20) + b"'''",
        b"x" * (MIB - 2) + b"=1",
        b"seed=" + b"9" * (MIB - 10),
        b"seed=0x" + b"f" * (MIB - 10),
        b'"' * (MIB - 1),
        b"'" * (MIB - 1),
        b"'a " * (MIB // 3),
        b" " * (MIB - 1),
        b"#" * (MIB - 1),
        b"\0" * (MIB - 1),
        b"\xff" * (MIB - 1),
    ],
    ids=lambda raw: repr(raw[:16]),
)  # fmt: skip
def test_the_largest_files_that_may_be_are_answered_within_five_seconds(file: Path, raw: bytes) -> None:
    assert len(raw) <= MOST_BYTES
    began = time.process_time()
    told = read(file, raw)
    assert time.process_time() - began < PATIENCE_MILLISECONDS / 1000
    assert isinstance(told, str)


def test_a_file_of_more_than_a_mebibyte_is_not_read(file: Path) -> None:
    assert "larger than 1 MiB" in read(file, b"#" * (MOST_BYTES + 1))
    with file.open("wb") as sparse:
        sparse.truncate(1 << 40)
    with pytest.raises(RecipeError, match="larger than 1 MiB"):
        read_toml(file)


@pytest.mark.parametrize("name", NAMES)
def test_marks_and_line_ends_of_other_systems_change_nothing(file: Path, name: str) -> None:
    raw = FILES[name].read_bytes()
    assert answer(read_toml(write(file, b"\xef\xbb\xbf" + raw))) == answer(RECIPES[name])
    assert answer(read_toml(write(file, raw.replace(b"\n", b"\r\n")))) == answer(RECIPES[name])


def write(file: Path, raw: bytes) -> Path:
    file.write_bytes(raw)
    return file


@pytest.mark.parametrize("name", NAMES)
def test_a_complete_recipe_written_and_read_is_the_same(file: Path, name: str) -> None:
    recipe = answer(RECIPES[name])
    assert isinstance(recipe, Recipe)
    text = to_toml(recipe.model_dump(mode="json", exclude_none=True))
    assert answer(read_toml(write(file, text.encode()))) == recipe


plain = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=10,
)


@examples(300)
@given(tree=st.dictionaries(st.text(), plain, max_size=4))
def test_any_plain_tree_written_and_read_is_the_same(file: Path, tree: dict[str, Any]) -> None:
    try:
        check_plain(tree)
    except RecipeError:
        return
    text = to_toml(tree)
    assert read_toml(write(file, text.encode())) == tree
    assert all(letter.isprintable() or letter == "\n" for letter in text)


@pytest.mark.parametrize(
    "kind", ["fifo", "folder", "/dev/zero", "/dev/null", "/dev/tty", "socket", "loop", "missing", "NUL"]
)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    import socket

    path = tmp_path / "recipe.toml"
    listening = socket.socket(socket.AF_UNIX)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        listening.bind(str(path))
    elif kind == "loop":
        path.symlink_to(path)
    elif kind.startswith("/dev/"):
        path.symlink_to(kind)
    elif kind == "NUL":
        path = tmp_path / "a\0b.toml"
    began = time.monotonic()
    try:
        with pytest.raises(RecipeError, match=r"is no plain file|cannot be read|larger than"):
            read_toml(path)
    finally:
        listening.close()
    assert time.monotonic() - began < 30, "it waited for a writer"
