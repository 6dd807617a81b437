"""Who acts on findings, how often the recipe lets it, and what it did.

The engine counts, so that no intervention has to: one is asked only when it may act, and shown every finding that
stands. Restraint is what keeps a cure from becoming the next trouble.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganlab.answers import checked_actions
from ganlab.calling import apart
from ganlab.engine import controls, vetting
from ganlab.engine.blame import reason
from ganlab.engine.game import Game, Intervening
from ganlab.errors import GanlabError, PluginError
from ganlab.values import Deed, Finding, RollBack, Stop


@dataclass(frozen=True)
class Wish:
    """What one intervention asks for at a tick."""

    by: Intervening
    deeds: Sequence[Deed]


def ask(game: Game, measurements: Mapping[str, float], standing: Sequence[Finding]) -> list[Wish]:
    """What the interventions that may act ask for. One that raises ends the run: half an answer is worse than none."""
    wishes = []
    for each in game.watching.interventions:
        if not may_act(game, each):
            continue
        wanted = each.intervention.monitors
        findings = tuple(finding for finding in standing if not wanted or finding.monitor in wanted)
        who = f"intervention '{each.name}'"
        try:
            with apart(who):
                answered = each.intervention.answer(findings, dict(measurements), game.clock.progress)
                actions = checked_actions(answered)
        except GanlabError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"{who} {reason(error)}, in round {game.clock.round}; "
                "take it out of watch.interventions to go on without it"
            ) from error
        why = findings[-1].sentence if findings else ""
        deeds = [
            Deed(action, each.name, action.reason if isinstance(action, Stop | RollBack) else why, not each.acts)
            for action in actions
        ]
        if deeds:
            wishes.append(Wish(each, deeds))
    return wishes


def carry_out(game: Game, wishes: Sequence[Wish]) -> list[Deed]:
    """Do what was asked for, where the recipe lets it be done; say what came of each."""
    done = []
    for wish in wishes:
        count, _ = game.acted.get(wish.by.name, (0, 0))
        game.acted[wish.by.name] = (count + 1, game.clock.ticks)
        # What goes with a roll-back makes sense only after it: it comes first, and if it cannot be, nothing is done.
        going_back = [deed.action for deed in wish.deeds if isinstance(deed.action, RollBack) and not deed.observed]
        hindrance = "".join(controls.apply(game, action) for action in going_back[:1])
        for deed in wish.deeds:
            if not (deed.observed or hindrance or deed.action in going_back):
                controls.apply(game, deed.action)
            done.append(replace(deed, hindrance="" if deed.observed else hindrance))
    return done


def may_act(game: Game, each: Intervening) -> bool:
    """True unless it has acted too often, or a moment ago."""
    if each.name not in game.acted:
        return True
    count, last = game.acted[each.name]
    return (each.limit is None or count < each.limit) and game.clock.ticks - last > each.cool_down


def restored(acted: Any) -> dict[str, tuple[int, int]]:
    """How often each has acted, and at which tick last, as a checkpoint tells it. Raises `CheckpointError`."""
    found = {}
    for name, pair in vetting.table("interventions", acted).items():
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise vetting.strange(f"record of intervention '{name}'", pair, "two counts")
        found[str(name)] = (vetting.count("count", pair[0]), vetting.count("tick", pair[1]))
    return found
