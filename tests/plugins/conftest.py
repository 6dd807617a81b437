"""A stranger's package, installed for one test: a module and the metadata an installer would write."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """`install(source)` installs a distribution whose plugin is a module with that source."""
    before = set(sys.modules)

    def install(
        source: str = "",
        *,
        plugin: str = "stranger",
        distribution: str = "stranger-package",
        version: str = "1.0",
        api: str | None = None,
        entry_point: str | None = None,
    ) -> None:
        site = tmp_path / distribution
        module = f"{plugin.replace('-', '_')}_of_{distribution.replace('-', '_')}"
        metadata = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True)
        (site / f"{module}.py").write_text(dedent(source))
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = ["[ganlab]", f"{plugin} = {entry_point or module}"]
        if api is not None:
            lines += ["[ganlab_api]", f"{plugin} = {api}"]
        (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
        monkeypatch.syspath_prepend(str(site))

    yield install
    for name in set(sys.modules) - before:
        if "_of_" in name:
            del sys.modules[name]


LOSS = """
    import ganlab

    class {name}(ganlab.Loss):
        def discriminator(self, real, fake):
            return -real, fake

        def generator(self, fake, real=None):
            return -fake

    @ganlab.hookimpl
    def ganlab_register_losses():
        return {{"{registered}": {name}}}
"""


@pytest.fixture
def a_loss() -> Callable[[str], str]:
    """Source of a plugin that registers one good loss under the given name."""
    return lambda registered="stranger-loss": LOSS.format(name="Stranger", registered=registered)
