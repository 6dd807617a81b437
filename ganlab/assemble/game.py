"""Recipe + plugins -> Game. Every cross-check happens here, before the first step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import Module, Parameter
from torch.optim import Optimizer

from ganlab.assemble.dry_round import SAMPLES, Seen, check_fields, check_names, play_dry
from ganlab.engine import distributed
from ganlab.engine.device import RESIDENT_SHARE, Place, find_device, use_threads
from ganlab.engine.game import Clock, Game, Watching
from ganlab.engine.phase import Change, Charge, Goal, Phase, Stage, Stake, Weight
from ganlab.engine.player import Average, Player
from ganlab.engine.schedule import Constant, Fall, Path
from ganlab.engine.stream import BatchStream
from ganlab.errors import RecipeError, nearest
from ganlab.interfaces.architecture import Architecture
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.task import Task
from ganlab.optimizers import FUSED
from ganlab.plugins import Plugins
from ganlab.recipe import Component, PhaseSetting, Ramp, Recipe, TermSetting, ViewSetting
from ganlab.recipe import Stage as StageSetting
from ganlab.recipe import Weight as WeightSetting
from ganlab.values import Batch, Cadence, Fields

OPTIMIZER_CLASSES = {name.lower(): each for name, each in vars(torch.optim).items() if isinstance(each, type)}


@dataclass(frozen=True)
class Rules:
    """One stage's part of the recipe, with what it leaves out filled in."""

    name: str
    task: Component
    datasets: Mapping[str, Component]
    batch_sizes: Mapping[str, int]
    counted: str
    loss: Component
    views: Mapping[str, ViewSetting]
    phases: Sequence[PhaseSetting] | None
    terms: Sequence[TermSetting]
    kimg: float | None = None
    goal: Goal | None = None


@dataclass
class Builder:
    """Builds a recipe's parts; `create` is the one way from a component to an object."""

    recipe: Recipe
    plugins: Plugins
    networks: dict[str, Module] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    """Datasets by stream key."""
    _made: dict[str, Dataset] = field(default_factory=dict)

    def create(self, kind: str, component: Component, *context: Any) -> Any:
        """The component's object."""
        return self.plugins.find(kind, component.name).create(*context, **component.options)

    def dataset(self, component: Component) -> Dataset:
        """The dataset; the same component is read once, however many stages use it."""
        key = component.model_dump_json(exclude={"batch_size"})
        if key not in self._made:
            self._made[key] = self.create("datasets", component)
        return self._made[key]

    def task(self, rules: Rules, fields: Fields) -> Task:
        """The stage's task, its needs checked against the dataset's fields."""
        task: Task = self.create("tasks", rules.task, fields)
        check_fields(rules.task.name, task, fields, ", ".join(each.name for each in rules.datasets.values()))
        return task

    def architecture(self, player: str) -> Architecture:
        """The architecture the recipe gives that player."""
        setting = self.recipe.players.get(player)
        if setting is None:
            known = self.recipe.players
            raise RecipeError(
                f"the game has a player '{player}', the recipe has no [players.{player}].{nearest(player, known)}"
            )
        architecture: Architecture = self.create("architectures", setting.architecture)
        return architecture

    def play_dry(self, task: Task, batch: Batch) -> dict[str, Seen]:
        """Build the networks that are missing, and see the views."""
        return play_dry(task, batch, self.networks, self.architecture, self.recipe.seed)


def rules_of(recipe: Recipe) -> list[Rules]:
    """The recipe's stages; without any, one that is the recipe itself."""
    stages = recipe.stages or [StageSetting(name="play", kimg=budget_kimg(recipe))]
    found = []
    for stage in stages:
        single, several = stage.dataset or recipe.dataset, stage.datasets or recipe.datasets
        if stage.dataset is not None:
            several = None
        datasets: Mapping[str, Component] = several if several is not None else {"": single}  # type: ignore[dict-item]
        whole = stage.batch_size or recipe.batch_size
        sizes = {name: (each.batch_size or whole) for name, each in (several or {}).items()} or {"": whole}
        goal, counted = stage.goal, recipe.counted or ""
        found.append(
            Rules(
                name=stage.name,
                task=stage.task or recipe.task,
                datasets=datasets,
                batch_sizes=sizes,
                counted=counted if counted in datasets else next(iter(datasets)),
                loss=stage.loss or recipe.loss,
                views=recipe.views if stage.views is None else stage.views,
                phases=recipe.phases if stage.phases is None else stage.phases,
                terms=recipe.terms if stage.terms is None else stage.terms,
                kimg=stage.kimg,
                goal=None if goal is None else Goal(goal.measurement, goal.below, goal.above),
            )
        )
    return found


