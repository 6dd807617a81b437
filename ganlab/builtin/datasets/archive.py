"""A NumPy .npz file read without trust: no pickled object, no more memory than was allowed, no damage unnoticed."""

from __future__ import annotations

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


class Archive:
    """The arrays of `path`, of at most `most_bytes` each. Raises `DataError` if it is no such file."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        if not path.is_file():
            what = "is not a regular file" if path.exists() else "does not exist"
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

    def read(self, name: str) -> np.ndarray[Any, Any]:
        """The array `name`, checked before memory is taken for it."""
        if name not in self.names:
            raise DataError(f"{self} holds no array '{name}'; it holds {listed(self.names) or 'none'}")
        try:
            with zipfile.ZipFile(self._path) as archive:
                member = archive.getinfo(f"{name}.npy")
                with archive.open(member) as file:
                    self._check(name, file, member.file_size)
                with archive.open(member) as file:
                    return np.lib.format.read_array(file, allow_pickle=False)
        except DataError:
            raise
        except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for damaged files
            raise DataError(f"array '{name}' of {self} is damaged: {error}; write the file again") from None

    def _check(self, name: str, file: IO[bytes], size: int) -> None:
        shape, _, kind = READ_HEADER[np.lib.format.read_magic(file)](file)
        if kind.hasobject:
            raise DataError(f"array '{name}' of {self} holds pickled objects, which are never read; save plain numbers")
        if size > self._most_bytes:
            raise DataError(
                f"array '{name}' of {self} claims {size >> 20} MiB, more than memory_mib = {self._most_bytes >> 20}; "
                "set memory_mib if you trust the file"
            )
        if prod(shape) * kind.itemsize != size - file.tell():
            raise DataError(f"array '{name}' of {self} is damaged: its size is not what it says; write the file again")
