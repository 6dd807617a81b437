"""The watch: measure, judge, act, record. Each reads only its left neighbour; only this file applies an action."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from ganlab.engine import controls
from ganlab.engine.game import Game
from ganlab.engine.look import OpenLook, undisturbed
from ganlab.engine.run import Run
from ganlab.errors import DivergedError, GanlabError, PluginError
from ganlab.values import Action, Finding, Picture, Severity, Tick

T = TypeVar("T")


def watch(game: Game, run: Run) -> Tick:
    """One tick. Raises `DivergedError` if a cost of the game is not finite."""
    clock = game.clock
    findings: list[Finding] = []
    with undisturbed(game) as look, run.breakable():
        measurements = measure(game, look, findings)
        judge(game, measurements, findings)
        actions = answer(game, measurements, tuple(findings))
        pictures_due = clock.over or clock.ticks % game.watching.picture_every == 0
        pictures = look_at(game, look) if pictures_due and run.shows_pictures else {}
    for action in actions:
        controls.apply(game, action)
    tick = run.tick(game, measurements, tuple(findings), tuple(actions), pictures)
    for name, value in look.ledger().items():
        if not math.isfinite(value):
            raise DivergedError(
                f"{name} became {value} at or before {clock.progress.kimg:g} kimg; "
                "lower the learning rates or add a penalty such as r1"
            )
    game.ledger.clear()
    clock.ticks += 1
    clock.last_tick = clock.samples
    return tick


def measure(game: Game, look: OpenLook, findings: list[Finding]) -> dict[str, float]:
    """The ledger's means and what the diagnostics that are due have to say."""
    measurements = dict(look.ledger())
    for name, every, diagnostic in game.watching.diagnostics:
        if game.clock.ticks % every == 0 or game.clock.over:
            ask = partial(diagnostic.measure, look)
            nothing: Mapping[str, float] = {}
            measurements.update(guarded(game, f"diagnostic '{name}'", ask, nothing, findings))
    return measurements


def judge(game: Game, measurements: Mapping[str, float], findings: list[Finding]) -> None:
    """What the monitors find."""
    progress = game.clock.progress
    for name, monitor in game.watching.monitors:
        ask = partial(monitor.judge, measurements, progress)
        findings += guarded(game, f"monitor '{name}'", ask, (), findings)


def answer(game: Game, measurements: Mapping[str, float], findings: tuple[Finding, ...]) -> list[Action]:
    """What the interventions ask for. One that raises ends the run: half an answer is worse than none."""
    actions: list[Action] = []
    for name, intervention in game.watching.interventions:
        try:
            actions += intervention.answer(findings, measurements, game.clock.progress)
        except GanlabError:
            raise
        except Exception as error:
            raise PluginError(
                f"intervention '{name}' raised {type(error).__name__}: {error} in round {game.clock.round}; "
                "take it out of watch.interventions to go on without it"
            ) from error
    return actions


def look_at(game: Game, look: OpenLook) -> dict[str, Picture]:
    """Samples on the fixed latents: of the averaged generator and, where it differs, of the raw one."""
    count = game.watching.picture_count
    pictures = {"fake": look.task.picture(look.fake(count), look.given(count))}
    if any(player.average is not None for player in game.players.values()):
        pictures["fake-raw"] = look.task.picture(look.fake(count, averaged=False), look.given(count))
    return pictures


def guarded(game: Game, who: str, ask: Callable[[], T], nothing: T, findings: list[Finding]) -> T:
    """The answer; a plugin that raises is switched off for the rest of the run, and a finding says so."""
    if who in game.silenced:
        return nothing
    try:
        return ask()
    except GanlabError:
        raise
    except Exception as error:
        game.silenced.add(who)
        progress = game.clock.progress
        findings.append(
            Finding(
                monitor="plugins",
                sentence=f"{who} raised {type(error).__name__}: {error}; it is off for the rest of the run",
                severity=Severity.WARNING,
                kimg=progress.kimg,
                round=progress.round,
                began_kimg=progress.kimg,
                advice="the run goes on without it; report it to its authors",
            )
        )
        return nothing