def budget_kimg(recipe: Recipe) -> float:
    """The budget in kimg; in rounds, each counts its batch and every fresh one it takes."""
    if recipe.budget_kimg is not None:
        return recipe.budget_kimg
    assert recipe.budget_rounds is not None
    phases = recipe.phases or []
    fresh = sum(phase.turns for phase in phases if phase.batch == "fresh")
    first_is_fresh = bool(phases) and phases[0].batch == "fresh"
    return recipe.budget_rounds * recipe.batch_size * (1 + fresh - first_is_fresh) / 1000


def build_game(recipe: Recipe, plugins: Plugins, device: str = "auto") -> Game:
    """The game a resolved recipe describes, on its device. Raises a `GanlabError` for everything that does not fit."""
    use_threads(recipe.threads)
    place = Place(find_device(device), recipe.precision, recipe.memory_format)
    distributed.join(place.device)
    builder = Builder(recipe, plugins)
    streams: dict[str, BatchStream] = {}
    stages: list[Stage] = []
    spent = 0.0
    for number, rules in enumerate(rules_of(recipe)):
        keys = _streams(builder, rules, place, streams)
        fields: Fields = {name: builder.datasets[key].fields for name, key in keys.items()}
        task = builder.task(rules, fields.get("", fields))
        seen = builder.play_dry(task, _first_rows(builder, keys, rules))
        last = number == max(0, len(recipe.stages) - 1)
        spent += rules.kimg or 0.0
        stages.append(_stage(builder, rules, task, seen, keys, float("inf") if last else spent * 1000))
    check_names("player", recipe.players, builder.networks)
    players = {name: _player(name, builder, place) for name in recipe.players}
    for other in (each for stage in stages for each in stage.phases):
        check_names("phases: player", [other.player], players)
    budget = budget_kimg(recipe)
    tick_kimg = recipe.watch.tick_kimg or budget / 50
    return Game(
        players=players,
        stages=tuple(stages),
        streams=streams,
        datasets=builder.datasets,
        place=place,
        clock=Clock(max(1, round(budget * 1000)), recipe.budget_rounds),
        watching=_watching(builder, max(1, round(tick_kimg * 1000))),
        seed=recipe.seed,
        accumulate=recipe.accumulate,
        checkpoint_seconds=recipe.checkpoint_seconds,
    )


def _streams(builder: Builder, rules: Rules, place: Place, streams: dict[str, BatchStream]) -> dict[str, str]:
    """The stage's streams by their name in the batch; made anew where no earlier stage has the same one."""
    keys = {}
    for name, component in rules.datasets.items():
        dataset, size = builder.dataset(component), rules.batch_sizes[name]
        key = name
        while key in streams and (builder.datasets[key] is not dataset or streams[key].batch_size != size):
            key = f"{rules.name}/{key}"
        if key not in streams:
            source = dataset.train
            if place.device.type == "cuda" and source.resident:
                free, _ = torch.cuda.mem_get_info(place.device)
                source = source.to(place.device) if source.nbytes() <= RESIDENT_SHARE * free else source
            streams[key] = BatchStream(
                key or component.name,
                source,
                size,
                builder.recipe.seed,
                place,
                rank=distributed.rank(),
                world_size=distributed.world_size(),
            )
            builder.datasets[key] = dataset
        keys[name] = key
    return keys


def _first_rows(builder: Builder, keys: Mapping[str, str], rules: Rules) -> Batch:
    batches: dict[str, Any] = {}
    for name, key in keys.items():
        source = builder.datasets[key].train
        count = min(SAMPLES, len(source))
        batches[name] = Batch(source.rows(torch.arange(count), None), count)
    return batches[""] if "" in batches else Batch(batches, batches[rules.counted].size)


