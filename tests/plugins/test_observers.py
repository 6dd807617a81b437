"""Observers are called for runs that name them, and a bad one never ends a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ganlab import PluginError, Progress, RunInfo, Tick
from ganlab.calling import NOTED
from ganlab.plugins import Plugins

DIARY = """
    import ganlab

    @ganlab.hookimpl
    def ganlab_tick(run, tick):
        with open(run.directory / "{file}", "a") as diary:
            diary.write(f"{{tick.progress.round}} ")
        {then}
"""

TICKS = [Tick(Progress(round=each), {}) for each in (1, 2, 3)]


def info(directory: Path) -> RunInfo:
    return RunInfo("toy", directory, "", 1.0, ("generator",), "cpu")


def test_only_the_named_are_called(install: Callable[..., None], tmp_path: Path) -> None:
    install(DIARY.format(file="one", then=""), plugin="one", distribution="one-package")
    install(DIARY.format(file="two", then=""), plugin="two", distribution="two-package")
    observers = Plugins().observers(["two"])
    for tick in TICKS:
        observers.ganlab_tick(run=info(tmp_path), tick=tick)
    assert (tmp_path / "two").read_text() == "1 2 3 "
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize("then", ["raise RuntimeError('no ink')", "raise SystemExit('no ink')"])
def test_one_that_raises_is_reported_once_and_switched_off(
    then: str, install: Callable[..., None], tmp_path: Path
) -> None:
    install(DIARY.format(file="bad", then=then), plugin="bad", distribution="bad-package")
    install(DIARY.format(file="good", then=""), plugin="good", distribution="good-package")
    said: list[str] = []
    observers = Plugins(report=said.append).observers(["bad", "good"])
    for tick in TICKS:
        observers.ganlab_tick(run=info(tmp_path), tick=tick)
    assert (tmp_path / "bad").read_text() == "1 "
    assert (tmp_path / "good").read_text() == "1 2 3 "
    assert len(said) == 1
    assert "bad-package 1.0" in said[0]
    assert "no ink" in said[0]
    assert list(observers.switched_off) == ["bad"]


def test_without_anyone_to_tell_it_becomes_a_warning(install: Callable[..., None], tmp_path: Path) -> None:
    install(DIARY.format(file="bad", then="raise ValueError"))
    observers = Plugins().observers(["stranger"])
    with pytest.warns(RuntimeWarning, match="switched off"):
        observers.ganlab_tick(run=info(tmp_path), tick=TICKS[0])


def test_what_an_observer_prints_does_not_reach_stdout(
    install: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(DIARY.format(file="one", then="print('chatter')"))
    Plugins().observers(["stranger"]).ganlab_tick(run=info(tmp_path), tick=TICKS[0])
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "chatter\n")


def test_what_it_changes_of_what_all_share_is_put_back_and_told_once(
    install: Callable[..., None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import os
    import random

    NOTED.clear()
    install(DIARY.format(file="one", then="import os, random; random.seed(1); os.chdir('/')"))
    before = random.getstate(), os.getcwd()
    observers = Plugins().observers(["stranger"])
    with caplog.at_level("WARNING", "ganlab"):
        for tick in TICKS:
            observers.ganlab_tick(run=info(tmp_path), tick=tick)
    assert (random.getstate(), os.getcwd()) == before
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "ganlab_tick of plugin 'stranger' (stranger-package 1.0) changed the working directory and Python's random"
    )


def test_naming_none_is_fine(tmp_path: Path) -> None:
    Plugins().observers([]).ganlab_tick(run=info(tmp_path), tick=TICKS[0])


def test_an_unknown_one_is_answered_with_the_nearest(install: Callable[..., None]) -> None:
    install(DIARY.format(file="one", then=""), plugin="diary")
    with pytest.raises(PluginError, match=r"no plugin named 'dairy'. Did you mean 'diary'\?"):
        Plugins().observers(["dairy"])


def test_a_broken_one_is_an_error_with_its_reason(install: Callable[..., None]) -> None:
    install("import a_package_nobody_has")
    with pytest.raises(PluginError, match=r"stranger-package 1.0\) cannot be loaded: .*a_package_nobody_has"):
        Plugins().observers(["stranger"])


def test_a_plugin_that_observes_nothing_is_an_error(install: Callable[..., None], a_loss: Callable[..., str]) -> None:
    install(a_loss())
    with pytest.raises(PluginError, match="has no observer hook"):
        Plugins().observers(["stranger"])


def test_one_left_out_by_the_environment_says_so(install: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANLAB_PLUGINS", "")
    install(DIARY.format(file="one", then=""))
    with pytest.raises(PluginError, match="left out by GANLAB_PLUGINS"):
        Plugins().observers(["stranger"])
