"""Settings as a person is shown them."""

from __future__ import annotations

import json
from typing import Any


def shortened(key: str) -> str:
    """The end of a dotted key, as far as it tells what is meant."""
    return ".".join(key.split(".")[-3:]).replace("optimizer.", "").replace("players.", "")


def shown(value: Any) -> str:
    """Three digits of a number."""
    return f"{value:.3g}" if isinstance(value, float) else json.dumps(value)
