"""A whole benchmark: seed by seed every game and both its players, and what came of it, kept after every run.

Seeds are the outer loop, so that a benchmark that is ended early has compared all games on the seeds it has played.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab import __version__
from ganlab.assemble.reading import read_json
from ganlab.bench.plan import Game, Plan, recipe_of
from ganlab.bench.playing import play
from ganlab.bench.scores import summary
from ganlab.disk import publish
from ganlab.values import Ending

if TYPE_CHECKING:
    from ganlab.plugins import Plugins

Told = Callable[[str], object]


def benchmark(
    plan: Plan,
    games: Sequence[Game],
    seeds: int,
    out: Path,
    plugins: Plugins,
    *,
    settings: Sequence[str] = (),
    device: str = "auto",
    tell: Told = lambda line: None,
) -> tuple[dict[str, Any], Ending]:
    """Play what has not been played below `out`/runs, write `out`/GAME.json after every run, and return what is in
    these files by the game's name; beside it how the benchmark ended: finished, or as a signal asked it to.

    Every recipe is checked before the first is played. Raises what a run raises.
    """
    recipes = {
        (game.name, player.name, seed): recipe_of(plan, game, player, [*settings, f"seed={seed}"], plugins)
        for seed in range(seeds)
        for game in games
        for player in game.players
    }
    found = {game.name: begun(game) for game in games}
    before = {game.name: seconds_known(out / f"{game.name}.json") for game in games}
    for seed in range(seeds):
        for game in games:
            for player in game.players:
                recipe = recipes[game.name, player.name, seed]
                name = f"{game.name}-{player.name}-{seed}"
                record = play(recipe, plugins, out / "runs", name, game, device=device)
                if isinstance(record, Ending):
                    return found, record
                report = found[game.name]
                known = before[game.name].get((player.name, seed))
                record = {"seed": seed, **record} | ({} if known is None else {"cpu_seconds": known})
                report["players"][player.name]["runs"].append(record)
                summarise(game, report)
                publish(json.dumps(report, indent=1).encode(), out / f"{game.name}.json")
                tell(f"{name}: {line(record)}")
    return found, Ending.FINISHED


def begun(game: Game) -> dict[str, Any]:
    """The report of a game nobody has played yet."""
    players = {player.name: {"recipe": Path(player.recipe).stem, "summary": {}, "runs": []} for player in game.players}
    return {
        "game": game.name,
        "about": game.about,
        "modes": game.modes,
        "bars": dict(game.bars),
        "changes": list(game.changes),
        "made with": made_with(),
        "players": players,
    }


def seconds_known(path: Path) -> dict[tuple[str, int], float]:
    """The processor's seconds of runs that an earlier process played, by player and seed."""
    try:
        players = read_json(path)["players"]
        return {
            (player, int(run["seed"])): float(run["cpu_seconds"])
            for player, each in players.items()
            for run in each["runs"]
            if "cpu_seconds" in run
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def made_with() -> dict[str, str]:
    """Versions and machine."""
    from importlib.metadata import version

    return {
        "ganlab": __version__,
        "torch": version("torch"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def summarise(game: Game, report: dict[str, Any]) -> None:
    """Means over the seeds played so far."""
    for each in report["players"].values():
        each["summary"] = summary(game, each["runs"])


def line(record: dict[str, Any]) -> str:
    """What one run reached, in a line."""
    parts = [f"{record['modes']:g} modes"]
    parts += [f"high quality {record['high-quality']:.3f}"] if "high-quality" in record else []
    parts += [f"reverse KL {record['reverse-kl']:.4f}"]
    parts += [] if record["ending"] == "finished" else [str(record["ending"])]
    parts += [f"{record['cpu_seconds']:.0f} CPU-s"] if "cpu_seconds" in record else []
    return ", ".join(parts)
