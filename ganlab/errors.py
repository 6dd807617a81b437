"""Errors a person can act on.

Each says in one line what happened, what was expected and what to do. A `GanlabError` reaches the user as one
line on stderr and an exit code; every other exception is a bug of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class GanlabError(Exception):
    """What happened, what was expected, what to do. `exit_code` is the process's exit status."""

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "BUG"


class RecipeError(GanlabError):
    """The recipe, or the command line, asks for something that cannot be."""

    exit_code = 2
    code = "RECIPE"


class DataError(GanlabError):
    """The dataset cannot be read, or does not have what the task needs."""

    exit_code = 3
    code = "DATA"


class CheckpointError(GanlabError):
    """A checkpoint is missing, damaged, or belongs to another game."""

    exit_code = 4
    code = "CHECKPOINT"


class PluginError(GanlabError):
    """A plugin is missing, broken, or clashes with another."""

    exit_code = 5
    code = "PLUGIN"


class StorageError(GanlabError):
    """The disk is full, read-only or otherwise refuses."""

    exit_code = 6
    code = "STORAGE"


class DivergedError(GanlabError):
    """A number stopped being finite."""

    exit_code = 7
    code = "DIVERGED"


class BusyError(GanlabError):
    """Another process owns the run directory."""

    exit_code = 8
    code = "BUSY"


class OutOfMemoryError(GanlabError):
    """The device, or the machine, has no memory left."""

    exit_code = 9
    code = "MEMORY"


class PeerError(GanlabError):
    """Another process that plays the same game is gone."""

    exit_code = 75
    code = "PEER"


def nearest(name: str, known: Iterable[str]) -> str:
    """ " Did you mean 'hinge'?" if `known` holds something like `name`, else the empty string."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""
