"""Which plugins are installed, by metadata alone: nothing of theirs is imported here.

A plugin is an entry point of the group `ganlab`. A second one, `plugin-name = "1"` in the group `ganlab_api`, says
which plugin API it was written for, so that a plugin from the future is refused before a line of it runs.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions

from ganlab.registry import Origin, one_line

GROUP = "ganlab"
API_GROUP = "ganlab_api"
API = 1
"""The plugin API this ganlab speaks."""

OURS = "ganlab"
LIMIT = "GANLAB_PLUGINS"
"""Environment variable: names of the third-party plugins that may be loaded, separated by commas; all if unset."""


@dataclass(frozen=True)
class Found:
    """An installed plugin. `problem` says why it cannot be loaded, `note` why it is left alone; empty if neither."""

    origin: Origin
    entry_point: EntryPoint | None
    problem: str = ""
    note: str = ""


def discover() -> list[Found]:
    """Every installed plugin, ours first, then by name. Of two installations of a distribution the first counts, as
    it does for imports."""
    found: dict[str, list[Found]] = {}
    for distribution in distributions():
        name = _name(distribution)
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key not in found:
            found[key] = _plugins_of(distribution, name)
    return sorted(
        (plugin for plugins in found.values() for plugin in plugins),
        key=lambda plugin: (not plugin.origin.builtin, plugin.origin.plugin, plugin.origin.distribution),
    )


def _plugins_of(distribution: Distribution, name: str) -> list[Found]:
    try:
        entry_points = list(distribution.entry_points)
    except Exception as error:
        # Only a distribution that means to be a plugin is worth a word: others' metadata is not our concern.
        if not name.startswith(GROUP):
            return []
        return [Found(Origin(name, name, _version(distribution)), None, f"its entry points: {one_line(error)}")]
    plugins = [each for each in entry_points if each.group == GROUP]
    if not plugins:
        return []
    wanted = {each.name: each.value for each in entry_points if each.group == API_GROUP}
    version = _version(distribution)
    strange = sorted(set(wanted) - {each.name for each in plugins})
    unknown = f"its {API_GROUP} names '{strange[0]}', which is no plugin of it" if strange else ""
    return [
        Found(origin, each, _refusal(wanted.get(each.name)) or unknown, "" if origin.builtin else _left_out(each.name))
        for each in plugins
        for origin in [Origin(each.name, name, version, builtin=name == OURS)]
    ]


def _refusal(wanted: str | None) -> str:
    """Why a plugin written for that API cannot be loaded."""
    if wanted is None or wanted == str(API):
        return ""
    if not wanted.isdecimal():
        return f"its {API_GROUP} is '{wanted}', expected a number such as \"{API}\""
    newer = "; upgrade ganlab" if int(wanted) > API else "; upgrade the plugin"
    return f"needs ganlab plugin API {int(wanted)}; this ganlab speaks {API}{newer}"


def _left_out(name: str) -> str:
    limit = os.environ.get(LIMIT)
    if limit is None or name in (each.strip() for each in limit.split(",")):
        return ""
    return f"left out by {LIMIT}"


def _name(distribution: Distribution) -> str:
    """The distribution's name, or its directory's if the metadata has none."""
    try:
        return str(distribution.metadata["Name"] or distribution.locate_file(""))
    except Exception:
        return str(distribution.locate_file(""))


def _version(distribution: Distribution) -> str:
    try:
        return str(distribution.version or "unknown")
    except Exception:
        return "unknown"
