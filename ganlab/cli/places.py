"""Places where nothing is yet: what a command writes takes the place of nothing."""

from __future__ import annotations

import os
from pathlib import Path

from ganlab.errors import RecipeError, StorageError


def new_place(out: str, option: str = "--out") -> Path:
    """Raises `RecipeError` if something is there, or no folder to hold it; `StorageError` if nothing can be written."""
    path = Path(out)
    if path.exists() or path.is_symlink():
        raise RecipeError(f"{option} {out}: is there already, and nothing is overwritten; choose another name")
    if not path.parent.is_dir():
        raise RecipeError(f"{option} {out}: there is no folder '{path.parent}'; make it first")
    if not os.access(path.parent, os.W_OK):
        raise StorageError(f"{option} {out}: nothing can be written to '{path.parent}'; choose another place")
    return path
