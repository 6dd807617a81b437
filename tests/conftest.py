"""What all tests share: none of them writes into anybody's home."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def a_cache_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What datasets remember of folders lies in a temporary folder, for subprocesses too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
