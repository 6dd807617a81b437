"""Functions with one statement left out, to see whether anybody would notice."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any


def without_each(function: Callable[..., Any], pattern: str) -> Iterator[tuple[str, str]]:
    """Each simple statement of the function that the pattern is found in, and the function's source without it."""
    source = textwrap.dedent(inspect.getsource(function))
    count = sum(1 for _ in found(ast.parse(source), pattern))
    for number in range(count):
        tree = ast.parse(source)
        block, place = list(found(tree, pattern))[number]
        statement = ast.unparse(block[place])
        block[place] = ast.Pass()
        yield statement, ast.unparse(ast.fix_missing_locations(tree))


def found(tree: ast.AST, pattern: str) -> Iterator[tuple[list[ast.stmt], int]]:
    """Where the statements stand: a block, and their place in it."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            for place, statement in enumerate(block if isinstance(block, list) else []):
                simple = isinstance(statement, ast.Expr | ast.Assign | ast.Raise)
                docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                if simple and not docstring and re.search(pattern, ast.unparse(statement)):
                    yield block, place


def compiled(function: Callable[..., Any], source: str) -> Callable[..., Any]:
    """The function as its changed source has it, at home in the same module."""
    made: dict[str, Any] = {}
    exec(compile(source, "mutant", "exec", dont_inherit=True), vars(sys.modules[function.__module__]), made)
    changed: Callable[..., Any] = made[function.__name__]
    return changed
