"""A broken plugin breaks nothing: the command line, the listing and unrelated runs work beside every kind of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from tests.cli.conftest import RING

GOOD = """
import ganlab

class Good(ganlab.Loss):
    def discriminator(self, real, fake):
        return -real, fake

    def generator(self, fake, real=None):
        return -fake

@ganlab.hookimpl
def ganlab_register_losses():
    return {"NAME": Good}
"""

HANGS = ("sleeps for ever", "loops for ever", "holds Python up for ever")

KINDS: dict[str, tuple[dict[str, str], int, str]] = {
    # what is wrong: what is installed, the status of its check, what the listing and the check say
    "missing dependency": ({"source": "import a_package_nobody_has"}, 5, "No module named 'a_package_nobody_has'"),
    "SyntaxError": ({"source": "def (:"}, 5, "importing it raised SyntaxError"),
    "SystemExit": ({"source": "raise SystemExit(0)"}, 5, "importing it raised SystemExit: 0"),
    "KeyboardInterrupt": ({"source": "raise KeyboardInterrupt"}, 5, "importing it raised KeyboardInterrupt"),
    "another BaseException": (
        {"source": "class Odd(BaseException): ...\nraise Odd('odd')"},
        5,
        "importing it raised Odd: odd",
    ),
    "os._exit": ({"source": "import os; os._exit(0)"}, 5, "importing it ended the process (exit status 0)"),
    "segfault": ({"source": "import ctypes; ctypes.string_at(0)"}, 5, "importing it ended the process (SIGSEGV)"),
    "kills its process": (
        {"source": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"},
        5,
        "importing it ended the process (SIGKILL)",
    ),
    "sleeps for ever": ({"source": "import time; time.sleep(1e9)"}, 5, "importing it took longer than 1.5 seconds"),
    "loops for ever": ({"source": "while True: pass"}, 5, "importing it took longer than 1.5 seconds"),
    "holds Python up for ever": ({"source": "sum(range(10**15))"}, 5, "importing it took longer than 1.5 seconds"),
    "asks for input": ({"source": "input('your name? ')"}, 5, "importing it raised EOFError"),
    "recursion": ({"source": "def f(): f()\nf()"}, 5, "importing it raised RecursionError"),
    "prints junk": (
        {
            "source": "import os, ctypes\nprint('JUNK')\nos.write(1, b'JUNK')\nctypes.CDLL(None).puts(b'JUNK')\n"
            + GOOD.replace("NAME", "bad-loss")
        },
        0,
        "it printed 5 characters, which were not shown",
    ),
    "crashes in its hook": (
        {"source": GOOD.replace("return {", "import os; os._exit(3)\n    return {")},
        5,
        "importing it ended the process (exit status 3)",
    ),
    "bad return type": (
        {"source": GOOD.replace('{"NAME": Good}', "42")},
        5,
        "ganlab_register_losses returned a int, expected a mapping",
    ),
    "duplicate name": ({"source": GOOD.replace("NAME", "good-loss")}, 0, "registers that name too"),
    "takes a name of ours": ({"source": GOOD.replace("NAME", "hinge")}, 5, "registers that name too"),
    "misspelt hook": (
        {"source": GOOD.replace("register_losses", "register_loses")},
        5,
        "no hook of ganlab. Did you mean 'ganlab_register_losses'?",
    ),
    "bad entry point": ({"source": GOOD, "entry_point": "no such module!:x"}, 5, "importing it raised"),
    "entry point to nothing": ({"source": GOOD, "entry_point": "bad_module:nothing"}, 5, "AttributeError"),
    "needs a newer API": ({"source": "raise AssertionError('it ran')", "api": "2"}, 5, "needs ganlab plugin API 2"),
    "API that is no number": ({"source": GOOD, "api": "beta"}, 5, "its ganlab_api is 'beta', expected a number"),
    "changes what all share": (
        {
            "source": "import os, random, signal\nos.chdir('/')\nrandom.seed(1)\n"
            "signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + GOOD.replace("NAME", "bad-loss")
        },
        0,
        "it changed the working directory, signal handlers and Python's random numbers, which is put back",
    ),
}

MARK = "=== next ==="

PLAY = f"""
import json, sys
from ganlab.cli import main
for words in json.loads(sys.argv[1]):
    status = main(words)
    for stream in (sys.stdout, sys.stderr):
        print(f"\\n{MARK} {{status}}", file=stream, flush=True)
