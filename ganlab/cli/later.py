"""Commands that are listed now and imported later."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click


class Later(click.Command):
    """Stands for the `command` of a module until it is called: help, suggestions and completion need no more."""

    def __init__(self, name: str, module: str, help: str) -> None:
        super().__init__(name, help=help)
        self.module = module

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of the real command."""
        command: click.Command = import_module(self.module).command
        return command.make_context(info_name, args, parent, **extra)


class Commands(click.Group):
    """A group that lists its commands in the order they are given."""

    def __init__(self, name: str | None = None, commands: Sequence[click.Command] = (), **options: Any) -> None:
        super().__init__(name, commands=list(commands), **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Most used first."""
        return list(self.commands)
