"""What is shown is what was recorded, however broken the numbers, and however hostile the names."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganlab import Deed, Finding, Progress, Severity, Stop
from ganlab.cli.compare import BLOCKS, HOLE, WIDTH, drawn
from ganlab.cli.console import acted, told
from ganlab.cli.failures import LONGEST_LINE, Session
from ganlab.cli.last_line import LastLine
from ganlab.cli.output import say, say_table, say_wrapped
from ganlab.cli.words import number, printable
from ganlab.errors import RecipeError
from ganlab.words import duration
from tests.cli.conftest import Ask

HOSTILE = [
    "\x1b[2J",
    "\x1b]0;owned\x07",
    "\u202e",
    "\u2028",
    "\r",
    "\n",
    "\t",
    "\x85",
    "\ud800",
    "\u200f",
    "\U000e0041",
    "\x9b31m",
]
text = st.lists(st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=()), max_size=4), max_size=6).map(
    "".join
)
derandomized = settings(
    max_examples=200, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def harmless(printed: str) -> bool:
    """True if a terminal shows it as it is: nothing moves the cursor but line breaks and tabs."""
    return all(letter.isprintable() or letter in "\n\t" for letter in printed)


@derandomized
@given(foreign=text)
def test_a_line_of_results_is_harmless(capfd: pytest.CaptureFixture[str], foreign: str) -> None:
    say(foreign)
    printed = capfd.readouterr().out
    assert harmless(printed)
    assert printed.count("\n") == foreign.count("\n") + 1


@derandomized
@given(heads=st.lists(text, min_size=2, max_size=2), rows=st.lists(st.lists(text, min_size=2, max_size=2), max_size=3))
def test_a_table_is_harmless_and_has_a_line_for_each_row(
    capfd: pytest.CaptureFixture[str], heads: list[str], rows: list[list[str]]
) -> None:
    say_table(heads, rows)
    printed = capfd.readouterr().out
    assert harmless(printed)
    assert printed.count("\n") == 1 + len(rows)


@derandomized
@given(foreign=text, kind=st.sampled_from([RecipeError, ValueError, OSError, click.UsageError]))
def test_an_error_is_harmless_and_has_a_line_for_each_problem(
    capfd: pytest.CaptureFixture[str], foreign: str, kind: type[Exception]
) -> None:
    for debug in (False, True):
        Session(debug=debug).tell(kind(foreign))
        printed = capfd.readouterr().err
        assert harmless(printed)
    Session().tell(kind(foreign))
    lines = capfd.readouterr().err.split("\n")[:-1]
    assert 1 <= len(lines) <= foreign.count("\n") + 1
    assert all(line.startswith("ganlab: error[E-") and len(line) <= LONGEST_LINE for line in lines)


@derandomized
@given(text)
def test_what_is_escaped_is_told_apart_and_what_is_printable_stays(foreign: str) -> None:
    assert printable(foreign).isprintable()
    assert printable("größer 数 é") == "größer 数 é"


@derandomized
@given(text)
def test_what_a_watch_says_is_harmless(foreign: str) -> None:
    finding = Finding(foreign, foreign, Severity.WARNING, 1.0, 1, 0.0, advice=foreign)
    assert harmless(told(finding).plain)
    assert told(finding).plain.count("\n") <= 1
    assert harmless(acted(Deed(Stop(foreign), foreign, foreign, hindrance=foreign), Progress(1, 1000)))


@derandomized
@given(st.floats())
def test_any_number_has_a_short_form(value: float) -> None:
    assert 0 < len(number(value)) <= 9
    if abs(value) < 1e300:
        assert float(number(value)) == pytest.approx(value, rel=0.05, abs=0.005)
    assert duration(value)


@derandomized
@given(st.lists(st.floats(), min_size=1))
def test_any_course_is_drawn_on_one_scale(series: list[float]) -> None:
    (line,) = drawn([series])
    assert set(line[:WIDTH].rstrip()) <= set(BLOCKS + HOLE)


@pytest.fixture
def broken(here: Path, played: Path) -> Path:
    """A run whose numbers are not finite, and that somebody has edited."""
    shutil.copytree(played, here / "runs")
    path = here / "runs/first/measurements.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record, value in zip(records, ["NaN", "Infinity", "-Infinity", 1e308, -1e308], strict=False):
        record["cost/generator"] = record["gap"] = value
    records[5]["cost/generator"] = ["x"]
    records[6] = {"kimg": "x", "seconds": None, "\x1b[2J": 1.0}
    path.write_text("".join(json.dumps(each) + "\n" for each in records) + '{"kimg": ')
    finding = {"kimg": "NaN", "severity": "warning", "monitor": "\x1b[2J\u202e", "sentence": "x\ny"}
    (here / "runs/first/findings.jsonl").write_text(json.dumps(finding) + "\n")
    return here


@pytest.mark.parametrize("words", ["runs", "runs --json", "compare first first", "compare first first --json"])
def test_runs_with_broken_numbers_are_listed_and_compared(broken: Path, ask: Ask, words: str) -> None:
    answer = ask(*words.split())
    assert answer.status == 0, answer.err
    assert harmless(answer.out)
    if words.endswith("--json"):
        json.loads(answer.out, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))


@pytest.mark.parametrize(("encoding", "written"), [("ascii", "▁"), ("latin-1", "\\u2581")])
def test_a_terminal_that_lacks_letters_gets_them_escaped(
    encoding: str, written: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that only knows ASCII is taken for one that nobody has told its encoding, and gets UTF-8."""
    with (tmp_path / "out").open("w", encoding=encoding) as out:
        monkeypatch.setattr("sys.stdout", out)
        say("größer ▁▂▃ 数")
        say_table(["▁", "数"], [["…", "é"]])
    assert written.encode() in (tmp_path / "out").read_bytes()


def test_the_first_flexible_column_is_cut_and_left_out_before_the_next_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heads, rows = ["trial", "settings", "why"], [["0", "a" * 20, "b" * 20]]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    shown = {}
    for width in (60, 40, 30, 20):
        monkeypatch.setenv("COLUMNS", str(width))
        say_table(heads, rows, flexible=[1, 2])
        shown[width] = capsys.readouterr().out.splitlines()[1]
    assert shown == {
        60: f"0      {'a' * 20}  {'b' * 20}",
        40: f"0      {'a' * 10}…  {'b' * 20}",
        30: f"0      {'b' * 20}",
        20: f"0      {'b' * 12}…",
    }


def test_a_sentence_is_broken_between_words_on_a_terminal_and_nowhere_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    say_wrapped("trial 3 | pruned | non-saturating")
    assert capsys.readouterr().out == "trial 3 | pruned | non-saturating\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    say_wrapped("trial 3 | pruned | non-saturating")
    assert capsys.readouterr().out == "trial 3 | pruned |\n  non-saturating\n"


def test_the_last_line_is_written_over_and_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "10")
    pipe, terminal = StringIO(), StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    for stream in (pipe, terminal):
        with LastLine(stream) as last:
            last.show("trial 0\x1b[31m seed 0")
            last.show("done")
    assert pipe.getvalue() == ""
    assert terminal.getvalue() == "\r\x1b[Ktrial 0\\…\r\r\x1b[Kdone\r\r\x1b[K\r"