def _stage(
    builder: Builder, rules: Rules, task: Task, seen: Mapping[str, Seen], keys: Mapping[str, str], until: float
) -> Stage:
    check_names("views:", rules.views, seen)
    judges = list(dict.fromkeys(view.judge for view in seen.values()))
    budget = budget_kimg(builder.recipe)
    stakes = []
    for name, view in seen.items():
        setting = rules.views.get(name, ViewSetting())
        stakes.append(
            Stake(
                view=name,
                judge=view.judge,
                against=view.against,
                loss=builder.create("losses", setting.loss or rules.loss),
                real=weight_of(setting.real, budget),
                fake=weight_of(setting.fake, budget),
                mismatched=setting.mismatched,
                generator=weight_of(setting.generator, budget),
                judgements=setting.judgements,
                cadence=Cadence(1, setting.from_kimg, setting.until_kimg),
            )
        )
    check_names("terms: on =", [term.on for term in rules.terms], builder.networks)
    charges = tuple(
        Charge(
            term.key,
            builder.create("terms", term),
            term.on,
            weight_of(term.weight, budget),
            Cadence(term.every, term.from_kimg, term.until_kimg),
        )
        for term in rules.terms
    )
    changes = []
    for each in builder.recipe.augmentations:
        check_names("augmentations: views", each.views or [], seen)
        for shown in seen if each.views is None else each.views:
            changes.append(Change(each.name, shown, builder.create("augmentations", each)))
    others = [player for player in task.players() if player not in judges]
    phases = rules.phases or [PhaseSetting(player=player) for player in [*judges, *others]]
    return Stage(
        name=rules.name,
        task=task,
        phases=tuple(
            Phase(
                each.player,
                Cadence(each.every, each.from_kimg, each.until_kimg),
                each.turns,
                each.batch == "fresh",
                each.fake == "fresh",
            )
            for each in phases
        ),
        stakes=tuple(stakes),
        charges=charges,
        changes=tuple(changes),
        streams=keys,
        counted=rules.counted,
        until_samples=until,
        goal=rules.goal,
    )


def weight_of(setting: WeightSetting, budget: float) -> Weight:
    """A weight as a function of progress; a ramp that does not say when it ends takes the budget, in kimg."""
    if isinstance(setting, Ramp):
        until = setting.until_kimg or budget
        return Path(setting.start, setting.end, setting.from_kimg, until, setting.shape == "geometric")
    return Constant(setting)


def _player(name: str, builder: Builder, place: Place) -> Player:
    setting = builder.recipe.players[name]
    network = place.settle(builder.networks[name]).train()
    distributed.same_everywhere(network)
    options = dict(setting.optimizer.options)
    if setting.optimizer.name in FUSED:
        options["fused"] = True
    for key, value in options.items():
        if isinstance(value, list):
            options[key] = tuple(value)

    def optimizer(parameters: list[Parameter]) -> Optimizer:
        made: Optimizer = OPTIMIZER_CLASSES[setting.optimizer.name](parameters, **options)
        return made

    schedule = setting.schedule
    return Player(
        name,
        network,
        optimizer,
        average=None
        if setting.ema_half_life_kimg is None
        else Average(network, setting.ema_half_life_kimg, setting.ema_ramp_up, setting.ema_from_kimg),
        clip_norm=setting.clip_norm,
        schedule=None
        if schedule is None
        else Fall(
            schedule.shape,
            schedule.warm_up_kimg,
            schedule.from_kimg,
            schedule.until_kimg or budget_kimg(builder.recipe),
            schedule.final,
            schedule.every_kimg,
        ),
        sampling_mode=setting.sampling_mode,
        scaler=torch.amp.GradScaler(place.device.type) if place.precision == "float16" else None,
    )


def _watching(builder: Builder, tick_samples: int) -> Watching:
    watch = builder.recipe.watch

    def called(items: Sequence[Component]) -> list[str]:
        """A name for each that is its own even where one component stands twice."""
        names = [each.name for each in items]
        return [
            name if names.count(name) == 1 else f"{name}-{names[: index + 1].count(name)}"
            for index, name in enumerate(names)
        ]

    return Watching(
        tick_samples=tick_samples,
        diagnostics=[
            (name, each.every, builder.create("diagnostics", each))
            for name, each in zip(called(watch.diagnostics), watch.diagnostics, strict=True)
        ],
        monitors=[
            (name, builder.create("monitors", each))
            for name, each in zip(called(watch.monitors), watch.monitors, strict=True)
        ],
        interventions=[
            (name, builder.create("interventions", each))
            for name, each in zip(called(watch.interventions), watch.interventions, strict=True)
        ],
        picture_every=watch.picture_every,
        picture_count=watch.picture_count,
    )
