"""Writes the skeleton of a plugin package."""

from __future__ import annotations

from pathlib import Path


def scaffold(name: str, directory: Path) -> list[Path]:
    """Write an installable plugin package called `name` into `directory`; returns the files written."""
    raise NotImplementedError
