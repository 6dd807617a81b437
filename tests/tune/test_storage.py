"""Where studies are kept, what of the address is secret, and how long a storage is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import OperationalError

from ganlab.errors import RecipeError, StorageError
from ganlab.tune import storage
from ganlab.tune.address import address, shown

SECRET = "correct-horse"


def test_without_an_address_it_is_a_file_in_the_studys_directory(tmp_path: Path) -> None:
    assert address(None, tmp_path) == f"sqlite:///{tmp_path}/study.db"


def test_the_environment_or_a_private_file_may_hold_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"postgresql+psycopg://me:{SECRET}@host/db"
    monkeypatch.setenv("GANLAB_STORAGE", url)
    assert address(None, tmp_path) == url
    path = tmp_path / "address"
    path.write_text(f"{url}\n")
    path.chmod(0o600)
    assert address(f"@{path}", tmp_path) == url
    path.chmod(0o644)
    with pytest.raises(RecipeError, match="others may read it"):
        address(f"@{path}", tmp_path)


@pytest.mark.parametrize(
    "url", [f"postgresql+psycopg://me:{SECRET}@host/db", f"postgresql+psycopg://me@host/db?password={SECRET}"]
)
def test_on_the_command_line_a_password_is_refused_and_nowhere_shown(url: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as raised:
        address(url, tmp_path)
    assert SECRET not in str(raised.value)
    assert SECRET not in shown(url)
    assert "host" in shown(url)


@pytest.mark.parametrize(
    "url", [f"nosuch://me:{SECRET}@host/db", f"me:{SECRET}", f"postgresql+nosuch://me:{SECRET}@host/db"]
)
def test_what_is_no_address_is_told_without_what_is_in_it(url: str) -> None:
    with pytest.raises(RecipeError, match="is no address of a database") as raised:
        storage.connect(url, patience=0.0)
    assert SECRET not in str(raised.value)


def test_a_server_that_is_not_there_is_waited_for_and_then_told_without_the_password() -> None:
    with pytest.raises(StorageError, match="has not answered for 0 s") as raised:
        storage.connect(f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/db", patience=0.0)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_storage_is_asked_again_until_it_answers() -> None:
    answers = iter([StorageInternalError("away"), OperationalError("select", {}, Exception("locked")), 7])

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert storage.patient(ask) == 7


def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    storage.connect(address(None, tmp_path))
    raw = bytearray(path.read_bytes())
    raw[4096:12288] = bytes(8192)
    path.write_bytes(raw)
    with pytest.raises(StorageError, match="'ganlab tune rebuild"):
        storage.connect(address(None, tmp_path))
    assert path.read_bytes() == bytes(raw)
