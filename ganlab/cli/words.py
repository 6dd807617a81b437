"""Numbers, times and foreign text as a terminal shows them: short, and harmless."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def printable(text: str, but: str = "") -> str:
    """Escaped where it would move the cursor, change the colour or turn the direction of writing, `but` for these."""
    if text.isprintable():
        return text
    with suppress(UnicodeError):  # a shell that has not said its encoding hands over bytes in disguise
        text = text.encode("utf-8", "surrogateescape").decode("utf-8")
    return "".join(letter if letter.isprintable() or letter in but else ascii(letter)[1:-1] for letter in text)


def on_one_line(text: str) -> str:
    """Without line breaks."""
    return " ".join(text.split())


def number(value: float) -> str:
    """Two or three digits that matter: .69, 1.39, 12.4, 26800."""
    if abs(value) >= 1000:
        return f"{value:.0f}" if abs(value) < 1e6 else f"{value:.1e}"
    if abs(value) >= 1 or value == 0:
        return f"{value:.3g}"
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) >= 0.1 else f"{value:.2g}"


def memory(device: str) -> str:
    """What the process holds, and what it holds of the device."""
    try:
        with open("/proc/self/statm") as file:
            held = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        # The peak, where the present is not told: in bytes on macOS.
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    text = size(held)
    if device.startswith("cuda"):
        import torch

        text += f" + {size(torch.cuda.memory_reserved(device))} on {device}"
    return text


def size(count: int) -> str:
    """12 KB, 340 MB, 1.5 GB."""
    if count < 2**20:
        return f"{count / 2**10:.0f} KB"
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.0f} MB"
