"""Each way a plugin can be broken: it is named with its reason, and nothing else suffers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ganlab import PluginError
from ganlab.plugins import Plugins

REGISTER = """
import ganlab

@ganlab.hookimpl
def ganlab_register_losses():
    return {"stranger-loss": int}
"""

BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "import error": ({"source": "import a_package_nobody_has"}, "ModuleNotFoundError: No module named 'a_package_nob"),
    "syntax error": ({"source": "def (:"}, "SyntaxError"),
    "exit at import": ({"source": "import sys; sys.exit(3)"}, "SystemExit: 3"),
    "wrong signature": (
        {"source": REGISTER.replace("losses()", "losses(recipe)")},
        "Argument(s) {'recipe'} are declared in the hookimpl but can not be found in the hookspec",
    ),
    "misspelt hook": (
        {"source": REGISTER.replace("losses()", "loses()")},
        "'ganlab_register_loses', which is no hook of ganlab. Did you mean 'ganlab_register_losses'?",
    ),
    "unmarked hook": ({"source": REGISTER.replace("@ganlab.hookimpl", "")}, "write @ganlab.hookimpl above it"),
    "hook wrapper": (
        {"source": REGISTER.replace("hookimpl", "hookimpl(hookwrapper=True)").replace("return", "yield")},
        "wraps others' hooks, which no plugin may",
    ),
    "no hook": ({"source": "answer = 42"}, "implements no hook of ganlab"),
    "wrong return type": (
        {"source": REGISTER.replace('{"stranger-loss": int}', "42")},
        "returned a int, expected a mapping",
    ),
    "raising hook": (
        {"source": REGISTER.replace('return {"stranger-loss": int}', 'raise RuntimeError("no licence")')},
        "ganlab_register_losses raised RuntimeError: no licence",
    ),
    "exit in a hook": (
        {"source": REGISTER.replace('return {"stranger-loss": int}', "raise SystemExit(3)")},
        "ganlab_register_losses raised SystemExit: 3",
    ),
    "API too new": (
        {"source": REGISTER, "api": "2"},
        "needs ganlab plugin API 2; this ganlab speaks 1; upgrade ganlab",
    ),
    "API not a number": ({"source": REGISTER, "api": "one"}, "'one', expected a number"),
    "module that is not there": (
        {"entry_point": "a_module_nobody_has"},
        "ModuleNotFoundError: No module named 'a_module_nobody_has'",
    ),
    "attribute that is not there": ({"entry_point": "ganlab:nothing_of_this_name"}, "AttributeError"),
    "factory that cannot be called": (
        {"source": REGISTER.replace("int", "3")},
        "its factory is a int, which cannot be called",
    ),
}


@pytest.fixture(params=BROKEN, ids=lambda kind: kind.replace(" ", "-"))
def reason(request: pytest.FixtureRequest, install: Callable[..., None]) -> str:
    """Installs one broken plugin; the words that must name what is wrong."""
    arguments, words = BROKEN[request.param]
    install(**arguments)
    return words


def test_a_built_in_is_found_all_the_same(reason: str) -> None:
    plugins = Plugins()
    plugins.load_all()
    assert plugins.find("losses", "hinge").origin.builtin


def test_a_good_plugin_of_another_package_is_found_all_the_same(
    reason: str, install: Callable[..., None], a_loss: Callable[..., str]
) -> None:
    install(a_loss("good-loss"), plugin="good", distribution="good-package")
    assert Plugins().find("losses", "good-loss").origin.distribution == "good-package"


def test_the_listing_says_what_is_wrong(reason: str) -> None:
    plugins = Plugins()
    plugins.load_all()
    (state,) = [each for each in plugins.states() if each.distribution == "stranger-package"]
    assert reason in state.error
    assert state.provides == {}


def test_asking_for_its_name_names_the_package_and_the_reason(reason: str) -> None:
    with pytest.raises(PluginError) as caught:
        Plugins().find("losses", "stranger-loss")
    assert "loss named 'stranger-loss'" in str(caught.value) or "loss 'stranger-loss'" in str(caught.value)
    assert "stranger-package 1.0" in str(caught.value)
    assert reason in str(caught.value)
    assert caught.value.exit_code == 5
    assert "\n" not in str(caught.value)


def test_a_misspelt_hook_does_not_make_the_next_plugin_fail(
    install: Callable[..., None], a_loss: Callable[..., str]
) -> None:
    install("import ganlab\n@ganlab.hookimpl\ndef ganlab_register_loses(): ...", plugin="a-first")
    install(a_loss(), plugin="b-second", distribution="second-package")
    plugins = Plugins()
    plugins.load_all()
    states = {each.name: each.status for each in plugins.states()}
    assert (states["a-first"], states["b-second"]) == ("broken", "loaded")


def test_a_module_that_is_two_plugins_counts_once(install: Callable[..., None], a_loss: Callable[..., str]) -> None:
    install(a_loss(), plugin="a-first", distribution="first-package")
    install(plugin="b-second", distribution="second-package", entry_point="a_first_of_first_package")
    plugins = Plugins()
    plugins.load_all()
    assert plugins.find("losses", "stranger-loss").origin.plugin == "a-first"
    assert "already registered" in next(each.error for each in plugins.states() if each.name == "b-second")


def test_one_bad_factory_leaves_the_plugins_other_names_alone(install: Callable[..., None]) -> None:
    install(
        """
        import ganlab

        @ganlab.hookimpl
        def ganlab_register_losses():
            return {"bad": 3, "good": dict}
        """
    )
    plugins = Plugins()
    assert plugins.find("losses", "good").factory is dict
    with pytest.raises(PluginError, match=r"loss 'bad' of plugin 'stranger' \(stranger-package 1.0\): its factory is"):
        plugins.find("losses", "bad")


@pytest.mark.parametrize("name", ["Hinge", "two words", "snake_case", "-x", "", 1])
def test_a_name_that_could_not_be_typed_is_refused(name: object, install: Callable[..., None]) -> None:
    install(f"import ganlab\n@ganlab.hookimpl\ndef ganlab_register_losses(): return {{{name!r}: dict}}")
    plugins = Plugins()
    plugins.load_all()
    assert "lower-case words joined by hyphens" in next(
        each.error for each in plugins.states() if each.name == "stranger"
    )


def test_two_packages_with_one_name_are_both_named_when_it_is_asked_for(
    install: Callable[..., None], a_loss: Callable[..., str]
) -> None:
    install(a_loss("shared"), plugin="one", distribution="one-package")
    install(a_loss("shared"), plugin="two", distribution="two-package", version="2.5")
    plugins = Plugins()
    plugins.load_all()
    assert "hinge" in plugins.names("losses", third_party=True)
    with pytest.raises(PluginError, match=r"one-package 1\.0.* and .*two-package 2\.5"):
        plugins.find("losses", "shared")
    assert "one-package 1.0" in next(each.error for each in plugins.states() if each.name == "two")


def test_nobody_takes_a_name_of_ours(install: Callable[..., None], a_loss: Callable[..., str]) -> None:
    install(a_loss("hinge"))
    plugins = Plugins()
    plugins.load_all()
    assert plugins.find("losses", "hinge").origin.builtin
    assert "(ganlab " in next(each.error for each in plugins.states() if each.name == "stranger")


def test_what_a_plugin_prints_at_import_stays_off_our_output(
    install: Callable[..., None], a_loss: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    install('print("look at me")\n')
    plugins = Plugins()
    plugins.load_all()
    assert capsys.readouterr().out == ""
    (state,) = [each for each in plugins.states() if each.name == "stranger"]
    assert "it printed 11 characters" in state.notes[0]


def test_ctrl_c_while_a_plugin_is_imported_is_obeyed(install: Callable[..., None]) -> None:
    install("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        Plugins().load_all()


def test_a_plugin_from_the_future_is_refused_before_it_runs(install: Callable[..., None], tmp_path: Path) -> None:
    install(f"open({str(tmp_path)!r} + '/ran', 'w')", api="2")
    Plugins().load_all()
    assert not (tmp_path / "ran").exists()


def test_an_api_version_for_a_name_that_is_no_plugin_is_a_mistake_and_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "odd_package-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-package\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ganlab]\nodd = odd_module\n[ganlab_api]\nood = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = Plugins()
    plugins.load_all()
    (state,) = [each for each in plugins.states() if each.name == "odd"]
    assert state.error == "its ganlab_api names 'ood', which is no plugin of it"


def test_unreadable_metadata_of_a_plugin_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tmp_path / "ganlab_odd-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ganlab-odd\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_bytes(b"[ganlab]\nodd = \xff\xfe")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = Plugins()
    assert "hinge" in plugins.names("losses", third_party=True)
    assert "its entry points" in next(each.error for each in plugins.states() if each.distribution == "ganlab-odd")
