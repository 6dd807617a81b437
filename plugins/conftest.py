"""Tests of a package here run once it is installed: `pip install -e plugins/NAME`."""

from importlib.util import find_spec
from pathlib import Path

packages = sorted(each.parent for each in Path(__file__).parent.glob("*/pyproject.toml"))
missing = [each.name for each in packages if find_spec(each.name.replace("-", "_")) is None]
collect_ignore = missing


def pytest_report_header() -> str:
    return f"plugins left out, not installed: {', '.join(missing) or 'none'}"
