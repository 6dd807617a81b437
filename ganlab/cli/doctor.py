"""`ganlab doctor`: what is installed, what this machine has, and what does not work. Everything is tried, not looked
up."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from ganlab import __version__
from ganlab.cli import parameters
from ganlab.cli.output import say, say_json, say_table
from ganlab.cli.words import printable
from ganlab.errors import PluginError
from ganlab.registry import one_line

LIBRARIES = {
    "torch": "torch",
    "numpy": "numpy",
    "scipy": "scipy.linalg",
    "scikit-learn": "sklearn.datasets",
    "scikit-image": "skimage.data",
    "pillow": "PIL.Image",
    "safetensors": "safetensors.torch",
    "tensorboard": "tensorboard.program",
    "optuna": "optuna",
    "pydantic": "pydantic",
    "pluggy": "pluggy",
    "rich": "rich",
    "tomli-w": "tomli_w",
}
"""What ganlab needs, and a module of each that is imported to see whether it works."""


@click.command("doctor")
@parameters.as_json
def command(as_json: bool) -> int:
    """Say what is installed and what is wrong with it: libraries, processors, GPUs, plugins."""
    libraries = dict(tried())
    plugins = plugin_states()
    report = {
        "ganlab": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "executable": sys.executable,
        "libraries": libraries,
        "processor": processor(),
        "gpus": gpus(),
        "plugins": plugins,
    }
    wrong = [f"{name}: {each['problem']}" for name, each in libraries.items() if each["problem"]]
    wrong += [
        f"plugin '{each['name']}' ({each['distribution']}): {each['problem']}" for each in plugins if each["problem"]
    ]
    if as_json:
        say_json({**report, "problems": wrong})
    else:
        show(report)
        for problem in wrong:
            say(printable(f"problem: {problem}"))
        if not wrong:
            say("no problems")
    return PluginError.exit_code if wrong else 0


def tried() -> Iterator[tuple[str, dict[str, str]]]:
    """Each library's version, and why it cannot be imported."""
    for name, module in LIBRARIES.items():
        problem = ""
        try:
            import_module(module)
        except (Exception, SystemExit) as error:
            problem = one_line(error)
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "not installed"
        yield name, {"version": installed, "problem": problem}


def processor() -> dict[str, Any]:
    """Cores this process may use, threads torch would take, and how busy the machine is."""
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    found: dict[str, Any] = {"cores": os.cpu_count(), "usable": usable, "load": round(os.getloadavg()[0], 2)}
    try:
        import torch
    except Exception:
        return found
    found |= {"threads": torch.get_num_threads(), "capability": torch.backends.cpu.get_cpu_capability()}
    return found


def gpus() -> list[dict[str, Any]]:
    """GPUs that torch can use."""
    try:
        import torch

        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        properties = [torch.cuda.get_device_properties(number) for number in range(count)]
    except Exception:
        return []
    return [{"name": each.name, "memory_gb": round(each.total_memory / 2**30, 1)} for each in properties]


def plugin_states() -> list[dict[str, str]]:
    """Every plugin, imported, with what is wrong with it."""
    from ganlab.plugins import Plugins

    plugins = Plugins(tried=True)
    plugins.load_all()
    return [
        {
            "name": each.name,
            "distribution": each.distribution,
            "version": each.version,
            "status": each.status,
            "problem": each.error,
        }
        for each in plugins.states()
    ]


def show(report: dict[str, Any]) -> None:
    """The report, for a person."""
    say(f"ganlab {report['ganlab']}, Python {report['python']}, {report['system']}")
    say(printable(report["executable"]))
    cpu = report["processor"]
    threads = f", torch takes {cpu['threads']} ({cpu['capability']})" if "threads" in cpu else ""
    say(f"{cpu['usable']} of {cpu['cores']} cores, load {cpu['load']}{threads}")
    for gpu in report["gpus"]:
        say(printable(f"GPU: {gpu['name']}, {gpu['memory_gb']} GB"))
    if not report["gpus"]:
        say("no GPU that torch can use")
    say()
    say_table(
        ["library", "version", "state"],
        [
            [name, each["version"], "broken" if each["problem"] else "works"]
            for name, each in report["libraries"].items()
        ],
    )
    say()
    say_table(
        ["plugin", "from", "state"],
        [[each["name"], f"{each['distribution']} {each['version']}", each["status"]] for each in report["plugins"]],
    )
    say()
