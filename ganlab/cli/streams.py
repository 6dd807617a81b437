"""Standard streams that somebody closed (`ganlab run <&- >&- 2>&-`, a careless daemon) are opened on nothing.

Otherwise the next file that is opened, a lock or a checkpoint, gets the number of the closed one, and what a library
prints goes into it.
"""

from __future__ import annotations

import os
import sys


def open_closed_streams() -> None:
    """Give the process the standard input, output and error that Python found closed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free: that of the stream
            os.set_inheritable(nothing, True)
            setattr(sys, name, os.fdopen(nothing, "w" if number else "r", encoding="utf-8"))
