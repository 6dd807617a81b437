"""What is wrong with files, gathered first and said once, in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganlab import DataError

NAMED = 3
"""How many names an error gives for each reason."""

LONGEST_NAME = 300
"""Letters of a name that are shown; those in its middle are left out."""


class Unusable(Exception):
    """Why one file cannot be used, in a few words."""


class UnusableNow(Unusable):
    """The same, where the reason is not the file's content, so that it may be gone another time."""


@dataclass
class Problems:
    """Names of what cannot be used, by reason."""

    names: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, name: str) -> None:
        """`name` cannot be used because of `reason`."""
        self.names.setdefault(reason, []).append(name)

    def __len__(self) -> int:
        return sum(map(len, self.names.values()))

    def __str__(self) -> str:
        return ", ".join(self.groups())

    def groups(self) -> list[str]:
        """For each reason how many there are, and the names of the first."""
        return [f"{len(names)} {reason} ({listed(names)})" for reason, names in self.names.items()]

    def refuse(self, root: Path, usable: int, max_bad: int) -> None:
        """Raise `DataError` if there are more than `max_bad`, or if nothing else is left."""
        if len(self) > max_bad or (len(self) and not usable):
            advice = f"remove them or set max_bad = {len(self)}" if usable else "path names a folder of pictures"
            raise DataError(
                f"{len(self)} of {len(self) + usable} samples in '{shown(str(root))}' cannot be used: {self}; {advice}"
            )


def listed(names: Sequence[str]) -> str:
    """The first few names, in a form that fits one line."""
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(shown(name) for name in names[:NAMED]) + rest


def shown(name: str) -> str:
    """A file name with line breaks, control characters and undecodable bytes escaped."""
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME // 2]}…{name[-LONGEST_NAME // 2 :]}"
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)
