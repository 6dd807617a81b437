"""Checkpoints made by hand: whatever header and bytes, under a hash that is right."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ganlab.engine import container

GOOD = {
    "__metadata__": {"tree": '{"$d":[["w",{"$t":"/w"}]]}'},
    "/w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
}
"""The header of a checkpoint that holds two numbers."""


def sealed(header: Any, data: bytes = b"", version: int = container.VERSION) -> bytes:
    """A whole checkpoint with this header, as bytes or to be written as JSON."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = len(text).to_bytes(8, "little") + text + data
    if version == 1:
        return container.MAGIC + b"\1" + hashlib.sha256(body).digest() + body
    begin, length = container.MAGIC + bytes([version]), len(body).to_bytes(8, "little")
    return begin + hashlib.sha256(begin + length + body).digest() + length + body


def with_tree(text: Any, **tensors: Any) -> dict[str, Any]:
    """The header of a checkpoint whose tree is this text."""
    return {"__metadata__": {"tree": text}, **tensors}


def tensor(shape: Any, begin: Any, end: Any, dtype: Any = "F32") -> dict[str, Any]:
    """What a header says of a tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


DEEP = 100_000
WIDE = container.MOST_HEADER - 200

FORGERIES: dict[str, bytes] = {
    "a trillion numbers in no bytes": sealed(with_tree('{"$t":"w"}', w=tensor([10**12], 0, 0))),
    "a trillion numbers, and bytes to match": sealed(with_tree("{}", w=tensor([10**12], 0, 4 * 10**12)), bytes(8)),
    "a shape that overflows": sealed(with_tree("{}", w=tensor([2**63, 2**63], 0, 8)), bytes(8)),
    "a shape whose product is 2 after it overflows": sealed(with_tree("{}", w=tensor([2**63 + 1, 2], 0, 8)), bytes(8)),
    "a negative size": sealed(with_tree("{}", w=tensor([-2], 0, 8)), bytes(8)),
    "half a number": sealed(with_tree("{}", w=tensor([1.5], 0, 6)), bytes(6)),
    "a shape in words": sealed(with_tree("{}", w=tensor("22", 0, 8)), bytes(8)),
    "too many dimensions": sealed(with_tree("{}", w=tensor([1] * 9, 0, 4)), bytes(4)),
    "a thousand dimensions": sealed(with_tree("{}", w=tensor([1] * 1000, 0, 4)), bytes(4)),
    "tensors that overlap": sealed(with_tree("{}", a=tensor([2], 0, 8), b=tensor([2], 4, 12)), bytes(12)),
    "tensors in one place": sealed(with_tree("{}", a=tensor([2], 0, 8), b=tensor([2], 0, 8)), bytes(8)),
    "a hole": sealed(with_tree("{}", a=tensor([1], 0, 4), b=tensor([1], 8, 12)), bytes(12)),
    "an end before the beginning": sealed(with_tree("{}", a=tensor([1], 8, 4)), bytes(8)),
    "an offset beyond all": sealed(with_tree("{}", a=tensor([1], 2**64 - 4, 2**64)), bytes(4)),
    "a negative offset": sealed(with_tree("{}", a=tensor([1], -4, 0)), b""),
    "bytes nobody declares": sealed(GOOD, bytes(9)),
    "bytes that are missing": sealed(GOOD, bytes(7)),
    "an unknown kind of number": sealed(with_tree("{}", w=tensor([2], 0, 8, "F128")), bytes(8)),
    "a kind of number that is none": sealed(with_tree("{}", w=tensor([2], 0, 8, 32)), bytes(8)),
    "numbers of half a byte": sealed(with_tree('{"$d":[["w",{"$t":"w"}]]}', w=tensor([2], 0, 1, "F4")), bytes(1)),
    "100,000 tensors": sealed(with_tree("{}", **{str(number): tensor([0], 0, 0) for number in range(100_000)})),
    "a tensor that is no table": sealed(with_tree("{}", w=3)),
    "no tree": sealed({"__metadata__": {}}),
    "no metadata": sealed({}),
    "metadata that are no table": sealed({"__metadata__": "tree"}),
    "a tree that is no text": sealed(with_tree(3)),
    "a tree that is a table": sealed(with_tree({"$d": []})),
    "a header that is a list": sealed([]),
    "a header that is nothing": sealed(b"null"),
    "a header that is no JSON": sealed(b"{]"),
    "a header that is a pickle": sealed(b"\x80\x04cos\nsystem\n(S'echo'\ntR."),
    "a header that is not UTF-8": sealed(b'{"\xff\xfe": 1}'),
    "a header with a NUL": sealed(b'{"__metadata__": {"tree": "{}"}}\0'),
    "a header in UTF-16": sealed(json.dumps(GOOD).encode("utf-16"), bytes(8)),
    "a header twice": sealed(json.dumps(GOOD).encode() * 2, bytes(8)),
    "metadata twice": sealed(b'{"__metadata__":{"tree":"{}"},"__metadata__":{"tree":"[]"}}'),
    "a tree that is empty text": sealed(with_tree("")),
    "a tree that is a list": sealed(with_tree("[]")),
    "a tree that is a number": sealed(with_tree("3")),
    "a tree that is a tuple": sealed(with_tree('{"$u":[]}')),
    "a tree that is a tensor": sealed({**GOOD, "__metadata__": {"tree": '{"$t":"/w"}'}}, bytes(8)),
    "a header as deep as can be": sealed(b"[" * DEEP + b"]" * DEEP),
    "tables as deep as can be": sealed(b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "a tree as deep as can be": sealed(with_tree("[" * DEEP + "]" * DEEP)),
    "a tree of tables as deep as can be": sealed(with_tree('{"$u":[' * DEEP + "]}" * DEEP)),
    "a tree that is just too deep": sealed(with_tree('{"$d":[["a",' + "[" * 65 + "]" * 65 + "]]}")),
    "a header that is too long": sealed(b'{"__metadata__":{"tree":"' + b" " * container.MOST_HEADER + b'"}}'),
    "millions of lists": sealed(with_tree('{"$d":[["a",[' + ",".join(["[]"] * (WIDE // 3)) + "]]]}")),
    "a million tables": sealed(with_tree('{"$d":[["a",[' + ",".join(['{"$d":[]}'] * (WIDE // 12)) + "]]]}")),
    "a million floats": sealed(with_tree('{"$d":[["a",[' + ",".join(['{"$f":"1"}'] * (WIDE // 15)) + "]]]}")),
    "a million bare tables": sealed(b'{"__metadata__":{"tree":"{}"},"a":[' + b",".join([b"{}"] * (WIDE // 3)) + b"]}"),
    "an integer without end": sealed(with_tree('{"$d":[["a",' + "9" * 1_000_000 + "]]}")),
    "an integer without end in the header": sealed(b'{"__metadata__":{"tree":"{}"},"a":' + b"9" * 1_000_000 + b"}"),
    "a float without end": sealed(with_tree('{"$d":[["a",{"$f":"0x' + "1" * 1_000_000 + 'p0"}]]}')),
    "a float that overflows": sealed(with_tree('{"$d":[["a",{"$f":"0x1p99999"}]]}')),
    "a float that is a word": sealed(with_tree('{"$d":[["a",{"$f":"one"}]]}')),
    "a float that is a number": sealed(with_tree('{"$d":[["a",{"$f":1}]]}')),
    "a bare float": sealed(with_tree('{"$d":[["a",1.5]]}')),
    "a bare float that overflows": sealed(with_tree('{"$d":[["a",1e999]]}')),
    "a bare NaN": sealed(with_tree('{"$d":[["a",NaN]]}')),
    "a bare infinity": sealed(with_tree('{"$d":[["a",-Infinity]]}')),
    "a key twice": sealed(with_tree('{"$d":[["a",1],["a",2]]}')),
    "a key twice, as a number and as a truth": sealed(with_tree('{"$d":[[1,1],[true,2]]}')),
    "a list for a key": sealed(with_tree('{"$d":[[[],1]]}')),
    "a table for a key": sealed(with_tree('{"$d":[[{"$d":[]},1]]}')),
    "a tensor for a key": sealed({**GOOD, "__metadata__": {"tree": '{"$d":[[{"$t":"/w"},1]]}'}}, bytes(8)),
    "a pair of three": sealed(with_tree('{"$d":[[1,2,3]]}')),
    "a table of text": sealed(with_tree('{"$d":"abcd"}')),
    "a tuple of text": sealed(with_tree('{"$d":[["a",{"$u":"abc"}]]}')),
    "a tuple of a number": sealed(with_tree('{"$d":[["a",{"$u":3}]]}')),
    "a tensor that is not there": sealed(with_tree('{"$d":[["a",{"$t":"/w"}]]}')),
    "a tensor named by a list": sealed(with_tree('{"$d":[["a",{"$t":["/w"]}]]}')),
    "an unknown mark": sealed(with_tree('{"$d":[["a",{"$x":1}]]}')),
    "a mark of ten million letters": sealed(with_tree('{"$d":[["a",{"' + "$" * 10_000_000 + '":1}]]}')),
    "two marks": sealed(with_tree('{"$d":[["a",{"$f":"1","$t":"/w"}]]}')),
    "no mark": sealed(with_tree('{"$d":[["a",{}]]}')),
    "a call": sealed(with_tree('{"$d":[["a",{"__reduce__":["os.system",["echo"]]}]]}')),
    "a class": sealed(with_tree('{"py/object":"os.system"}')),
    "half a letter in a name": sealed(json.dumps(with_tree("{}", **{"\ud800": tensor([0], 0, 0)})).encode()),
    "half a letter in the tree's text": sealed(with_tree('{"$d":[["\ud800",1]]}')),
    "an empty body": sealed(b""),
}
"""What nobody would write: each must be refused."""

CURIOSITIES: dict[str, bytes] = {
    "two numbers": sealed(GOOD, bytes(8)),
    "two numbers in format 1": sealed(GOOD, bytes(8), version=1),
    "half a letter, escaped": sealed(with_tree('{"$d":[["\\ud800",1]]}')),
    "control codes": sealed(with_tree('{"$d":[["\\u001b[2J\\n\\u0000",1]]}')),
    "an integer of 4,000 digits": sealed(with_tree('{"$d":[["a",' + "9" * 4000 + "]]}")),
    "a float that is not a number": sealed(with_tree('{"$d":[["a",{"$f":"nan"}]]}')),
    "a tensor used twice": sealed(
        {**GOOD, "__metadata__": {"tree": '{"$d":[["a",{"$t":"/w"}],["b",{"$t":"/w"}]]}'}}, bytes(8)
    ),
    "a tensor nobody uses": sealed({**GOOD, "__metadata__": {"tree": '{"$d":[]}'}}, bytes(8)),
    "pairs that are text": sealed(with_tree('{"$d":["ab","cd"]}')),
    "a tensor of nothing": sealed(with_tree('{"$d":[["w",{"$t":"w"}]]}', w=tensor([0, 10**12], 0, 0))),
}
"""Strange and harmless: what comes back is a table."""
