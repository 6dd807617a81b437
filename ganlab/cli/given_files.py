"""`ganlab sample --given FILE|DIR`: a user's own pictures and clips, what becomes of each, and where that is written.

One that cannot be used is told in a line of its own, and the others are written all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.cli.output import cut
from ganlab.cli.playing import log
from ganlab.cli.sample_files import ENDINGS, Form, NewPath
from ganlab.errors import DataError, RecipeError
from ganlab.interfaces.files import GivenFile

if TYPE_CHECKING:
    from ganlab.assemble.generator import LoadedGenerator
    from ganlab.assemble.given import Wish
    from ganlab.plugins import Plugins
    from ganlab.values import Field

LONGEST = 200
"""Letters of a name that a message shows."""


def named(given: str) -> tuple[str | None, Path]:
    """`NAME=PATH` or `PATH`, as it is on disk. Raises `DataError` if nothing is there."""
    name, sign, rest = given.partition("=")
    path = Path(given)
    if sign and not path.exists():
        path = Path(rest)
    else:
        name = ""
    if not path.exists():
        raise DataError(f"--given {cut(given, LONGEST)}: there is no such file or folder")
    return name or None, path.resolve()


def translate(
    generator: LoadedGenerator, plugins: Plugins, name: str | None, path: Path, target: NewPath, wish: Wish, device: Any
) -> tuple[int, list[str]]:
    """Make and write one sample for each file; how many there are, and what is wrong with the others, a line each.

    Raises `RecipeError` or `DataError` if nothing can be written.
    """
    from ganlab.assemble.given import asked_of, fitted, made_of

    condition, field, made = asked_of(generator.task, name)
    ending = ENDINGS.get(made.kind, "") if target.form is Form.FILES else target.path.suffix
    writer = plugins.find_writer(ending.lower(), made.kind)
    if writer is None:
        fitting = f"; {ENDINGS[made.kind]} or DIR/ would do" if made.kind in ENDINGS else ", nor of any"
        raise RecipeError(f"--out {target.path}: nobody writes a {made.kind} to files of that ending{fitting}")
    problems: list[str] = []
    written: set[str] = set()
    several = target.form is Form.FILES
    with target.folder() as folder:
        for index, (each, file) in enumerate(found(plugins, path, field)):
            if index and not several:
                raise RecipeError(f"--out {target.path}: there are several to be written; say --out DIR/")
            own = each.relative_to(path) if each != path else Path(path.name)
            ready = fitted(file, field)
            try:
                if ready.data is None:
                    raise DataError(ready.problem)
                levels = made_of(generator, condition, ready.data, index, wish, device)
            except DataError as problem:
                problems.append(f"--given: '{cut(str(own), LONGEST)}' is {problem}")
                continue
            for note in ready.notes:
                log.info("'%s': %s", cut(str(own), LONGEST), note)
            place = _free(own, ending, written, folder=each.is_dir()) if several else target.path.name
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            writer.write(folder / place, levels)
            written.add(place)
        if not written:
            nothing = f"--given {cut(str(path), LONGEST)}: holds nothing that can be read ({field.kind})"
            raise DataError("\n".join(problems) or nothing)
    return len(written), problems


def found(plugins: Plugins, path: Path, field: Field) -> Iterator[tuple[Path, GivenFile]]:
    """What can be read as such a condition, and where it lies: the file, or the folder if it is one clip, or what lies
    in the folder and in folders in it, ordered by name. Links and hidden files in it are passed over, and so is what
    nobody knows."""
    passed: list[str] = []
    yield from _below(plugins, path, field, passed)
    if passed:
        log.info("%d files are passed over, such as '%s'", len(passed), cut(passed[0], LONGEST))


def _below(plugins: Plugins, path: Path, field: Field, passed: list[str]) -> Iterator[tuple[Path, GivenFile]]:
    answer = plugins.read_given(path, field)
    if answer is not None:
        yield path, answer
    elif not path.is_dir():
        passed.append(path.name)
    else:
        try:
            inside = sorted(path.iterdir())
        except OSError as error:
            yield path, GivenFile(problem=f"unreadable: {error.strerror}")
            return
        for each in inside:
            if not each.name.startswith(".") and not each.is_symlink():
                yield from _below(plugins, each, field, passed)


def _free(own: Path, ending: str, written: set[str], *, folder: bool) -> str:
    """The name with another ending; with its own too where that is taken: `a.png`, and for `a.jpg` `a.jpg.png`."""
    name = f"{own}{ending}" if folder else str(own.with_suffix(ending))
    return name if name not in written else f"{own}{ending}"
