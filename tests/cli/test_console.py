"""What is printed during a run: on a narrow terminal, in a pipe, without colours, and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from ganlab.cli.console import Console, JsonConsole
from ganlab.cli.words import memory, number, printable
from ganlab.interfaces.reporter import RunInfo
from ganlab.values import Deed, Ending, Finding, Outcome, Progress, ScaleLearningRate, Severity, Tick
from ganlab.words import duration

WATCHED = '[watch]\nmonitors = [{name = "lost-coverage"}]\n'
RUN = RunInfo("digits-0", Path("runs/digits-0"), WATCHED, 200.0, ("generator", "image"), "cpu")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Pipe(StringIO):
    """A stream that nobody looks at in a window."""


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window of 40 columns that understands colours."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "24")


def tick(kimg: float, *findings: Finding, **measurements: float) -> Tick:
    where = Progress(int(kimg * 10), int(kimg * 1000), kimg / 200)
    numbers = measurements or {"cost/image": 0.69, "cost/generator": 0.81, "weighted/r1": 3.0, "coverage@flatten": 0.62}
    return Tick(where, numbers, findings, (), {}, kimg, 2140.4)


def finding(severity: Severity = Severity.WARNING, sentence: str = "Coverage fell from .62 to .10.") -> Finding:
    return Finding("lost-coverage", sentence, severity, 12.3, 123, 11.0, {}, "Lower the generator's learning rate.")


def end(ending: Ending = Ending.FINISHED) -> Outcome:
    return Outcome(ending, "The budget of 200 kimg is spent.", Progress(2000, 200_000, 1.0), 90.0)


def play(stream: StringIO, *events: Callable[[Console, Clock], None], run: RunInfo = RUN) -> list[str]:
    clock = Clock()
    with Console(stream, clock) as console:
        console.start(run, Progress(), None)
        for event in events:
            event(console, clock)
    return stream.getvalue().splitlines()


def at(second: float, then: Tick) -> Callable[[Console, Clock], None]:
    def event(console: Console, clock: Clock) -> None:
        clock.now = 1000.0 + second
        console.tick(then)

    return event


def break_down(console: Console) -> None:
    with console:
        console.start(RUN, Progress(), None)
        raise ZeroDivisionError


def ended(console: Console, clock: Clock) -> None:
    console.end(end())


def test_a_pipe_gets_a_line_at_the_start_one_every_thirty_seconds_and_one_at_the_end():
    ticks = [at(second, tick(second)) for second in range(5, 71, 5)]
    lines = play(Pipe(), *ticks, ended)
    assert [line.split(" kimg")[0] for line in lines] == [
        "digits-0 | 0.0/200",
        "30.0/200",
        "60.0/200",
        "70.0/200",
        "finished: The budget of 200",
    ]


def test_the_line_says_rate_time_left_costs_and_health():
    # 50 of 200 kimg in 30 s: the other 150 take 90 s.
    lines = play(Pipe(), at(30, tick(50.0)))
    memory_now = lines[1].split(" | ")[3]
    assert lines[1] == (
        f"50.0/200 kimg | 2140 img/s | eta 1:30 | {memory_now} | costs generator .81 image .69"
        " | coverage@flatten .62 | healthy"
    )
    assert re.fullmatch(r"[\d.]+ [MG]B", memory_now)


def test_a_resumed_run_reckons_the_time_left_from_where_it_went_on():
    stream, clock = Pipe(), Clock()
    console = Console(stream, clock)
    console.start(RUN, Progress(1000, 100_000, 0.5), None)
    at(50, tick(150.0))(console, clock)
    assert "eta 0:50" in stream.getvalue()


def test_a_pipe_gets_no_escape_codes_even_with_findings():
    lines = play(Pipe(), at(1, tick(12.3, finding(Severity.CRITICAL))), ended)
    assert "\x1b" not in "".join(lines)


def test_a_finding_is_printed_at_once_with_its_advice_and_stays_the_state_of_health():
    lines = play(Pipe(), at(1, tick(12.3, finding())), at(30, tick(50.0)))
    assert lines[1] == "warning at 12.3 kimg, lost-coverage: Coverage fell from .62 to .10."
    assert lines[2] == "  Lower the generator's learning rate."
    assert lines[3].endswith("| warning at 12.3 kimg: lost-coverage")


def test_a_note_is_printed_and_the_run_stays_healthy():
    lines = play(Pipe(), at(1, tick(12.3, finding(Severity.NOTE))), at(30, tick(50.0)))
    assert lines[1].startswith("note at 12.3 kimg")
    assert lines[3].endswith("| healthy")


def test_what_was_found_in_a_former_life_still_holds_after_a_resume():
    first = Console(Pipe(), Clock())
    first.start(RUN, Progress(), None)
    first.tick(tick(12.3, finding()))
    stream = Pipe()
    second = Console(stream, Clock())
    second.restore(json.loads(json.dumps(first.state())))
    second.start(RUN, Progress(123, 12_300, 0.0615), None)
    second.end(end())
    assert "warning at 12.3 kimg: lost-coverage" in stream.getvalue()


def test_a_run_without_monitors_is_not_called_healthy():
    unwatched = RunInfo("ring-0", Path("runs/ring-0"), "", 200.0, ("generator", "image"), "cpu")
    assert play(Pipe(), at(30, tick(50.0)), run=unwatched)[1].endswith("| no monitors")


def test_an_action_is_printed_with_its_fields():
    acted = Tick(Progress(10, 12_300, 0.06), {}, (), (Deed(ScaleLearningRate("image", 0.5)),))
    assert play(Pipe(), at(1, acted))[1] == "action at 12.3 kimg: scale-learning-rate player=image factor=0.5"


def test_in_a_window_of_forty_columns_no_line_is_longer_and_everything_is_there():
    stream = Terminal()
    many = {"cost/image": 0.69, "cost/generator": 0.81, **{f"measurement-{n}": n / 7 for n in range(9)}}
    lines = play(stream, at(1, tick(12.3, finding(), **many)), at(2, tick(50.0, **many)), ended)
    shown = [part for line in lines for part in ESCAPE.sub("", line).split("\r")]
    assert max(map(len, shown)) <= 40
    text = "\n".join(shown)
    assert "50.0/200 kimg" in text
    assert "2140 img/s | eta" in text
    assert "costs generator .81 image .69" in text
    assert "Coverage" in text
    assert "finished" in text


def test_the_lines_that_stay_in_place_are_gone_at_the_end():
    stream = Terminal()
    play(stream, at(1, tick(12.3)), ended)
    after_the_cursor_is_back = stream.getvalue().rsplit("\x1b[?25h", 1)[1]
    assert after_the_cursor_is_back.count("\x1b[2K") >= 4


def test_a_terminal_is_handed_back_with_its_cursor_even_if_the_run_breaks():
    stream = Terminal()
    console = Console(stream, Clock())
    with pytest.raises(ZeroDivisionError):
        break_down(console)
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_colours_are_left_out_where_no_color_is_set(monkeypatch: pytest.MonkeyPatch):
    colour = re.compile(r"\x1b\[[\d;]*(3[0-7]|9[0-7]|38;5;\d+)m")
    critical = at(1, tick(12.3, finding(Severity.CRITICAL)))
    coloured, plain = Terminal(), Terminal()
    play(coloured, critical, ended)
    monkeypatch.setenv("NO_COLOR", "1")
    play(plain, critical, ended)
    assert colour.search(coloured.getvalue())
    assert not colour.search(plain.getvalue())


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    play(stream, at(30, tick(50.0)))
    assert "\x1b" not in stream.getvalue()
    assert "50.0/200 kimg | 2140 img/s" in stream.getvalue()


def test_names_and_sentences_cannot_drive_the_terminal():
    evil = RunInfo("a\x1b[2Jb", Path("a"), WATCHED, 200.0, ("generator", "image"), "cpu")
    lines = play(Pipe(), at(1, tick(12.3, finding(sentence="one\r\ntwo \u202e [bold]red[/bold]"))), run=evil)
    assert lines[0].startswith(r"a\x1b[2Jb |")
    assert lines[1].endswith(r"one\r\ntwo \u202e [bold]red[/bold]")


def test_a_reader_that_goes_away_silences_the_console_and_does_not_end_the_run():
    class Closed(Pipe):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    play(Closed(), at(1, tick(12.3, finding())), at(40, tick(50.0)), ended)
    console = JsonConsole(Closed())
    console.tick(tick(1.0))
    console.end(end())


def test_json_is_one_object_per_tick_and_one_for_the_outcome():
    stream = Pipe()
    console = JsonConsole(stream)
    console.start(RUN, Progress(), None)
    console.tick(tick(12.3, finding(), coverage=float("nan")))
    console.end(end(Ending.STOPPED))
    first, last = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["event"] == "tick"
    assert (first["kimg"], first["round"], first["images_per_second"]) == (12.3, 123, 2140.4)
    assert first["measurements"] == {"coverage": "NaN"}
    assert first["findings"][0]["monitor"] == "lost-coverage"
    assert first["actions"] == []
    assert last == {
        "event": "outcome",
        "ending": "stopped",
        "sentence": "The budget of 200 kimg is spent.",
        "kimg": 200.0,
        "round": 2000,
        "seconds": 90.0,
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(0.69, ".69"), (-0.69, "-.69"), (1.386, "1.39"), (0.0, "0"), (26.84, "26.8"), (26800.0, "26800")],
        *[(0.0012, "0.0012"), (3.2e9, "3.2e+09"), (float("nan"), "nan"), (float("-inf"), "-inf")],
    ],
)
def test_numbers_are_short(value: float, text: str):
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (80, "1:20"), (7385, "2:03:05"), (86400 * 3 + 3600 * 4 + 600, "3 d 04:10")],
)
def test_durations_are_read_at_a_glance(seconds: float, text: str):
    assert duration(seconds) == text


def test_memory_is_what_the_process_holds():
    unit = {"MB": 1, "GB": 1024}
    amount, name = memory("cpu").split()
    assert 10 < float(amount) * unit[name] < 100_000


def test_printable_leaves_letters_of_any_language_alone():
    assert printable("Zahl é 数 — ok") == "Zahl é 数 — ok"
    assert printable("\x07\n\ud800") == r"\x07\n\ud800"
