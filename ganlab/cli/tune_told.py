"""What the commands of a study say: how to find one, a line when a trial ends, a table of them all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ganlab.cli.last_line import LastLine
from ganlab.cli.output import say, say_json, say_wrapped
from ganlab.disk import publish
from ganlab.errors import RecipeError, StorageError
from ganlab.tune.confirmation import held
from ganlab.tune.home import Home
from ganlab.tune.plan import Plan, Space
from ganlab.tune.progress import playing
from ganlab.tune.result import COMPLETE, FAILED, INVALID, PRUNED
from ganlab.tune.row import Row
from ganlab.tune.settings import shortened, shown
from ganlab.tune.standing import Standing
from ganlab.words import duration

if TYPE_CHECKING:
    import optuna

HEADS = ("trial", "state", "score", "seeds", "time", "settings", "why")


def found(
    study: str, out: Path, storage: str | None, *, heartbeat: int = 60, grace: int = 180
) -> tuple[optuna.Study, Plan, Home]:
    """The study in that directory, of that name below `out`, in the storage, or in that file. Raises `RecipeError`."""
    from ganlab.tune import storage as store
    from ganlab.tune.address import address, in_environment

    home, space = home_of(study, out, elsewhere=storage is not None or in_environment())
    kept = store.connect(address(storage, home.path), heartbeat=heartbeat, grace=grace)
    opened = store.patient(lambda: store.opened(home.path.name, kept))
    return opened, Plan.read(str(store.patient(lambda: opened.user_attrs["plan"])), space), home


def home_of(study: str, out: Path, *, elsewhere: bool = False) -> tuple[Home, Space | None]:
    """The directory of a study, and its space if that is a program. Raises `RecipeError` if there is none, unless it
    may be known `elsewhere`."""
    from ganlab.tune import study_file

    file = Path(study) if study.endswith(".py") else None
    inside = file is None and (Path(study) / "plan.json").is_file()
    home = Home(Path(study) if inside else out / Path(study).stem)
    if home.plan_text is None and not elsewhere:
        known = sorted(each.parent.name for each in out.glob("*/plan.json"))
        raise RecipeError(f"no study '{study}' in {out}. There are: {', '.join(known) or 'none'}")
    if file is None and (home.path / "study.py").is_file():
        file = home.path / "study.py"
    return home, None if file is None else study_file.read(file).space


def standing(study: optuna.Study, plan: Plan) -> Standing:
    """How far it is."""
    from ganlab.recipe import parse
    from ganlab.tune.queue import trials_of

    return Standing.of(plan, trials_of(study), parse(plan.tree).kimg)


class Teller:
    """Says when a trial has ended, and at the end what was found; in the `last` line what is being played."""

    def __init__(self, study: optuna.Study, plan: Plan, home: Home, last: LastLine, as_json: bool) -> None:
        self._study = study
        self._plan = plan
        self._home = home
        self._json = as_json
        self._last = last
        self._told = {row.number for row in standing(study, plan).every if row.state in ENDED}
        if not as_json:
            say_wrapped(
                f"{plan.name} | {plan.trials} trials of {plan.seeds} seeds | {plan.objective} | {plan.recipe_name}"
            )
            if self._told:
                say(f"going on after {len(self._told)} trial{'s' * (len(self._told) != 1)}")

    def look(self) -> None:
        """Say what is new."""
        now = standing(self._study, self._plan)
        for row in now.every:
            if row.state in ENDED and row.number not in self._told:
                self._told.add(row.number)
                self._last.show("")
                if self._json:
                    say_json({"event": "trial", **row.told()})
                else:
                    say_wrapped(line(row))
        self._last.show(
            " | ".join(
                f"trial {row.number} {whereabouts(row, now, self._home)}" for row in now.every if row.state == "running"
            )
        )

    def end(self) -> None:
        """Say what was found."""
        self.look()
        self._last.show("")
        now = standing(self._study, self._plan)
        if self._json:
            say_json({"event": "study", **now.told()})
            return
        for each in summary(now):
            say_wrapped(each)
        say(str(self._home.path))
        if now.best is not None:
            say(f"  ganlab tune best {self._home.path} --export best.toml")
        say(f"  ganlab tune report {self._home.path}")
        say(f"  ganlab board {self._home.path}")


def written(raw: bytes, path: Path) -> None:
    """Raises `StorageError` that tells where else it may go."""
    try:
        publish(raw, path)
    except StorageError as error:
        why = error.__cause__.strerror if isinstance(error.__cause__, OSError) else error
        raise StorageError(f"{path}: cannot be written ({why}); name another place with --export") from error


ENDED = (COMPLETE, PRUNED, INVALID, FAILED)


def line(row: Row) -> str:
    """One trial that has ended."""
    score = "" if row.score is None else f"{row.score:.4g}"
    parts = [
        f"trial {row.number}",
        row.state,
        score,
        f"{row.seeds} seed{'s' * (row.seeds != 1)}",
        duration(row.seconds),
    ]
    return " | ".join(part for part in [*parts, settings(row), row.reason] if part)


def settings(row: Row) -> str:
    """Its settings, short."""
    if row.baseline:
        return "the recipe as it is"
    if row.again:
        return "the best, with fresh seeds"
    return " ".join(f"{shortened(key)}={shown(value)}" for key, value in row.settings.items())


def table(now: Standing, home: Home) -> list[list[str]]:
    """One line for each trial; of one that was given up the kind of reason."""
    return [
        [
            str(row.number),
            row.state,
            "" if row.score is None else f"{row.score:.4g}",
            f"{row.seeds}" + (f", {row.dead} dead" if row.dead else ""),
            duration(row.seconds),
            settings(row),
            row.cause or row.reason or whereabouts(row, now, home),
        ]
        for row in now.every
    ]


def whereabouts(row: Row, now: Standing, home: Home) -> str:
    """How far a trial is that is being played, if it is played here."""
    return playing(home.trials / row.directory, now.budget) if row.state == "running" and row.directory else ""


def summary(now: Standing) -> list[str]:
    """How far it is and what was found, in a few lines."""
    counts = ", ".join(f"{count} {state}" for state, count in now.states.items())
    whole = now.seconds + now.saved
    lines = [f"{counts} of {now.plan.trials} trials"]
    if whole:
        lines.append(
            f"trained {duration(now.seconds)}; giving up saved {duration(now.saved)} ({now.saved / whole:.0%})"
        )
    return [*lines, *outcome(now)]


def outcome(now: Standing) -> list[str]:
    """The recipe as it is, the best setting, and whether that holds."""
    lines = []
    best, baseline = now.best, now.baseline
    if baseline is not None and baseline.score is not None:
        died = f", {baseline.dead} of {baseline.seeds} seeds dead" if baseline.dead else ""
        lines.append(f"the recipe as it is: {now.plan.objective} {baseline.score:.4g}{died}")
    if best is None:
        lines.append("no setting has stayed healthy with all seeds yet")
    else:
        lines.append(f"best: trial {best.number}, {now.plan.objective} {best.score:.4g}, {settings(best)}")
        lines += held(now)
    return lines
