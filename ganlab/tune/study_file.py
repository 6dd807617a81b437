"""A study that is a Python file: its docstring asks the question, its constants say what is played, and `space` is
any function of a trial.

    '''How much faster may the discriminator learn?'''
    RECIPE = "ring"
    OBJECTIVE = "mmd"
    SEEDS, TRIALS = 4, 30

    def space(trial):
        rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
        ratio = trial.suggest_float("ratio", 0.1, 20, log=True)
        return {"players.generator.optimizer.lr": rate, "players.point.optimizer.lr": ratio * rate}
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganlab.errors import RecipeError, nearest
from ganlab.registry import one_line
from ganlab.validation import explain, short

Share = Annotated[float, Field(gt=0, lt=1)]


class Constants(BaseModel):
    """What a study file may say in capitals, by its name there. What is left out has the default of `Plan`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    RECIPE: str
    SETTINGS: tuple[str, ...] = ()
    OBJECTIVE: str | None = None
    SEEDS: Annotated[int, Field(ge=1, le=1000)] | None = None
    TRIALS: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    FRESH_SEEDS: Annotated[int, Field(ge=0, le=1000)] | None = None
    RUNGS: tuple[Share, ...] | None = None
    TOGETHER: bool = False
    TOLERANCE: Annotated[float, Field(ge=0, lt=1)] | None = None
    BASELINE: dict[str, Any] | None = None


@dataclass(frozen=True)
class FileSpace:
    """The function `space` of a study file. Two are the same if their files are, to the byte."""

    path: Path
    sha256: str
    function: Callable[[Any], Mapping[str, Any]] = field(compare=False, repr=False)

    def __call__(self, trial: Any) -> dict[str, Any]:
        """Settings for one trial. Raises `RecipeError` for what are none."""
        try:
            found = self.function(trial)
        except RecipeError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise RecipeError(f"{self.path}: space(trial) failed: {one_line(error)}") from error
        if not isinstance(found, Mapping) or not all(isinstance(key, str) for key in found):
            raise RecipeError(
                f"{self.path}: space(trial) returned {short(repr(found))}, expected {{dotted key: value}}"
            )
        return dict(found)

    def told(self) -> dict[str, str]:
        """As JSON knows it."""
        return {"sha256": self.sha256}


@dataclass(frozen=True)
class StudyFile:
    """What stands in the file."""

    about: str
    constants: Constants
    space: FileSpace


def read(path: Path) -> StudyFile:
    """The study in that file, which is a program of yours and is run. Raises `RecipeError`."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from None
    module = _run(path)
    capitals = {name: value for name, value in vars(module).items() if name.isupper() and not name.startswith("_")}
    try:
        constants = Constants.model_validate(capitals)
    except ValidationError as error:
        lines = explain(error, Constants)
        raise RecipeError("\n".join(f"{path}: {line}" for line in lines)) from None
    function = getattr(module, "space", None)
    if not inspect.isfunction(function):
        near = nearest("space", [name for name, each in vars(module).items() if inspect.isfunction(each)])
        raise RecipeError(f"{path}: has no function space(trial), which returns {{dotted key: value}}.{near}")
    space = FileSpace(path, hashlib.sha256(raw).hexdigest(), function)
    return StudyFile(inspect.getdoc(module) or "", constants, space)


def _run(path: Path) -> ModuleType:
    name = f"ganlab_study_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RecipeError(f"{path}: is no Python file; a study is a .py, a recipe with --search is not")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise RecipeError(f"{path}: {one_line(error)}") from error
    return module
