"""Files an enemy, a mistake or another program puts where a checkpoint belongs, and a process that tries them all.

    python -m tests.engine.payloads FOLDER    (FOLDER holds a run called `good`)

It stands under a limit of memory. What each command answered, how long it took and what it left behind is one JSON.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import re
import resource
import shutil
import socket
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy
import safetensors.torch
import torch
from PIL import Image

from ganlab.cli import main
from ganlab.engine import container
from tests.engine.forging import FORGERIES

NAME = "000000009999.ckpt"

MORE_MEMORY = 1 << 30
"""What a command may take beyond what torch and a first run have taken."""

Maker = Callable[[Path, Path], None]


class Bomb:
    """Touches the canary when it is unpickled."""

    def __init__(self, canary: Path, function: Any) -> None:
        self.canary, self.function = canary, function

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        word = f"touch {self.canary}" if self.function is os.system else f"open({str(self.canary)!r}, 'w')"
        return self.function, (word,)


def written(content: bytes) -> Maker:
    return lambda path, canary: Path.write_bytes(path, content) and None


def bomb(protocol: int, function: Any, begin: bytes = b"") -> Maker:
    return lambda path, canary: Path.write_bytes(path, begin + pickle.dumps(Bomb(canary, function), protocol)) and None


def of_torch(zipped: bool, function: Any = None) -> Maker:
    def make(path: Path, canary: Path) -> None:
        content = {"weight": torch.zeros(3), "more": None if function is None else Bomb(canary, function)}
        torch.save(content, path, _use_new_zipfile_serialization=zipped)

    return make


def of_numpy(path: Path, canary: Path) -> None:
    with path.open("wb") as file:
        numpy.save(file, numpy.array([Bomb(canary, os.system)], dtype=object), allow_pickle=True)


def zip_bomb(path: Path, canary: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"archive/data/{number}", bytes(50 << 20))


def sparse(begin: bytes, size: int = 3 << 30) -> Maker:
    def make(path: Path, canary: Path) -> None:
        path.write_bytes(begin)
        os.truncate(path, size)

    return make


def picture(path: Path, canary: Path) -> None:
    Image.new("RGB", (64, 64)).save(path, "PNG")


def script(path: Path, canary: Path) -> None:
    path.write_text(f"#!/bin/sh\ntouch {canary}\n")
    path.chmod(0o755)


def listening(path: Path, canary: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may only be short
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(path.name)
    os.chdir(here)


def link(target: str) -> Maker:
    return lambda path, canary: path.symlink_to(target)


def called(name: str) -> Maker:
    """A pickle bomb under a name that is a trick."""
    return lambda path, canary: bomb(2, os.system)(path.with_name(name), canary)


HEAD = container.MAGIC + bytes([container.VERSION])
DIGEST = bytes(32)

PAYLOADS: dict[str, Maker] = {
    "a pickle that calls the shell": bomb(0, os.system),
    "a pickle that evaluates": bomb(2, eval),
    "a pickle of the newest protocol": bomb(pickle.HIGHEST_PROTOCOL, exec),
    "a pickle behind our magic": bomb(2, os.system, container.MAGIC),
    "a pickle behind our head": bomb(2, os.system, HEAD + DIGEST + bytes(8)),
    "torch's zip": of_torch(True),
    "torch's old form": of_torch(False),
    "torch's zip with a bomb": of_torch(True, os.system),
    "torch's old form with a bomb": of_torch(False, eval),
    "numpy's array of a bomb": of_numpy,
    "a zip bomb": zip_bomb,
    "a gzip bomb": written(gzip.compress(bytes(50 << 20))),
    "safetensors alone": written(safetensors.torch.save({"weight": torch.zeros(3)}, {"tree": "{}"})),
    "a picture": picture,
    "a script": script,
    "a program": lambda path, canary: shutil.copy("/bin/sh", path) and None,
    "text": written(b"weights\n" * 1000),
    "TOML": written(b"budget_kimg = 3\n"),
    "JSON": written(b'{"game": {}}'),
    "nothing": written(b""),
    "one byte": written(b"G"),
    "zeros": written(bytes(1 << 20)),
    "noise": written(bytes(range(256)) * 4096),
    "our magic alone": written(container.MAGIC),
    "our head alone": written(HEAD),
    "a head and a hash": written(HEAD + DIGEST + bytes(8)),
    "a format of the far future": written(container.MAGIC + b"\xff" + bytes(100)),
    "3 GiB of nothing": sparse(b""),
    "3 GiB behind our head": sparse(HEAD),
    "3 GiB of the first format": sparse(container.MAGIC + b"\1"),
    "3 GiB that are declared": sparse(HEAD + DIGEST + ((3 << 30) - 49).to_bytes(8, "little")),
    "300 MiB to be hashed": sparse(HEAD + DIGEST + ((300 << 20) - 49).to_bytes(8, "little") + b"\xff" * 3, 300 << 20),
    "a pipe": lambda path, canary: os.mkfifo(path),
    "a folder": lambda path, canary: path.mkdir(),
    "a socket": listening,
    "a link to zeros without end": link("/dev/zero"),
    "a link to a terminal": link("/dev/tty"),
    "a link to nothing": link("nothing"),
    "a link to itself": link(NAME),
    "a link to a good checkpoint": link("../../good/checkpoints/000000000640.ckpt"),
    "an empty tree": written(container.pack({})),
    "a tree without a game": written(container.pack({"identity": {"data": {}}, "run": {}, "game": {}})),
    "a tree of lists": written(container.pack({"identity": [], "run": [], "game": []})),
    "a name with a command": called("$(touch canary).ckpt"),
    "a name with an option": called("-rf.ckpt"),
    "a name with a line feed": called("000000009999\nganlab: all is well.ckpt"),
    "a name with an escape code": called("\x1b[2J000000009999.ckpt"),
    "a name in other digits": called("\uff11" * 12 + ".ckpt"),
    "a name too large for a number of samples": called("9" * 40 + ".ckpt"),
    "no name": called(".ckpt"),
    **{name: written(raw) for name, raw in FORGERIES.items() if len(raw) > 50_000 or "trillion" in name},
}


def state_of(folder: Path) -> dict[str, Any]:
    """What lies in the run, but for its log of crashes and its lock."""
    found = {str(each.relative_to(folder)): each.lstat() for each in sorted(folder.rglob("*"))}
    return {
        name: (status.st_mode, status.st_size, status.st_mtime_ns)
        for name, status in found.items()
        if name not in ("crash.log", "lock") and not name.endswith("checkpoints")
    }


def asked(*words: str) -> dict[str, Any]:
    """How a command answers, and how many seconds of the processor it takes."""
    out, err, began = io.StringIO(), io.StringIO(), time.process_time()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(list(words))
    return {"status": status, "out": out.getvalue(), "err": err.getvalue(), "seconds": time.process_time() - began}


def tried(folder: Path, name: str, make: Maker) -> dict[str, Any]:
    """What `resume` and `sample` say to a run with nothing but the payload for a checkpoint."""
    run, canary = folder / "bad", folder / "canary"
    shutil.copytree(folder / "good", run, ignore=lambda path, names: [each for each in names if each.endswith(".ckpt")])
    make(run / "checkpoints" / NAME, canary)
    before = state_of(run)
    answers = [
        asked("resume", str(run), "--set", "budget_kimg=0.96"),
        asked("sample", str(run), "--out", str(folder / "samples.npz")),
    ]
    left = state_of(run) == before and not canary.exists() and not (folder / "samples.npz").exists()
    shutil.rmtree(run)
    return {"name": name, "answers": answers, "as it was": left}


def limit_memory() -> None:
    """Let the process take no more than a gigabyte beyond what it has."""
    now = re.search(r"VmSize:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert now is not None
    resource.setrlimit(resource.RLIMIT_AS, (int(now[1]) * 1024 + MORE_MEMORY,) * 2)


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    os.chdir(folder)
    shutil.copytree(folder / "good", folder / "first")
    first = [asked("resume", str(folder / "first"), "--set", "budget_kimg=0.96")]
    first.append(asked("sample", str(folder / "first"), "--out", str(folder / "first.npz")))
    limit_memory()
    told = [tried(folder, name, make) for name, make in PAYLOADS.items()]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"first": first, "tried": told, "most memory": most}))
