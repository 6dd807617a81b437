"""One stage of a game: its streams of real data, who is charged what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ganlab.assemble.builder import Builder
from ganlab.assemble.dry_round import SAMPLES, Seen, check_names
from ganlab.assemble.rules import Rules
from ganlab.engine import distributed
from ganlab.engine.device import RESIDENT_SHARE, Place
from ganlab.engine.phase import Change, Charge, Phase, Stage, Stake, Weight
from ganlab.engine.schedule import Constant, Path
from ganlab.engine.stream import BatchStream
from ganlab.interfaces.task import Task
from ganlab.recipe import PhaseSetting, Ramp, ViewSetting
from ganlab.recipe import Weight as WeightSetting
from ganlab.values import Batch, Cadence


def open_streams(builder: Builder, rules: Rules, place: Place, streams: dict[str, BatchStream]) -> dict[str, str]:
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


def first_rows(builder: Builder, keys: Mapping[str, str], rules: Rules) -> Batch:
    batches: dict[str, Any] = {}
    for name, key in keys.items():
        source = builder.datasets[key].train
        count = min(SAMPLES, len(source))
        batches[name] = Batch(source.rows(torch.arange(count), None), count)
    return batches[""] if "" in batches else Batch(batches, batches[rules.counted].size)


def build_stage(
    builder: Builder, rules: Rules, task: Task, seen: Mapping[str, Seen], keys: Mapping[str, str], until: float
) -> Stage:
    check_names("views:", rules.views, seen)
    judges = list(dict.fromkeys(view.judge for view in seen.values()))
    budget = builder.recipe.kimg
    stakes = []
    for name, view in seen.items():
        setting = rules.views.get(name, ViewSetting())
        stakes.append(
            Stake(
                view=name,
                judge=view.judge,
                against=view.against,
                loss=builder.loss(setting.loss or rules.loss, view.logits),
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
