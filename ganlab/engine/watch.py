"""The watch: measure, judge, act, record. Each reads only its left neighbour; only this file applies an action."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from typing import TypeVar

from ganlab.answers import WrongAnswer, checked_findings, checked_measurements
from ganlab.engine.game import Game
from ganlab.engine.guard import quietly
from ganlab.engine.intervening import ask, carry_out
from ganlab.engine.look import OpenLook, undisturbed
from ganlab.engine.run import Run
from ganlab.errors import DivergedError, PluginError
from ganlab.interfaces.diagnostic import Diagnostic
from ganlab.interfaces.monitor import Monitor
from ganlab.values import Finding, Picture, Progress, Severity, Tick

T = TypeVar("T")


def watch(game: Game, run: Run) -> Tick:
    """One tick. Raises `DivergedError` if a cost of the game is not finite."""
    clock = game.clock
    findings: list[Finding] = []
    with undisturbed(game) as look, run.breakable():
        measurements = measure(game, look, findings)
        judge(game, measurements, findings)
        wishes = ask(game, measurements, game.health.standing_after(findings))
        pictures_due = clock.over or clock.ticks % game.watching.picture_every == 0
        pictures = look_at(game, look) if pictures_due and run.shows_pictures else {}
    game.health.hear(findings, clock.progress.kimg)
    if game.health.healthy:
        game.snapshots.take(game.players, clock.progress.kimg)
    deeds = carry_out(game, wishes)
    tick = run.tick(game, measurements, tuple(findings), tuple(deeds), pictures)
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
    measurements = dict(look.ledger()) | settings(game)
    asked = []
    for name, every, diagnostic in game.watching.diagnostics:
        if game.clock.ticks % every == 0 or game.clock.over:
            who = f"diagnostic '{name}'"
            nothing: dict[str, float] = {}
            ask = partial(measured, diagnostic, look, measurements)
            measurements |= guarded(game, who, ask, nothing, findings, slow=True)
            look.pose.take()
            check_weights(look, [who])
            asked.append(who)
    check_weights(look, asked, surely=True)
    return measurements


def settings(game: Game) -> dict[str, float]:
    """What schedules and interventions move: the learning rate of each player, the weight of each term, how often each
    augmentation acts."""
    progress = game.clock.progress
    rates = {f"learning-rate/{name}": player.learning_rate(progress) for name, player in game.players.items()}
    weights = {f"weight/{charge.name}": charge.weight(progress) for charge in game.stage.charges}
    often = {f"probability/{change.name}": float(change.augmentation.probability) for change in game.stage.changes}
    return rates | weights | often


def measured(diagnostic: Diagnostic, look: OpenLook, taken: Container[str]) -> dict[str, float]:
    """What a diagnostic measures, checked. Raises `WrongAnswer`, also for one that wrote on what it was shown."""
    try:
        answer = diagnostic.measure(look)
    except Exception:
        look.written_on()  # whatever it left behind, the next is shown samples made anew
        raise
    if look.written_on():
        raise WrongAnswer("wrote on the samples it was shown, and must work on a copy")
    return checked_measurements(answer, taken)


def check_weights(look: OpenLook, asked: Sequence[str], *, surely: bool = False) -> None:
    """Raise `PluginError` if one of those who were asked has changed a weight, which nobody can take back."""
    player = look.pose.moved(surely=surely) if asked else None
    if player is not None:
        raise PluginError(
            f"{' or '.join(asked)} changed the weights of player '{player}' in round {look.progress.round}; the last "
            "checkpoint is whole: take it out of watch.diagnostics, and resume"
        )


def judge(game: Game, measurements: Mapping[str, float], findings: list[Finding]) -> None:
    """What the monitors find."""
    progress = game.clock.progress
    for name, monitor in game.watching.monitors:
        ask = partial(found, monitor, measurements, progress)
        findings += guarded(game, f"monitor '{name}'", ask, (), findings)


def found(monitor: Monitor, measurements: Mapping[str, float], progress: Progress) -> tuple[Finding, ...]:
    """What a monitor finds, checked. It is shown a copy: monitors after it see what was measured."""
    return checked_findings(monitor.judge(dict(measurements), progress))


def look_at(game: Game, look: OpenLook) -> dict[str, Picture]:
    """Samples on the fixed latents: of the averaged generator and, where it differs, of the raw one."""
    count = game.watching.picture_count
    pictures = {"fake": look.task.picture(look.fake(count), look.given(count))}
    if any(player.average is not None for player in game.players.values()):
        pictures["fake-raw"] = look.task.picture(look.fake(count, averaged=False), look.given(count))
    return pictures


def guarded(
    game: Game, who: str, ask: Callable[[], T], nothing: T, findings: list[Finding], *, slow: bool = False
) -> T:
    """The answer; a plugin that raises is switched off for the rest of the run, and a finding says so."""
    progress = game.clock.progress

    def tell(sentence: str) -> None:
        findings.append(
            Finding(
                monitor="plugins",
                sentence=sentence,
                severity=Severity.WARNING,
                kimg=progress.kimg,
                round=progress.round,
                began_kimg=progress.kimg,
                advice="the run goes on without it; report it to its authors",
            )
        )

    return quietly(game.silenced, who, ask, nothing, tell, slow=slow)
