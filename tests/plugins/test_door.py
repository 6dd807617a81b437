"""What the door opens to, what it leaves closed, and what it says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import ganlab.plugins.discovery as discovery
from ganlab import PluginError
from ganlab.plugins import KINDS, Plugins

MARK_IMPORT = "import pathlib; pathlib.Path({path!r}).touch()\n"


def run(code: str) -> str:
    """What a fresh Python prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_reading_the_metadata_imports_neither_plugin_nor_torch() -> None:
    assert (
        run(
            "import sys; from ganlab.plugins import Plugins; Plugins().states(); "
            "print([name for name in sys.modules if name in ('torch', 'pydantic') or 'ganlab.b' in name])"
        )
        == "[]"
    )


def test_checking_a_built_ins_options_needs_no_torch() -> None:
    assert (
        run(
            "import sys; from ganlab.plugins import Plugins; "
            "Plugins().find('losses', 'hinge').resolve({}, 'loss'); print('torch' in sys.modules)"
        )
        == "False"
    )


def test_a_third_party_plugin_is_imported_only_when_the_built_ins_lack_the_name(
    install: Callable[..., None], a_loss: Callable[..., str], tmp_path: Path
) -> None:
    mark = tmp_path / "imported"
    install(MARK_IMPORT.format(path=str(mark)) + a_loss().replace("\n    ", "\n"))
    plugins = Plugins()
    plugins.find("losses", "hinge")
    plugins.names("losses", third_party=False)
    assert not mark.exists()
    plugins.find("losses", "stranger-loss")
    assert mark.exists()


def test_names_without_third_parties_are_the_built_ins_even_after_all_are_loaded(
    install: Callable[..., None], a_loss: Callable[..., str]
) -> None:
    install(a_loss())
    plugins = Plugins()
    plugins.load_all()
    assert "stranger-loss" in plugins.names("losses", third_party=True)
    ours = [each.name for each in plugins.entries("losses") if each.origin.builtin]
    assert plugins.names("losses", third_party=False) == ours


def test_a_typo_is_answered_with_the_nearest_name_and_where_to_look() -> None:
    with pytest.raises(
        PluginError, match=r"^no loss named 'hindge'. Did you mean 'hinge'\? 'ganlab plugins list losses'"
    ):
        Plugins().find("losses", "hindge")


def test_a_kind_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(PluginError, match="Did you mean 'losses'"):
        Plugins().find("loses", "hinge")


def test_the_environment_limits_third_party_plugins(
    install: Callable[..., None], a_loss: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(a_loss("one-loss"), plugin="one", distribution="one-package")
    install(a_loss("two-loss"), plugin="two", distribution="two-package")
    monkeypatch.setenv("GANLAB_PLUGINS", "one, three")
    plugins = Plugins()
    assert plugins.find("losses", "one-loss").origin.plugin == "one"
    assert plugins.find("losses", "hinge").origin.builtin
    with pytest.raises(PluginError, match=r"two-package 1\.0\): left out by GANLAB_PLUGINS"):
        plugins.find("losses", "two-loss")


def test_an_api_version_of_today_is_welcome(install: Callable[..., None], a_loss: Callable[..., str]) -> None:
    install(a_loss(), api="1")
    assert Plugins().find("losses", "stranger-loss").name == "stranger-loss"


def test_an_api_version_of_yesterday_says_who_must_move(
    install: Callable[..., None], a_loss: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "API", 2)
    install(a_loss(), api="1")
    with pytest.raises(PluginError, match="needs ganlab plugin API 1; this ganlab speaks 2; upgrade the plugin"):
        Plugins().find("losses", "stranger-loss")


def test_provenance_holds_what_was_used_and_nothing_else(
    install: Callable[..., None], a_loss: Callable[..., str]
) -> None:
    install(a_loss("used"), plugin="one", distribution="one-package", version="3.1")
    install(a_loss("idle"), plugin="two", distribution="two-package")
    plugins = Plugins()
    plugins.find("losses", "used")
    plugins.find("losses", "hinge")
    assert plugins.versions() == {"ganlab": ganlab_version(), "one-package": "3.1"}


def ganlab_version() -> str:
    from importlib.metadata import version

    return version("ganlab")


def test_a_plugin_may_register_a_recipe_as_a_path(install: Callable[..., None]) -> None:
    install(
        """
        from pathlib import Path
        import ganlab

        @ganlab.hookimpl
        def ganlab_register_recipes():
            return {"stranger": Path("/somewhere/stranger.toml"), "text": "/somewhere/else.toml"}
        """
    )
    plugins = Plugins()
    assert plugins.find("recipes", "stranger").path == Path("/somewhere/stranger.toml")
    with pytest.raises(PluginError, match="a str, expected a Path"):
        plugins.find("recipes", "text")


def test_one_plugin_may_provide_several_kinds(install: Callable[..., None]) -> None:
    install(
        "import ganlab\n"
        + "".join(
            f"@ganlab.hookimpl\ndef ganlab_register_{kind}(): return {{'stranger': dict}}\n"
            for kind in KINDS
            if kind != "recipes"
        )
    )
    state = Plugins().state("stranger")
    assert state.provides == {kind: ["stranger"] for kind in KINDS if kind != "recipes"}
    assert (state.status, state.error, state.origin.builtin) == ("loaded", "", False)


def test_an_unknown_plugin_is_answered_with_the_nearest(
    install: Callable[..., None], a_loss: Callable[..., str]
) -> None:
    install(a_loss())
    with pytest.raises(PluginError, match=r"no plugin named 'strangr'. Did you mean 'stranger'\?"):
        Plugins().state("strangr")


def test_every_built_in_comes_through_the_same_door_and_none_is_broken() -> None:
    plugins = Plugins()
    plugins.load_all()
    assert [(each.name, each.error) for each in plugins.states() if each.builtin and each.error] == []
    assert {kind for each in plugins.states() if each.builtin for kind in each.provides} == set(KINDS)


def test_every_built_ins_options_can_be_read() -> None:
    plugins = Plugins()
    for kind in KINDS:
        if kind != "recipes":
            for entry in plugins.entries(kind):
                assert entry.options().model_config["frozen"], entry
