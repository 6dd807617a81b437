"""What holds the house up: cheap doors, documented hooks, built-ins that come through the same door as a stranger."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ganlab import hookspecs
from ganlab.optimizers import OPTIMIZERS
from ganlab.plugins import KINDS, Plugins
from ganlab.registry import Entry, Origin

ROOT = Path(__file__).parents[1]
HOOKS = [name for name in vars(hookspecs) if name.startswith("ganlab_")]
SOURCES = sorted(
    path.relative_to(ROOT).as_posix() for folder in ("ganlab", "plugins") for path in (ROOT / folder).rglob("*.py")
)
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


def test_packages_come_through_the_public_door() -> None:
    inside = re.compile(
        r"^\s*(from|import) ganlab\.(assemble|bench|builtin|cli|engine|plugins|recipe|registry|tune)\b", re.MULTILINE
    )
    packages = [path for path in SOURCES if path.startswith("plugins/") and "/tests/" not in path]
    assert packages
    for path in packages:
        assert not inside.search((ROOT / path).read_text(encoding="utf-8")), path


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


UNPICKLING = {"ganlab/foreign/child.py": {"torch.load"}}
"""The one file that may read what others have pickled, and how: in a child with limits, by torch's safe loader."""

RUN_CODE = re.compile(
    r"_?pickle|cPickle|cloudpickle|dill|marshal|shelve|joblib"
    r"|torch\.(jit\.|hub\.|package\..*)?load|yaml\.(unsafe_|full_)?load(_all)?"
    r"|(builtins\.)?(eval|exec|compile|input|__import__)|os\.(system|popen)|tempfile\.mktemp"
)
"""Modules and functions that run code found in data, wait for a keyboard that is not there, or race for a name."""


def dangers(source: str) -> Iterator[str]:
    """What the source imports, calls or names of `RUN_CODE`, and calls that unpack or trust what they are given."""
    tree = ast.parse(source)
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {each.asname or each.name.partition(".")[0]: each.name for each in node.names if each.asname}
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            aliases |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
            names = [str(node.module), *(f"{node.module}.{each.name}" for each in node.names)]
        else:
            continue
        yield from (name for name in names if RUN_CODE.fullmatch(name) or RUN_CODE.fullmatch(name.partition(".")[0]))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and RUN_CODE.fullmatch(name := dotted(node, aliases)):
            yield name
        if isinstance(node, ast.Attribute) and node.attr == "extractall":
            yield "extractall"
        if isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle"):
            yield from [] if isinstance(node.value, ast.Constant) and node.value.value is False else [node.arg]


def dotted(node: ast.expr, aliases: dict[str, str]) -> str:
    """`np.load` as `numpy.load`; empty for what is no path of names."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    below = dotted(node.value, aliases) if isinstance(node, ast.Attribute) else ""
    return f"{below}.{node.attr}" if below and isinstance(node, ast.Attribute) else ""


def test_nothing_found_in_data_is_run() -> None:
    found = {path: set(dangers((ROOT / path).read_text(encoding="utf-8"))) for path in SOURCES}
    assert not {path: names for path, names in found.items() if names - UNPICKLING.get(path, set())}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import cloudpickle as fine",
        "import dill.source",
        "def late():\n    import marshal",
        "import torch\ntorch.load(path, weights_only=True)",
        "import torch as t\nread = t.load",
        "from torch import load",
        "import torch\ntorch.jit.load(path)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import numpy as np\nnp.load(path, allow_pickle=trusted)",
        "import yaml\nyaml.load(text, Loader=yaml.SafeLoader)",
        "eval(text)",
        "list(map(exec, lines))",
        "compile(text, name, 'exec')",
        "import builtins\nbuiltins.eval(text)",
        "answer = input()",
        "import subprocess\nsubprocess.run(line, shell=True)",
        "import os\nos.system(line)",
        "from os import popen as run",
        "import tarfile\ntarfile.open(path).extractall()",
        "import zipfile\nwith zipfile.ZipFile(path) as archive:\n    archive.extractall(folder)",
        "import tempfile\ntempfile.mktemp()",
    ],
)
def test_the_lint_sees_what_would_run(source: str) -> None:
    assert list(dangers(source))


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile(pattern)",
        "from safetensors.torch import load\nload(raw)",
        "import numpy as np\nnp.load(path, allow_pickle=False)",
        "network.eval()",
        "import subprocess\nsubprocess.run(words, shell=False)",
        "input_size = 3",
    ],
)
def test_the_lint_lets_pass_what_is_harmless(source: str) -> None:
    assert not list(dangers(source))


def test_an_assert_tells_the_type_checker_and_refuses_nothing() -> None:
    """With `python -O` it is gone; only conformance tests, which are run by pytest, may lean on it."""
    for path in SOURCES:
        if "ganlab/testing/" not in path and "/tests/" not in path:
            for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
                assert not isinstance(node, ast.Assert) or ast.unparse(node.test).endswith(" is not None"), path


STEERING = [
    path
    for path in SOURCES
    if path.startswith(("ganlab/builtin/monitors/", "ganlab/builtin/interventions/", "ganlab/builtin/augmentations/"))
    or path in {f"ganlab/engine/{name}.py" for name in ("controls", "game", "player", "schedule")}
    or re.fullmatch(r"plugins/[^/]+/[^/]+\.py", path)
]
"""Files that hold a probability, a learning rate, a weight, a best value: whatever decides how a run goes on."""


@pytest.mark.parametrize("path", STEERING)
def test_no_bare_min_or_max_hides_a_nan_where_a_run_is_steered(path: str) -> None:
    """`max(0.0, nan)` is 0.0. Numbers go through `clamp_finite` and `best_of`; counts can be compared outright."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in ("min", "max")]


def test_everything_is_written_through_the_disk_that_is_in_place_now() -> None:
    for path in (ROOT / "ganlab").rglob("*.py"):
        assert not re.search(r"from ganlab\.disk import .*\b(system|System)\b", path.read_text(encoding="utf-8")), path
