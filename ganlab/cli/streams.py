"""Standard streams that somebody closed (`ganlab run <&- >&- 2>&-`, a careless daemon) are opened on nothing.

Otherwise the next file that is opened, a lock or a checkpoint, gets the number of the closed one, and what a library
prints goes into it.
"""

from __future__ import annotations

import os
import sys


def open_closed_streams() -> None:
    """Give the process its standard input, output and error."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, number)
            if nothing != number:
                os.close(nothing)
        if getattr(sys, name) is None:  # closed before Python began; by now the number may be another file's
            mode = "w" if number else "r"
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
