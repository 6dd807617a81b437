"""The address of a study's storage, whose password nobody is to see."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from ganlab.errors import RecipeError, StorageError
from ganlab.validation import short

VARIABLE = "GANLAB_STORAGE"
"""The environment variable that holds the address, so that no password stands in a list of processes."""


def address(given: str | None, directory: Path) -> str:
    """The storage's URL: what is given, `@FILE` for what stands in a private file, else what the environment says,
    else a SQLite file in the study's directory.

    Raises `RecipeError` for a password on the command line, which every user of the machine could read.
    """
    url = given if given is not None else os.environ.get(VARIABLE)
    if not url:
        return f"sqlite:///{directory.absolute()}/study.db"
    if url.startswith("@"):
        return _in_file(Path(url[1:]))
    if given is not None and shown(given) != given:
        raise RecipeError(
            "--storage: a password there can be read by everybody on this machine; "
            f"put the address into the environment variable {VARIABLE}, or into a file of mode 0600: --storage @FILE"
        )
    return url


def in_environment() -> bool:
    """True if the environment says where studies are kept."""
    return bool(os.environ.get(VARIABLE))


def _in_file(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise RecipeError(f"--storage @{path}: cannot be read ({error})") from None
    if stat.S_IMODE(mode) & 0o077:
        raise RecipeError(f"--storage @{path}: others may read it; 'chmod 600 {path}' first")
    return text


def shown(url: str) -> str:
    """The address without what is secret in it."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "(an address that cannot be read)"
    secret = [key for key in parsed.query if "pass" in key.lower() or "secret" in key.lower() or "token" in key.lower()]
    return parsed._replace(password=None).difference_update_query(secret).render_as_string(hide_password=False)


def check_file(url: str) -> None:
    """Raise `StorageError` if the address is that of a SQLite file which is damaged."""
    path = Path(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or not path.is_file():
        return
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=60)) as database:
            told = database.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.OperationalError:  # locked for long, which is no damage
        return
    except sqlite3.DatabaseError as error:
        told = str(error)
    if told != "ok":
        raise StorageError(
            f"{path}: is damaged ({short(told)}); 'ganlab tune rebuild {path.parent}' puts the study together again "
            "from its trials' directories"
        )