"""


@dataclass(frozen=True)
class Said:
    """What one command answered."""

    status: int
    out: str
    err: str


class Site:
    """A folder with packages in it, and commands given to a Python that sees them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "ring.toml").write_text(RING)

    def install(
        self,
        name: str,
        source: str,
        *,
        entry_point: str | None = None,
        api: str | None = None,
    ) -> None:
        """A package as an installer would leave it behind: its module `NAME_module`, and its metadata."""
        site = self.folder / "site"
        metadata = site / f"{name}_package-1.0.dist-info"
        metadata.mkdir(parents=True)
        (site / f"{name}_module.py").write_text(dedent(source))
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-package\nVersion: 1.0\n")
        lines = ["[ganlab]", f"{name} = {entry_point or f'{name}_module'}"]
        lines += ["[ganlab_api]", f"{name} = {api}"] if api is not None else []
        (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")

    def ask(self, *commands: str) -> list[Said]:
        """What the commands say, one after the other in one process, which must live to answer them all."""
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(self.folder / "site"), str(Path(__file__).parents[2])]),
            "GANLAB_PLUGIN_SECONDS": "1.5",
            "GANLAB_CACHE": str(self.folder / "cache"),
        }
        words = json.dumps([command.split() for command in commands])
        done = subprocess.run(
            [sys.executable, "-c", PLAY, words],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        ends = re.split(rf"\n?\n{MARK} (\d+)\n", done.stdout), re.split(rf"\n?\n{MARK} (\d+)\n", done.stderr)
        outs, errs = (end[:-1] for end in ends)
        return [Said(int(status), out, err) for out, err, status in zip(outs[::2], errs[::2], outs[1::2], strict=True)]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.install("good", GOOD.replace("NAME", "good-loss"))
    return site


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_plugin_breaks_nothing(kind: str, site: Site) -> None:
    package, status, words = KINDS[kind]
    site.install("bad", **package)  # type: ignore[arg-type]
    helped, versioned, listed, checked, unrelated, others = site.ask(
        "--help",
        "--version",
        "plugins list",
        "plugins check bad",
        "run ring.toml --dry-run",
        f"run ring.toml --dry-run --set loss.name={'hinge' if kind == 'duplicate name' else 'good-loss'}",
    )
    assert (helped.status, helped.err) == (versioned.status, versioned.err) == (0, "")
    assert helped.out.startswith("Usage: ganlab")
    assert versioned.out.startswith("ganlab, version") or versioned.out.startswith("ganlab ")
    assert listed.status == 0
    assert "Traceback" not in listed.out + listed.err
    (line,) = [line for line in listed.out.splitlines() if words in line]
    assert "plugin 'bad' (bad-package 1.0)" in line
    assert re.search(r"^good +good-package 1.0 +loaded", listed.out, re.MULTILINE)
    assert checked.status == status
    if status:
        assert checked.out == ""
        assert len(checked.err.splitlines()) == 1
        assert checked.err.startswith("ganlab: error[E-PLUGIN]: plugin 'bad' (bad-package 1.0): ")
        assert words in checked.err
    else:
        assert checked.err == ""
        assert "no problems" in checked.out
    assert unrelated.status == others.status == 0
    assert unrelated.err == ""
    assert "\nbudget_kimg = " in others.out
    assert not [line for line in others.err.splitlines() if not line.startswith("ganlab: warning: plugin 'bad'")]
    assert not any("JUNK" in said.out for said in (listed, checked, unrelated, others))
    assert not list((site.folder / "runs").glob("*"))


@pytest.mark.parametrize("kind", ["missing dependency", "segfault"])
def test_a_typo_is_answered_in_a_line_that_says_who_could_not_be_asked(kind: str, site: Site) -> None:
    package, _, words = KINDS[kind]
    site.install("bad", **package)  # type: ignore[arg-type]
    (typo,) = site.ask("run ring.toml --dry-run --set loss.name=no-such-loss")
    assert typo.status == 5
    (line,) = typo.err.splitlines()
    assert "no loss named 'no-such-loss'" in line
    assert "These plugins could not be asked: plugin 'bad' (bad-package 1.0): " in line
    assert words in line


def test_two_packages_with_one_name_are_both_named_to_who_asks_for_it(site: Site) -> None:
    site.install("bad", GOOD.replace("NAME", "good-loss"))
    (asked,) = site.ask("run ring.toml --dry-run --set loss.name=good-loss")
    assert asked.status == 5
    assert "good-package 1.0" in asked.err
    assert "bad-package 1.0" in asked.err


def test_a_real_run_of_a_good_plugin_beside_all_the_broken_ones(site: Site) -> None:
    for number, kind in enumerate(KINDS):
        if kind not in (*HANGS, "duplicate name"):
            package = dict(KINDS[kind][0])
            if "entry_point" in package:
                package["entry_point"] = package["entry_point"].replace("bad_module", f"bad{number}_module")
            site.install(f"bad{number}", **package)  # type: ignore[arg-type]
    site.install("hangs", KINDS["sleeps for ever"][0]["source"])
    played, alone = site.ask(
        "run ring.toml --name one --set loss.name=good-loss --json", "run ring.toml --name two --json"
    )
    assert (played.status, alone.status) == (0, 0)
    assert all(json.loads(line) for line in [*played.out.splitlines(), *alone.out.splitlines()])
    assert "error" not in played.err + alone.err
    assert not (site.folder / "runs/one/crash.log").exists()
