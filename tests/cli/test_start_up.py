"""Nothing heavy is loaded before it is needed."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

from ganlab.cli import COMMANDS
from tests.cli.conftest import Ask

HEAVY = {"torch", "numpy", "scipy", "sklearn", "skimage", "PIL", "tensorboard", "optuna"}

ASK = """
import json, sys
from ganlab.cli import main
statuses = [main(words) for words in json.loads(sys.argv[1])]
print(json.dumps([statuses, sorted({name.partition('.')[0] for name in sys.modules})]))
"""


def after(folder: Path, *commands: list[str]) -> tuple[list[int], set[str]]:
    """The statuses of the commands, given in a process of their own, and the top-level modules it loaded."""
    child = [sys.executable, "-c", ASK, json.dumps(commands)]
    answer = subprocess.run(child, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    statuses, modules = json.loads(answer.stdout.splitlines()[-1])
    return statuses, set(modules)


def test_help_and_a_mistyped_command_load_click_and_little_else(tmp_path: Path) -> None:
    statuses, modules = after(tmp_path, ["--help"], ["--version"], ["rnu"], ["run", "--help"])
    assert statuses == [0, 0, 2, 0]
    assert not modules & (HEAVY | {"pydantic", "rich", "safetensors", "tomllib", "tomli_w"})


def test_recipes_plugins_and_runs_are_listed_and_mistakes_answered_without_torch(here: Path, played: Path) -> None:
    statuses, modules = after(
        here,
        ["run", "no-such-recipe"],
        ["run", "ring.toml", "--set", "loss.name=hindge"],
        ["run", "ring.toml", "--set", "players.generator.optimizer.lrr=1"],
        ["run", "ring.toml", "--name", "no/name"],
        ["run", "ring.toml", "--device", "gpu"],
        ["run", "ring.toml", "--dry-run"],
        ["recipe", "check", "ring.toml"],
        ["recipe", "schema"],
        ["plugins"],
        ["plugins", "show", "mlp"],
        ["runs", "--runs", str(played)],
        ["compare", "first", "first", "--runs", str(played)],
        ["resume", "first", "--runs", str(played)],
        ["resume", "first", "--runs", str(played), "--set", "seed=1"],
        ["sample", "first", "--runs", str(played), "--out", "no-ending"],
    )
    assert statuses == [2, 5, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2]
    assert not modules & HEAVY
    assert not (here / "runs").exists()


def test_help_takes_a_tenth_of_a_second_of_the_processor(tmp_path: Path) -> None:
    """The best of five: others on the machine can only slow it down. The limit leaves room for a slower machine."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    times = []
    for _ in range(5):
        before = spent()
        subprocess.run([sys.executable, "-m", "ganlab", "--help"], cwd=tmp_path, capture_output=True, check=True)
        times.append(spent() - before)
    assert min(times) < 0.15


def test_every_command_has_its_help(ask: Ask) -> None:
    listing = ask("--help").out
    for command in COMMANDS:
        answer = ask(command.name, "--help")
        assert answer.status == 0
        assert f"Usage: ganlab {command.name}" in answer.out
        assert f"  {command.name} " in listing
        assert (command.help or "") in listing


def test_a_shell_completes_commands_recipes_and_runs(played: Path) -> None:
    def completed(*words: str) -> list[str]:
        environment = {
            "_GANLAB_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        child = [sys.executable, "-c", "import sys; from ganlab.cli import main; sys.exit(main())"]
        answer = subprocess.run(
            child, env=environment, cwd=played.parent, capture_output=True, text=True, timeout=60, check=False
        )
        return [line.partition(",")[2] for line in answer.stdout.splitlines()]

    assert completed("ganlab", "res") == ["resume"]
    assert completed("ganlab", "sample", "fi") == ["first"]
    assert "ring" in completed("ganlab", "run", "ri")
