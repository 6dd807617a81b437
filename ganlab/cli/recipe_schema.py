"""The JSON schema of recipes, for editors: what `ganlab recipe check` knows, as they understand it."""

from __future__ import annotations

from typing import Any

from ganlab.assemble.resolution import find
from ganlab.cli.options import about, schema
from ganlab.errors import PluginError
from ganlab.optimizers import OPTIMIZERS
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe
from ganlab.registry import Entry

PLACES = {
    "task": "tasks",
    "dataset": "datasets",
    "loss": "losses",
    "architecture": "architectures",
    "optimizer": "optimizers",
    "monitors": "monitors",
    "reporters": "reporters",
}
"""The kind of component that stands under a key."""

SETTINGS = {
    "DatasetSetting": "datasets",
    "TermSetting": "terms",
    "AugmentationSetting": "augmentations",
    "DiagnosticSetting": "diagnostics",
    "InterventionSetting": "interventions",
}
"""The kind of component that has keys beside its options, by the name of its table."""

COMPONENT = "#/$defs/Component"


def recipe_schema(plugins: Plugins) -> dict[str, Any]:
    """JSON schema, draft 2020-12, of a recipe. What cannot be asked for its options is left out."""
    whole = Recipe.model_json_schema()
    tables: dict[str, Any] = whole["$defs"]
    del tables["Component"]
    for table in [whole, *tables.values()]:
        for key, each in table.get("properties", {}).items():
            if key in PLACES:
                _point(each, f"#/$defs/{PLACES[key]}")
    for kind in dict.fromkeys([*PLACES.values(), *SETTINGS.values(), "features"]):
        tables[kind] = _choice(_entries(plugins, kind), tables)
    tables["features"]["unevaluatedProperties"] = False
    _name_features(tables)
    for name, kind in SETTINGS.items():
        table = tables[name]
        del table["additionalProperties"]
        table["allOf"] = [{"$ref": f"#/$defs/{kind}"}]
        table["unevaluatedProperties"] = False
    for kind in PLACES.values():
        if kind not in SETTINGS.values():
            tables[kind]["unevaluatedProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def _point(node: Any, target: str) -> None:
    """Let every reference to a component lead to components of one kind."""
    if isinstance(node, dict):
        if node.get("$ref") == COMPONENT:
            node["$ref"] = target
        for each in node.values():
            _point(each, target)
    elif isinstance(node, list):
        for each in node:
            _point(each, target)


def _name_features(tables: dict[str, Any]) -> None:
    """A diagnostic's feature network is a name, or a table with the network's options."""
    names = tables["features"]["properties"]["name"]
    for branch in tables["diagnostics"]["allOf"]:
        options = branch["then"]["properties"]
        if "features" in options:
            choice = {"anyOf": [names, {"$ref": "#/$defs/features"}]}
            options["features"] = {key: each for key, each in options["features"].items() if key == "default"} | choice


def _choice(entries: list[Entry[Any]], tables: dict[str, Any]) -> dict[str, Any]:
    """A table whose `name` decides what else may stand in it."""
    branches = []
    names = []
    for entry in entries:
        try:
            options = schema(entry)
        except PluginError:
            continue
        for name, each in options.pop("$defs", {}).items():
            tables[f"{entry.kind}.{entry.name}.{name}"] = each
        names.append({"const": entry.name, "description": about(entry)})
        then: dict[str, Any] = {"properties": options.get("properties", {}), "required": options.get("required", [])}
        if options.get("additionalProperties", True):
            then["additionalProperties"] = True
        branches.append({"if": {"properties": {"name": {"const": entry.name}}}, "then": then})
    return {"type": "object", "required": ["name"], "properties": {"name": {"anyOf": names}}, "allOf": branches}


def _entries(plugins: Plugins, kind: str) -> list[Entry[Any]]:
    if kind == "optimizers":
        return [find(plugins, kind, name, "") for name in OPTIMIZERS]
    return plugins.entries(kind)
