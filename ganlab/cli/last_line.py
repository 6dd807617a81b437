"""The last line of a terminal, which says what goes on just now and is written over again and again."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from types import TracebackType
from typing import Self, TextIO

from ganlab.cli.output import cut
from ganlab.cli.words import printable


class LastLine:
    """Silent where there is no terminal, or one whose cursor does not move. Use it as a context manager, so that it is
    handed back; whoever else writes to the terminal writes over it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._moves = self._stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
        self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.show("")

    def show(self, text: str) -> None:
        """This and nothing else."""
        text = cut(printable(text), shutil.get_terminal_size().columns - 1)
        if self._moves and text != self._shown:
            with contextlib.suppress(OSError, UnicodeEncodeError):
                self._stream.write(f"\r\x1b[K{text}\r")
                self._stream.flush()
            self._shown = text
