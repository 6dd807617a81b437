"""Calling a plugin: it is watched while it is called, and what everybody in the process shares is put back after it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ganlab.surroundings import kept
from ganlab.watchdog import watched

log = logging.getLogger("ganlab")


@contextmanager
def apart(who: str, *, slow: bool = False) -> Iterator[None]:
    """Inside, `who` is being called: for its ten minutes, or `slow` for an hour, and then the process is ended. What
    was changed of what everybody shares is put back, and told once."""
    changed: list[str] = []
    try:
        with watched(who, slow=slow), kept() as changed:
            yield
    finally:
        if changed and (who, *changed) not in NOTED:
            NOTED.add((who, *changed))
            log.warning("%s changed %s; it is put back each time, and its author should know", who, listed(changed))


NOTED: set[tuple[str, ...]] = set()
"""Who was seen to change what, so that it is said once."""


def listed(names: list[str]) -> str:
    """ "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
