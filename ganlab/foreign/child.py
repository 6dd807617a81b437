"""A process of its own that reads one .pt file and can do little else: the one place where a pickle is read.

Torch's safe loader runs no code of the file's, but it may be made to take gigabytes, to hang or to crash. So before it
sees a byte, this process has given up memory, time, files, children, rights and the network.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ganlab.foreign import Refused
from ganlab.foreign.archive import check_archive

if TYPE_CHECKING:
    from torch import Tensor

COPIES = 4
"""How often as many bytes as the file has may be written: names may share their numbers, and each gets its own."""

MEMORY = 512 << 20
"""What any file may take, beside three times its size and what torch itself takes."""

FILES = 64
PIECE = 1 << 20
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, SIGKILL = 1, 38, 9
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000


def main(arguments: list[str]) -> None:
    """Read the file open as the first number, write safetensors to the second, print what was found as JSON."""
    source, target, seconds, key = int(arguments[0]), int(arguments[1]), int(arguments[2]), arguments[3]
    print(json.dumps(converted(source, target, seconds, key)))


def converted(source: int, target: int, seconds: int, key: str) -> dict[str, Any]:
    """What was found, or why the file is not taken."""
    size = os.fstat(source).st_size
    cut_off()
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_CPU, seconds)
    limit(resource.RLIMIT_FSIZE, COPIES * size + (64 << 20))
    limit(resource.RLIMIT_AS, taken() + MEMORY + 3 * size, for_good=False)
    try:
        with os.fdopen(source, "rb") as file:
            checked = check_archive(file, size)
            limit(resource.RLIMIT_AS, resource.getrlimit(resource.RLIMIT_AS)[1], for_good=False)
            import torch

            from ganlab.foreign.tree import NoSuchKey, picked, tensors_of

            limit(resource.RLIMIT_AS, taken() + MEMORY + 3 * size)
            limit(resource.RLIMIT_NOFILE, FILES)
            limit(resource.RLIMIT_NPROC, 0)
            file.seek(0)
            try:
                tree = torch.load(file, map_location="cpu", weights_only=True)
                found, left_out = tensors_of(picked(tree, key), COPIES * size)
            except (Refused, MemoryError):
                raise
            except NoSuchKey as error:
                return {"no_such_key": str(error)}
            except Exception as error:  # whatever torch makes of bytes that nobody would write
                raise Refused(in_words(error)) from None
            not_finite = write(target, found)
    except Refused as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"refused": "would take more memory than its weights need"}
    except OSError as error:
        return {"storage": error.strerror}
    return {"left_out": left_out, "not_finite": not_finite, "checked": checked}


def limit(what: int, most: int, *, for_good: bool = True) -> None:
    """Take no more than `most` from now on. Some systems do not know every limit."""
    with suppress(OSError, ValueError):
        resource.setrlimit(what, (most, most if for_good else resource.getrlimit(what)[1]))


def taken() -> int:
    """Bytes of address space in use; where that is not told, more than torch ever takes."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 32 << 30


def cut_off() -> None:
    """Die with the parent, gain no rights, and leave the network, where the system lets us."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.unshare(NEW_NETWORK):
            libc.unshare(NEW_USER | NEW_NETWORK)


def write(target: int, found: Mapping[str, Tensor]) -> list[str]:
    """Write the tensors as safetensors, one at a time; the names of those with numbers that are not finite."""
    import torch

    from ganlab.foreign.tree import KINDS

    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, value in found.items():
        end = place + value.numel() * value.element_size()
        header[name] = {"dtype": KINDS[value.dtype], "shape": list(value.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    not_finite: dict[str, None] = {}
    with os.fdopen(target, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, value in found.items():
            flat = value.contiguous().reshape(-1)
            for start in range(0, flat.numel(), PIECE):
                piece = flat[start : start + PIECE]
                finite = torch.isfinite(piece if piece.element_size() > 1 else piece.float())
                if not finite.all():
                    not_finite[name] = None
                file.write(piece.view(torch.uint8).numpy().data)
    return list(not_finite)


def in_words(error: Exception) -> str:
    """What torch says, without its advice to trust the file."""
    text = " ".join(str(error).split())
    if named := re.search(r"GLOBAL ([\w.]{1,100})", text):
        return f"names '{named[1]}', which weights do not need; have its maker save the state_dict alone"
    if "allocate memory" in text:
        return "would take more memory than its weights need"
    said = text.partition("WeightsUnpickler error:")[2].strip() or f"{type(error).__name__}: {text}"
    return f"is not taken by torch's safe loader ({said.partition(' Please use')[0][:160]})"


if __name__ == "__main__":
    main(sys.argv[1:])
