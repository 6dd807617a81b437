"""A NumPy .npz file read without trust: no pickled object, no more memory than was allowed, no damage unnoticed."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from ganlab import DataError
from ganlab.builtin.datasets.problems import listed, shown

READ_HEADER: dict[tuple[int, int], Callable[[IO[bytes]], Any]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

BELIEVED_BYTES = 1 << 26
BELIEVED_RATIO = 200
"""An array above this size that claims to have been compressed by more than this is a bomb."""


class Archive:
    """The arrays of `path`, of at most `most_bytes` each. Raises `DataError` if it is no such file."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        if not os.path.isfile(path):
            what = "is not a regular file" if os.path.exists(path) else "does not exist"
            raise DataError(f"{self} {what}; expected an .npz file")
        try:
            with zipfile.ZipFile(path) as archive:
                self.names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        except OSError as error:
            raise DataError(f"{self} cannot be read: {error.strerror}; expected an .npz file") from None
        except Exception:  # zipfile raises several kinds for what is no archive
            raise DataError(f"{self} is not an .npz file, or is cut short; write it with numpy.savez") from None

    def __str__(self) -> str:
        return f"'{shown(str(self._path))}'"

    def only(self, beside: str | None) -> str:
        """The name of the one array there is beside `beside`."""
        names = [name for name in self.names if name != beside]
        if len(names) != 1:
            found = f"{len(names)} arrays ({listed(names)})" if names else "no array"
            raise DataError(f"{self} holds {found}; set array to the one to take")
        return names[0]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of the array `name`, from its header alone."""
        return self._opened(name, lambda file: None)[0]

    def read(self, name: str) -> np.ndarray[Any, Any]:
        """The array `name`, checked before memory is taken for it."""
        values: np.ndarray[Any, Any]
        _, values = self._opened(name, lambda file: np.lib.format.read_array(file, allow_pickle=False))
        return values

    def _opened(self, name: str, take: Callable[[IO[bytes]], Any]) -> tuple[tuple[int, ...], Any]:
        """The shape of the array, and what `take` takes from its file."""
        if name not in self.names:
            raise DataError(f"{self} holds no array '{shown(name)}'; it holds {listed(self.names) or 'none'}")
        try:
            with zipfile.ZipFile(self._path) as archive:
                member = archive.getinfo(f"{name}.npy")
                with archive.open(member) as file:
                    shape = self._check(name, file, member)
                with archive.open(member) as file:
                    return shape, take(file)
        except DataError:
            raise
        except MemoryError:
            raise DataError(
                f"array '{shown(name)}' of {self} is larger than the memory there is; save fewer samples"
            ) from None
        except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for damaged files
            reason = shown(" ".join(str(error).split()))
            raise DataError(f"array '{shown(name)}' of {self} is damaged: {reason}; write the file again") from None

    def _check(self, name: str, file: IO[bytes], member: zipfile.ZipInfo) -> tuple[int, ...]:
        shape, _, kind = READ_HEADER[np.lib.format.read_magic(file)](file)
        where, size = f"array '{shown(name)}' of {self}", member.file_size
        if kind.hasobject:
            raise DataError(f"{where} holds pickled objects, which are never read; save plain numbers")
        if size > self._most_bytes:
            raise DataError(
                f"{where} claims {size >> 20} MiB, more than memory_mib = {self._most_bytes >> 20}; "
                "set memory_mib if you trust the file"
            )
        if size > BELIEVED_BYTES and size > BELIEVED_RATIO * member.compress_size:
            raise DataError(
                f"{where} claims {size >> 20} MiB in {member.compress_size >> 10} KiB, as no data compress; "
                "write it with numpy.savez, uncompressed, if it is true"
            )
        if prod(shape) * kind.itemsize != size - file.tell():
            raise DataError(f"{where} is damaged: its size is not what it says; write the file again")
        return tuple(shape)
