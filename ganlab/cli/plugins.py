"""`ganlab plugins`: what is installed, what it offers, and whether it works."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganlab.cli import parameters
from ganlab.cli.output import say, say_json, say_table
from ganlab.cli.words import printable
from ganlab.errors import PluginError, RecipeError, nearest

if TYPE_CHECKING:
    from ganlab.plugins import Plugins
    from ganlab.plugins.discovery import Found
    from ganlab.registry import Entry


@click.group("plugins", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List, show, check and begin plugins. Without a word more, list them."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


def complete_kind(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Kinds of thing a plugin may register."""
    return [kind for kind in kinds() if kind.startswith(incomplete)]


def complete_name(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names that the built-ins register."""
    from ganlab.plugins import KINDS, Plugins

    plugins = Plugins()
    names = {name for kind in KINDS for name in plugins.names(kind, third_party=False)}
    return sorted(name for name in names if name.startswith(incomplete))


@command.command("list")
@click.argument("kind", required=False, shell_complete=complete_kind)
@parameters.as_json
def list_command(kind: str | None = None, as_json: bool = False) -> None:
    """List the plugins, or everything of one KIND: tasks, datasets, architectures, losses, terms, ..."""
    from ganlab.plugins import Plugins

    plugins = Plugins(tried=True)
    if kind is not None:
        list_kind(plugins, kind, as_json)
        return
    plugins.load_all()
    states = plugins.states()
    if as_json:
        say_json({"plugins": [{**asdict(each), "error": each.error} for each in states]})
        return
    rows = [
        [
            each.name,
            f"{each.distribution} {each.version}",
            each.status,
            ", ".join(f"{kind}: {' '.join(names)}" for kind, names in each.provides.items())
            + (" observes" if each.observes else ""),
        ]
        for each in states
    ]
    say_table(["plugin", "distribution", "state", "provides"], rows)
    for each in states:
        for problem in [*each.problems, *each.notes]:
            say(printable(f"{each.origin}: {problem}"))


def list_kind(plugins: Plugins, kind: str, as_json: bool) -> None:
    """Everything of one kind, with the plugin it comes from and a sentence."""
    from ganlab.cli.options import about

    found = entries(plugins, kind)
    if as_json:
        say_json({"kind": kind, "entries": [{**described(each), "about": about(each)} for each in found]})
        return
    rows = [[each.name, f"{each.origin.distribution} {each.origin.version}".strip(), about(each)] for each in found]
    say_table(["name", "from", "about"], rows)


@command.command("show")
@click.argument("name", shell_complete=complete_name)
@parameters.as_json
def show(name: str, as_json: bool) -> None:
    """Show a plugin, or all that is registered as NAME: what it is for, and its options with types, ranges and
    defaults. KIND/NAME shows one only."""
    from ganlab.cli.options import documentation, schema
    from ganlab.plugins import Plugins

    plugins = Plugins(tried=True)
    kind, slash, own = name.rpartition("/")
    found = [each for each in (kind,) if slash] or kinds()
    matches = [each for kind in found for each in entries(plugins, kind) if each.name == own]
    installed = [] if slash else [each for each in plugins.states() if each.name == name]
    if not matches and not installed:
        known = {each.name for kind in found for each in entries(plugins, kind)} | {s.name for s in plugins.states()}
        raise PluginError(f"nothing is called '{name}'.{nearest(own, known)} 'ganlab plugins list KIND' shows names")
    if as_json:
        told = [{**described(each), "doc": documentation(each), "options": schema(each)} for each in matches]
        say_json({"plugins": [{**asdict(each), "error": each.error} for each in installed], "entries": told})
        return
    for state in installed:
        say(printable(f"{state.origin}: {state.status}"))
        for kind, names in state.provides.items():
            say(printable(f"  {kind}: {', '.join(names)}"))
        for line in (*state.observes, *state.problems, *state.notes):
            say(printable(f"  {line}"))
        say()
    for each in matches:
        show_entry(each)


def show_entry(entry: Entry[Any]) -> None:
    """One entry, for a person."""
    from ganlab.cli.options import documentation, rows, schema

    say(printable(f"{entry.kind}/{entry.name}, from {entry.origin.distribution} {entry.origin.version}".strip()))
    for line in documentation(entry).split("\n"):
        say(printable(f"  {line}").rstrip())
    say()
    options = rows(schema(entry))
    if options:
        say_table(["option", "value", "default", "meaning"], options)
        say()


@command.command("new")
@click.argument("name")
@click.option("--into", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Where; here if left out.")
def new(name: str, into: Path) -> None:
    """Write an installable package for a plugin called NAME, whose tests pass, for you to change."""
    from ganlab.plugins import scaffold

    written = scaffold(name, into)
    for path in written:
        say(str(path))
    package = shlex.quote(str(written[0].parent))
    say(f"  pip install -e {package}")
    say(f"  python -m pytest {package}")
    say(f"  ganlab plugins check {shlex.quote(name.removeprefix('ganlab-'))}")


@command.command("check")
@click.argument("name")
@parameters.as_json
def check(name: str, as_json: bool) -> None:
    """Import the plugin NAME in a process of its own, and say what is wrong with it, whatever it does."""
    from ganlab.plugins import Plugins

    found = Plugins().installed(name)
    state = checked(found)
    if as_json:
        say_json({"plugins": [state]})
    if state["problems"]:
        raise PluginError("\n".join(f"{found.origin}: {problem}" for problem in state["problems"]))
    if not as_json:
        offers = [f"{len(names)} {kind}" for kind, names in state["provides"].items()]
        told = [f"{found.origin}: {', '.join(offers + state['observes'])}; no problems", *state["notes"]]
        for line in told:
            say(printable(line))


def checked(found: Found) -> dict[str, Any]:
    """The state of a plugin as a process of its own sees it."""
    from ganlab.plugins.contract import full_name
    from ganlab.plugins.trial import tried

    told = tried([found])[full_name(found)]
    return {**{key: value for key, value in told.items() if key != "fatal"}, "error": "; ".join(told["problems"])}


def kinds() -> list[str]:
    """The kinds plugins register, and torch's optimisers."""
    from ganlab.plugins import KINDS

    return [*KINDS, "optimizers"]


def entries(plugins: Plugins, kind: str) -> list[Entry[Any]]:
    """Everything of that kind. Raises `RecipeError` if there is no such kind."""
    if kind not in kinds():
        raise RecipeError(f"there is no kind '{kind}'.{nearest(kind, kinds())} There are: {', '.join(kinds())}")
    if kind != "optimizers":
        return plugins.entries(kind)
    from ganlab.assemble.resolution import find
    from ganlab.optimizers import OPTIMIZERS

    return [find(plugins, kind, name, "") for name in sorted(OPTIMIZERS)]


def described(entry: Entry[Any]) -> Mapping[str, str]:
    """Where an entry stands and comes from."""
    origin = entry.origin
    return {
        "kind": entry.kind,
        "name": entry.name,
        "plugin": origin.plugin,
        "distribution": origin.distribution,
        "version": origin.version,
    }
