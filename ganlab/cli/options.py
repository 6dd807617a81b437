"""The options of what plugins register, in words: name, type, range, default, meaning."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

from ganlab.registry import Entry

Schema = Mapping[str, Any]

TYPES = {
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "array": "list",
    "object": "table",
}


def about(entry: Entry[Any]) -> str:
    """The first sentence of its documentation, on one line."""
    paragraph = documentation(entry).partition("\n\n")[0].strip()
    sentence = re.match(r".+?(?<!\bal)\.(?=\s+[A-Z`]|\n|$)", paragraph, re.DOTALL)
    return " ".join((sentence.group() if sentence else paragraph).split())


def documentation(entry: Entry[Any]) -> str:
    """What its author says of it: of a recipe, what stands under `about`."""
    if entry.kind == "recipes":
        from ganlab.recipe import read_toml

        return str(read_toml(entry.path).get("about", ""))
    return inspect.getdoc(entry.factory) or ""


def schema(entry: Entry[Any]) -> dict[str, Any]:
    """The JSON schema of its options; of a recipe, which has none, an empty one."""
    if entry.kind == "recipes":
        return {}
    return entry.options().model_json_schema(ref_template=f"#/$defs/{entry.kind}.{entry.name}.{{model}}")


def rows(options: Schema) -> list[list[str]]:
    """A row for each option: name, type and range, default, meaning."""
    required = options.get("required", ())
    definitions = options.get("$defs", {})
    return [
        [
            name,
            in_words(each, definitions),
            "" if name in required else json.dumps(each.get("default"), ensure_ascii=False),
            "; ".join(filter(None, (each.get("description"), each.get("search") and f"--search: {each['search']}"))),
        ]
        for name, each in options.get("properties", {}).items()
    ]


def in_words(option: Schema, definitions: Schema) -> str:
    """The values an option may have: "integer, 1 to 8192", "'batch' or 'none'"."""
    if "$ref" in option:
        return in_words(definitions.get(str(option["$ref"]).rpartition(".")[2], {}), definitions)
    if "anyOf" in option:
        return " or ".join(in_words(each, definitions) for each in option["anyOf"] if each.get("type") != "null")
    if "enum" in option:
        return " or ".join(map(_shown, option["enum"]))
    if "const" in option:
        return _shown(option["const"])
    if "prefixItems" in option:
        items = [in_words(each, definitions) for each in option["prefixItems"]]
        same = len(set(items)) == 1
        return f"list of {len(items)}: {items[0]}" if same else f"list of {'; '.join(items)}"
    if option.get("type") == "array" and "items" in option:
        return f"list of {in_words(option['items'], definitions)}"
    kind = TYPES.get(str(option.get("type")), "any value")
    return ", ".join(part for part in (kind, _limits(option)) if part)


def _limits(option: Schema) -> str:
    low, high = option.get("minimum"), option.get("maximum")
    above, below = option.get("exclusiveMinimum"), option.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{low} to {high}"
    limits = {"at least": low, "at most": high, "above": above, "below": below}
    return " and ".join(f"{word} {value}" for word, value in limits.items() if value is not None)


def _shown(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)
