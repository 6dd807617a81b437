"""What holds the house up: cheap doors, documented hooks, built-ins that come through the same door as a stranger."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ganlab import hookspecs
from ganlab.optimizers import OPTIMIZERS
from ganlab.plugins import KINDS, Plugins
from ganlab.registry import Entry, Origin

ROOT = Path(__file__).parents[1]
HOOKS = [name for name in vars(hookspecs) if name.startswith("ganlab_")]
HEAVY = ("torch", "numpy", "scipy", "sklearn", "skimage", "PIL", "tensorboard", "optuna")


def modules_after(code: str) -> set[str]:
    """Top-level modules a fresh interpreter has loaded after running `code`."""
    script = f"{code}\nimport sys\nprint(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_public_door_opens_without_a_heavy_library() -> None:
    assert not modules_after("import ganlab") & set(HEAVY)


def test_every_builtin_is_registered_and_checked_without_a_heavy_library() -> None:
    code = f"""
from ganlab.plugins import Plugins
plugins = Plugins()
for kind in {KINDS!r}:
    for name in plugins.names(kind, third_party=False):
        entry = plugins.find(kind, name)
        kind == "recipes" or entry.options()
"""
    assert not modules_after(code) & set(HEAVY)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_typed_and_in_the_readme(hook: str) -> None:
    spec = getattr(hookspecs, hook)
    assert inspect.getdoc(spec)
    assert inspect.signature(spec).return_annotation is not inspect.Signature.empty
    assert re.search(rf"^\| `{hook}", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_implemented_by_something_real(hook: str) -> None:
    files = [*(ROOT / "ganlab/builtin").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    assert any(f"def {hook}(" in path.read_text(encoding="utf-8") for path in files)


def test_no_core_module_names_a_builtin_plugin() -> None:
    plugins = Plugins()
    kinds = ("losses", "architectures", "datasets")
    names = {name for kind in kinds for name in plugins.names(kind, third_party=False)}
    for path in [*(ROOT / "ganlab/engine").glob("*.py"), *(ROOT / "ganlab/assemble").glob("*.py")]:
        quoted = set(re.findall(r'"([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
        assert not quoted & names - {"image"}, path


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_the_table_of_optimisers_says_what_torch_says(name: str) -> None:
    classes = {each.__name__.lower(): each for each in vars(torch.optim).values() if inspect.isclass(each)}
    theirs = inspect.signature(classes[name]).parameters
    ours = Entry("optimizers", name, OPTIMIZERS[name], Origin("optimizers", "torch", "", True)).resolve({}, "optimizer")
    for option, default in ours.items():
        expected = theirs[option].default
        assert default == (list(expected) if isinstance(expected, tuple) else expected)


def test_every_optimiser_without_a_closure_or_sparse_gradients_is_in_the_table() -> None:
    known = {
        each.__name__.lower()
        for each in vars(torch.optim).values()
        if inspect.isclass(each) and issubclass(each, torch.optim.Optimizer) and each is not torch.optim.Optimizer
    }
    assert known - {"lbfgs", "sparseadam"} == set(OPTIMIZERS)
