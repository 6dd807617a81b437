"""`ganlab recipe`: what recipes there are, what they say, and whether they hold."""

from __future__ import annotations

import click

from ganlab.cli import parameters
from ganlab.cli.output import say, say_json, say_table
from ganlab.cli.run import checked, recipe_file


@click.group("recipe", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List, show and check recipes. Without a word more, list them."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@command.command("list")
@parameters.as_json
def list_command(as_json: bool = False) -> None:
    """List the recipes by name."""
    from ganlab.cli.options import about
    from ganlab.plugins import Plugins

    found = [(each.name, each.origin.distribution, about(each)) for each in Plugins(tried=True).entries("recipes")]
    if as_json:
        say_json({"recipes": [{"name": name, "distribution": dist, "about": told} for name, dist, told in found]})
    else:
        say_table(["recipe", "from", "about"], found)


@command.command("show")
@click.argument("recipe", shell_complete=parameters.complete_recipe)
def show(recipe: str) -> None:
    """Print the recipe of that name as it is written; 'ganlab run RECIPE --dry-run' prints it complete."""
    from ganlab.plugins import Plugins

    say(recipe_file(recipe, Plugins(tried=True)).read_text(encoding="utf-8").rstrip("\n"))


@command.command("check")
@click.argument("recipe", shell_complete=parameters.complete_recipe)
@parameters.settings
@parameters.as_json
def check(recipe: str, settings: tuple[str, ...], as_json: bool) -> None:
    """Check RECIPE, a name or a .toml file: every name, option, type and range, and say all that is wrong."""
    from ganlab.plugins import Plugins

    checked(recipe, settings, Plugins(tried=True))
    if as_json:
        say_json({"recipe": recipe, "problems": []})
    else:
        say(f"{recipe}: no problems")


@command.command("schema")
def schema() -> None:
    """Print the JSON schema of recipes, with the options of everything that is installed, for editors."""
    from ganlab.cli.recipe_schema import recipe_schema
    from ganlab.plugins import Plugins

    say_json(recipe_schema(Plugins(tried=True)))
