"""Writes a plugin package to begin from: one loss of a few lines, its test, and how to install it.

What is written works as it stands: it installs, `ganlab plugins` lists it, and its tests pass.
"""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from ganlab.errors import RecipeError, StorageError
from ganlab.plugins.door import Plugins

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 48

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "$distribution"
version = "0.1.0"
description = "The loss '$name' for ganlab."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["ganlab"]

[project.optional-dependencies]
dev = ["pytest"]

[project.entry-points.ganlab]
$name = "$module"

[project.entry-points.ganlab_api]
$name = "1"

[tool.pytest.ini_options]
addopts = "-q --import-mode=importlib"
"""

MODULE = '''\
"""The loss `$name`. High logit = real; costs keep the shape of the logits, and the engine takes their mean."""

from typing import Annotated

import ganlab
from pydantic import Field


class $type(ganlab.Loss):
    """The hinge loss with a margin of choice. Replace the formulas by yours, and say which paper they are from."""

    def __init__(self, *, margin: Annotated[float, Field(gt=0)] = 1.0) -> None:
        self.margin = margin

    def discriminator(self, real, fake):
        return (self.margin - real).relu(), (self.margin + fake).relu()

    def generator(self, fake, real=None):
        return -fake


@ganlab.hookimpl
def ganlab_register_losses():
    return {"$name": $type}
'''

TEST = '''\
"""What every loss must do, and what this one does."""

import ganlab.testing
import torch
from $module import $type, ganlab_register_losses


class Test$type(ganlab.testing.LossConformance):
    def make(self):
        return $type()


def test_a_discriminator_that_is_sure_enough_pays_nothing():
    costs = $type(margin=2.0).discriminator(real=torch.tensor([2.0, 0.5]), fake=torch.tensor([-2.0, -0.5]))
    assert [cost.tolist() for cost in costs] == [[0.0, 1.5], [0.0, 1.5]]


def test_it_is_registered():
    assert ganlab_register_losses() == {"$name": $type}
'''

README = """\
# $distribution

The loss `$name` for ganlab.

    pip install -e .                                # ganlab finds it by its entry point
    ganlab plugins show $name
    ganlab run --set loss.name=$name
    pytest

In a recipe: `loss = {name = "$name", margin = 1.0}`. The keyword parameters of `$type` are its options; their types
and ranges are checked before a run begins.

A plugin may register other kinds of thing the same way: tasks, datasets, architectures, terms, augmentations,
diagnostics, monitors, interventions, reporters and recipes. `ganlab.hookspecs` documents every hook, and
`ganlab.testing` has a test class for each kind.
"""


def scaffold(name: str, directory: Path) -> list[Path]:
    """Write a package for a loss called `name` into the new folder `directory / ganlab-NAME`; returns the files.

    Raises `RecipeError` if the name cannot be used or the folder exists, `StorageError` if it cannot be written.
    """
    name = name.removeprefix("ganlab-")
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise RecipeError(
            f"'{name}' cannot name a plugin: use at most {LONGEST} lower-case letters, digits, hyphens, as in 'my-loss'"
        )
    if name in Plugins().names("losses", third_party=False):
        raise RecipeError(f"ganlab has a loss '{name}' already; choose another name")
    words = {
        "name": name,
        "distribution": f"ganlab-{name}",
        "module": f"ganlab_{name.replace('-', '_')}",
        "type": "".join(word.capitalize() for word in name.split("-")),
    }
    package = directory / words["distribution"]
    contents = {
        package / "pyproject.toml": PYPROJECT,
        package / "README.md": README,
        package / f"{words['module']}.py": MODULE,
        package / "tests" / f"test_{words['module']}.py": TEST,
    }
    try:
        package.mkdir(parents=True)
        for path, text in contents.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(Template(text).substitute(words), encoding="utf-8")
    except FileExistsError as error:
        raise RecipeError(f"{error.filename} exists already; choose another name or remove it") from None
    except OSError as error:
        raise StorageError(f"{error.filename}: cannot be written ({error.strerror}); choose another folder") from None
    return list(contents)
