"""Plugins are tried in a process of their own, once, and tried again when they are not what they were."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ganlab import PluginError
from ganlab.plugins import Plugins, trial, vetted
from ganlab.plugins.contract import full_name
from ganlab.plugins.discovery import Found, discover

COUNTED = """
    import os, pathlib
    with open({path!r}, "a") as log:
        log.write(f"{{os.getpid()}} ")
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("GANLAB_CACHE", str(folder))
    return folder / "tried-plugins.json"


def found(distribution: str = "stranger-package") -> Found:
    """The metadata of an installed distribution."""
    return next(each for each in discover() if each.origin.distribution == distribution)


def imports(log: Path) -> list[int]:
    """Which processes imported the plugin, in order."""
    return [int(each) for each in log.read_text().split()] if log.exists() else []


def test_a_good_plugin_is_tried_once_elsewhere_and_then_imported_here(
    install: Callable[..., None], a_loss: Callable[..., str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    install(COUNTED.format(path=str(log)) + a_loss())
    assert Plugins(tried=True).find("losses", "stranger-loss").origin.plugin == "stranger"
    elsewhere, here = imports(log)
    assert (elsewhere != os.getpid(), here) == (True, os.getpid())
    Plugins(tried=True).find("losses", "stranger-loss")
    assert len(imports(log)) == 2, "it is in our memory, and came through its trial"


def test_a_plugin_that_changed_is_tried_again(
    install: Callable[..., None], a_loss: Callable[..., str], cache: Path
) -> None:
    install(a_loss())
    assert trial.problems([found()]) == {}
    assert vetted.vetted(found())
    module = Path(str(found().entry_point.dist.locate_file("")), "stranger_of_stranger_package.py")  # type: ignore[union-attr]
    module.write_text("import os\nos._exit(7)\n")
    assert not vetted.vetted(found())
    assert trial.problems([found()]) == {"stranger-package:stranger": "importing it ended the process (exit status 7)"}
    assert not vetted.vetted(found())


def test_an_exception_is_no_reason_to_try_again(install: Callable[..., None]) -> None:
    install("import a_package_nobody_has")
    assert trial.problems([found()]) == {}
    assert vetted.vetted(found())


@pytest.mark.parametrize("content", [b"", b"not json", b"{}", b"[1, null]", b"[" * 100_000, b"\xff", b'"x"'])
def test_a_cache_that_cannot_be_read_means_a_trial(
    content: bytes, install: Callable[..., None], a_loss: Callable[..., str], cache: Path
) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(content)
    install(a_loss())
    assert not vetted.vetted(found())
    assert trial.problems([found()]) == {}
    assert vetted.vetted(found())


def test_a_cache_that_cannot_be_written_is_no_error(
    install: Callable[..., None], a_loss: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    install(a_loss())
    for folder in (str(tmp_path / "file" / "below"), "relative"):
        monkeypatch.setenv("GANLAB_CACHE", folder)
        assert trial.problems([found()]) == {}
        assert not vetted.vetted(found())


def test_one_trial_finds_every_culprit_and_lets_the_others_through(
    install: Callable[..., None], a_loss: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANLAB_PLUGIN_SECONDS", "2")
    install(a_loss("one"), plugin="a", distribution="a-package")
    install("import os; os._exit(1)", plugin="b", distribution="b-package")
    install("while True: pass", plugin="c", distribution="c-package")
    install("import os; os.abort()", plugin="d", distribution="d-package")
    install(a_loss("two"), plugin="e", distribution="e-package")
    those = [each for each in discover() if each.origin.plugin in "abcde"]
    told = trial.tried(those)
    assert {name: state["fatal"] for name, state in told.items()} == {
        "a-package:a": False,
        "b-package:b": True,
        "c-package:c": True,
        "d-package:d": True,
        "e-package:e": False,
    }
    assert told["e-package:e"]["provides"] == {"losses": ["two"]}
    assert "SIGABRT" in told["d-package:d"]["problems"][0]
    plugins = Plugins(tried=True)
    assert plugins.find("losses", "two").origin.plugin == "e"
    with pytest.raises(PluginError, match=r"b-package 1\.0.*exit status 1.*c-package.*longer than 2 seconds.*SIGABRT"):
        plugins.find("losses", "three")


def test_what_a_plugin_leaves_running_is_gone_after_its_trial(install: Callable[..., None], tmp_path: Path) -> None:
    install(
        f"""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
        time.sleep(0.2)
        """
    )
    trial.tried([found()])
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and running(pid):
        time.sleep(0.05)
    assert not running(pid)


def running(pid: int) -> bool:
    """True if the process is there and is no corpse that nobody has collected."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_who_writes_into_every_open_file_is_found_out(install: Callable[..., None]) -> None:
    install(
        """
        import os
        for number in range(3, 4096):
            try:
                os.write(number, b"junk\\n")
            except OSError:
                pass
        """
    )
    state = trial.tried([found()])[full_name(found())]
    assert state["problems"] == ["importing it wrote to a file that it had not opened"]


def test_a_trial_works_with_a_thousand_files_open(
    install: Callable[..., None], a_loss: Callable[..., str], tmp_path: Path
) -> None:
    install(a_loss())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("this system allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))
    opened = []
    try:
        opened += [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
        assert trial.problems([found()]) == {}
    finally:
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_closes_every_file_is_found_out(install: Callable[..., None]) -> None:
    install("import os; os.closerange(0, 65536)")
    state = trial.tried([found()])[full_name(found())]
    assert state["fatal"]


def test_who_is_left_out_or_from_the_future_is_not_tried(
    install: Callable[..., None], a_loss: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    install(COUNTED.format(path=str(log)), plugin="out", distribution="out-package")
    install(COUNTED.format(path=str(log)), plugin="future", distribution="future-package", api="2")
    monkeypatch.setenv("GANLAB_PLUGINS", "future")
    Plugins(tried=True).load_all()
    assert imports(log) == []


def test_an_observer_is_tried_before_it_is_loaded(install: Callable[..., None]) -> None:
    install("import os; os._exit(1)")
    with pytest.raises(PluginError, match="importing it ended the process"):
        Plugins(tried=True).observers(["stranger"])
