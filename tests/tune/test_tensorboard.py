"""A study as TensorBoard's own hyperparameter plugin reads it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

from ganlab import events
from ganlab.assemble.resolution import resolve
from ganlab.tune.design import complete
from ganlab.tune.result import TrialResult
from ganlab.tune.tensorboard import SCALARS, write_columns, write_trial
from tests.tune.by_hand import LOG, PLAN, RATE, dead, healthy, trial
from tests.tune.studies import PLUGINS

ASKED = RequestContext()
STATUSES = (api_pb2.STATUS_UNKNOWN, api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_RUNNING)


def written(folder: Path, *trials: Any) -> None:
    """The trials in the study's directory `folder`, each with a run that has a curve."""
    for number, each in enumerate(trials):
        each.number = number
        directory = folder / f"trials/{number:04d}"
        run = directory / "seed-0"
        run.mkdir(parents=True)
        curve = events.EventFile(run, None)
        curve.write([events.scalar("cost/generator", 1.0)], 1)
        curve.close()
        told = each.user_attrs
        result = TrialResult(
            state=told["state"],
            reason=told["reason"],
            value=told.get("score"),
            settings=told["settings"],
            seeds=tuple(map(seed, told["seeds"])),
        )
        write_trial(directory, "study", each, result)
    write_columns(folder, PLAN.space, trials)


def seed(kept: dict[str, Any]) -> Any:
    return replace(healthy(0, 0.0), **kept)


def rows(folder: Path) -> tuple[Any, list[Any]]:
    """The columns and the rows of the tab."""
    multiplexer = EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    context = backend_context.Context(TBContext(data_provider=MultiplexerDataProvider(multiplexer, str(folder))))
    request = api_pb2.ListSessionGroupsRequest(slice_size=100, allowed_statuses=STATUSES)
    found = list_session_groups.Handler(ASKED, context, "", request).run().session_groups
    tags = context.hparams_metadata(ASKED, "")
    return context.experiment_from_metadata(ASKED, "", True, tags, None), sorted(found, key=lambda each: each.name)


def test_every_trial_is_a_row_and_no_run_is(tmp_path: Path) -> None:
    loss = {RATE: LOG, "loss.name": CategoricalDistribution(["hinge", "minimax"])}
    written(
        tmp_path,
        trial(healthy(0, 1.0), healthy(1, 1.0, sick=0.2), params={RATE: 0.02}),
        trial(dead(0, 4.0), params={RATE: 0.01, "loss.name": "minimax"}, distributions=loss),
        trial(state="failed", reason="exit status 9"),
    )
    experiment, (first, second, third) = rows(tmp_path)
    assert {each.name: each.type for each in experiment.hparam_infos} == {
        "state": api_pb2.DATA_TYPE_STRING,
        RATE: api_pb2.DATA_TYPE_FLOAT64,
        "loss.name": api_pb2.DATA_TYPE_STRING,
    }
    assert [each.display_name for each in experiment.metric_infos] == list(SCALARS.values())
    assert (first.name, first.sessions[0].name) == ("study/0000", "trials/0000")
    assert first.hparams[RATE].number_value == 0.02
    assert second.hparams["loss.name"].string_value == "minimax"
    assert [each.hparams["state"].string_value for each in (first, second, third)] == ["complete", "pruned", "failed"]
    values = [{each.name.tag: each.value for each in row.metric_values} for row in (first, second, third)]
    assert values[0] == pytest.approx(
        {
            "trial/score": 1.0,
            "trial/seeds": 2,
            "trial/dead": 0,
            "trial/unhealthy": 0.1,
            "trial/seconds": 10,
            "trial/kimg": 20,
        }
    )
    assert (values[1]["trial/score"], values[1]["trial/dead"], values[1]["trial/seconds"]) == (4.0, 1, 2)
    assert "trial/score" not in values[2]
    assert [row.sessions[0].status for row in (first, second, third)] == [
        api_pb2.STATUS_SUCCESS,
        api_pb2.STATUS_SUCCESS,
        api_pb2.STATUS_FAILURE,
    ]


def test_a_trial_that_is_played_again_has_its_newest_row_only(tmp_path: Path) -> None:
    written(tmp_path, trial(state="failed"))
    kept = trial(healthy(0, 1.0), healthy(1, 1.0))
    kept.number = 3
    write_trial(tmp_path / "trials/0000", "study", kept, TrialResult("complete", value=1.0))
    _, (row,) = rows(tmp_path)
    assert row.hparams["state"].string_value == "complete"
    scores = EventAccumulator(str(tmp_path / "trials/0000")).Reload().Scalars("trial/score")
    assert [(each.step, each.value) for each in scores] == [(3, 1.0)]


def test_what_became_of_it_is_text_that_is_shown_as_it_stands(tmp_path: Path) -> None:
    written(tmp_path, trial(dead(0, reason="lost-coverage: **all** <b>gone</b>"), settings={"loss.name": "a\nb"}))
    found = EventAccumulator(str(tmp_path / "trials/0000")).Reload().Tensors("trial")[0].tensor_proto.string_val[0]
    lines = found.decode().splitlines()
    assert lines[0] == "    pruned: seed 0: lost-coverage: **all** <b>gone</b>"
    assert all(line.startswith("    ") for line in lines)


def test_a_disk_that_refuses_is_told_and_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="ganlab"):
        write_columns(tmp_path / "nowhere", PLAN.space, [])
    assert "goes on without it" in caplog.text


def test_the_runs_of_a_study_write_no_rows_of_their_own() -> None:
    recipe = complete(resolve(PLAN.tree | {"watch": {}}, PLUGINS), "coverage", PLUGINS)
    (board,) = [each for each in recipe.watch.reporters if each.name == "tensorboard"]
    assert board.model_dump()["hyperparameters"] is False
