"""Weights that others have written: checked before a byte of them is used, and read where they can do no harm."""

from __future__ import annotations


class Refused(Exception):
    """A file is not taken; the message goes on where its name ends."""
