"""Event files, read back with TensorBoard's own readers."""

from __future__ import annotations

import json
import math
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout
from tensorboard.plugins.hparams import metadata as hparams

from ganlab import Picture, Progress, RunInfo, Tick
from ganlab.builtin.reporters.tensorboard import TensorBoard
from ganlab.disk import AppendedFile

from .conftest import END, REAL, START, progress, tick


def started(run: RunInfo, where: Progress = START, state: Any = None, real: Picture | None = REAL) -> TensorBoard:
    reporter = TensorBoard()
    if state is not None:
        reporter.restore(json.loads(json.dumps(state)))
    reporter.start(run, where, real)
    return reporter


def files(run: RunInfo) -> list[Path]:
    return sorted(run.directory.glob("events*"))


def events(path: Path) -> list[Event]:
    return [Event.FromString(raw) for raw in RawEventFileLoader(str(path)).Load()]


def read(run: RunInfo) -> EventAccumulator:
    accumulator = EventAccumulator(str(run.directory), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


def steps(run: RunInfo, tag: str = "cost/image") -> list[int]:
    # Straight from the files: the accumulator would hide what was written twice.
    return [
        event.step for path in files(run) for event in events(path) for value in event.summary.value if value.tag == tag
    ]


def test_a_tick_is_one_event_whose_step_counts_real_samples_and_it_is_on_disk_at_once(run: RunInfo):
    reporter = started(run)
    before = len(events(files(run)[0]))
    reporter.tick(tick(1))
    reporter.tick(tick(2))
    fresh = events(files(run)[0])[before:]
    assert [event.step for event in fresh] == [100, 200]
    assert {value.tag for value in fresh[1].summary.value} == {
        "cost/image",
        "cost/generator",
        "coverage@flatten",
        "speed/images-per-second",
    }
    scalars = read(run).Scalars("cost/image")
    assert [(each.step, each.value) for each in scalars] == [(100, 1.0), (200, 0.5)]


def test_numbers_that_are_not_finite_are_scalars_too(run: RunInfo):
    started(run).tick(tick(1, broken=math.nan, huge=1e300))
    accumulator = read(run)
    assert math.isnan(accumulator.Scalars("broken")[0].value)
    assert accumulator.Scalars("huge")[0].value == math.inf


def test_samples_are_pictures_with_pixels_and_the_real_ones_are_there_once(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(1, pictures=True))
    reporter.tick(tick(2))
    reporter.tick(tick(3, pictures=True))
    accumulator = read(run)
    assert set(accumulator.Tags()["images"]) == {"samples/real", "samples/fake", "samples/fake-raw"}
    assert [image.step for image in accumulator.Images("samples/real")] == [0]
    assert [image.step for image in accumulator.Images("samples/fake")] == [100, 300]
    pixels = np.asarray(Image.open(BytesIO(accumulator.Images("samples/fake")[0].encoded_image_string)))
    assert pixels[0, 0].tolist() == [0, 0, 0]


def test_a_histogram_counts_the_values_of_a_picture_and_leaves_out_what_is_not_finite(run: RunInfo):
    values = torch.tensor([0.0, 0.25, 1.0, math.nan]).reshape(1, 1, 2, 2)
    started(run).tick(Tick(progress(1), {}, pictures={"fake": Picture("image", values)}))
    histogram = read(run).Histograms("values/fake")[0].histogram_value
    assert (histogram.num, histogram.sum, histogram.sum_squares) == (3, 1.25, 1.0625)
    assert (histogram.min, histogram.max) == (0, 1)
    assert sum(histogram.bucket) == 3


def test_a_kind_that_cannot_be_drawn_still_has_its_curves_and_histogram(run: RunInfo):
    volume = Picture("volume", torch.full((1, 1, 2, 2, 2), math.nan))
    started(run, real=None).tick(Tick(progress(1), {"cost/image": 1.0}, pictures={"fake": volume}))
    accumulator = read(run)
    assert accumulator.Tags()["images"] == []
    assert accumulator.Histograms("values/fake")[0].histogram_value.num == 0
    assert steps(run) == [100]


def test_the_layout_is_written_once_and_puts_costs_apart_from_health(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(1))
    reporter.tick(tick(2))
    written = read(run).Tensors("custom_scalars__config__")
    assert len(written) == 1
    layout = Layout.FromString(written[0].tensor_proto.string_val[0])
    charts = {each.title: {chart.title: list(chart.multiline.tag) for chart in each.chart} for each in layout.category}
    assert charts == {
        "Health": {"coverage": ["^coverage([/@].*)?$"]},
        "Costs": {"cost": ["^cost([/@].*)?$"]},
        "Training": {"speed": ["^speed([/@].*)?$"]},
    }


def test_a_measurement_that_turns_up_late_gets_its_chart(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(1))
    reporter.tick(tick(2, **{"probe-gap/image": 0.1}))
    written = read(run).Tensors("custom_scalars__config__")
    assert len(written) == 2
    layout = Layout.FromString(written[-1].tensor_proto.string_val[0])
    assert [chart.title for chart in layout.category[0].chart] == ["coverage", "probe-gap"]


def test_recipe_and_findings_are_texts_and_the_last_one_holds_all_findings(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(1, trouble=True))
    reporter.tick(tick(2, trouble=True))
    accumulator = read(run)
    assert b"    budget_kimg = 2\n" in accumulator.Tensors("recipe")[0].tensor_proto.string_val[0]
    findings = accumulator.Tensors("findings")[-1].tensor_proto.string_val[0].decode().splitlines()
    assert findings == [f"- **warning at {kimg} kimg**, watcher: It went wrong. Stop." for kimg in ("0.1", "0.2")]


def test_hyperparameters_are_written_once_at_the_end(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(1))
    assert hparams.SESSION_START_INFO_TAG not in read(run).Tags()["tensors"]
    reporter.end(END)
    plugin_data = read(run).SummaryMetadata(hparams.SESSION_START_INFO_TAG).plugin_data.content
    written = hparams.parse_session_start_info_plugin_data(plugin_data).hparams
    assert written["loss"].string_value == "hinge"
    assert written["terms"].string_value == "r1"
    assert written["generator_lr"].number_value == 2e-4
    assert written["discriminator_lr"].number_value == 4e-4
    ended = read(run).SummaryMetadata(hparams.SESSION_END_INFO_TAG).plugin_data.content
    assert hparams.parse_session_end_info_plugin_data(ended).status == 1


def test_a_run_of_a_study_has_no_row_of_its_own(run: RunInfo):
    reporter = TensorBoard(hyperparameters=False)
    reporter.start(run, START, REAL)
    reporter.tick(tick(1))
    reporter.end(END)
    assert steps(run) == [100]
    assert hparams.SESSION_START_INFO_TAG not in read(run).Tags()["tensors"]


def test_a_resumed_run_has_every_step_once_in_a_file_of_its_own_that_purges_the_former_life(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(1, trouble=True))
    reporter.tick(tick(2))
    checkpoint = reporter.state()
    reporter.tick(tick(3, trouble=True))
    reporter.tick(tick(4))  # and here the process is killed
    reporter = started(run, progress(2), checkpoint)
    for number in (3, 4, 5):
        reporter.tick(tick(number, trouble=number == 3))
    assert len(files(run)) == 2
    assert steps(run) == [100, 200, 300, 400, 500]
    start = next(event for event in events(files(run)[1]) if event.HasField("session_log"))
    assert (start.step, start.session_log.status) == (201, start.session_log.START)
    accumulator = read(run)
    assert [each.step for each in accumulator.Scalars("cost/image")] == [100, 200, 300, 400, 500]
    assert len(accumulator.Images("samples/real")) == 1
    assert len(accumulator.Tensors("recipe")) == 1
    assert len(accumulator.Tensors("custom_scalars__config__")) == 1
    told = accumulator.Tensors("findings")[-1].tensor_proto.string_val[0].decode()
    assert told.count("It went wrong.") == 2


def test_a_life_that_never_reached_a_checkpoint_leaves_nothing(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(1))
    checkpoint = reporter.state()
    lost = started(run, progress(1), checkpoint)
    lost.tick(tick(2))
    reporter = started(run, progress(1), checkpoint)
    reporter.tick(tick(2))
    assert steps(run) == [100, 200]
    started(run).tick(tick(1))
    assert steps(run) == [100]


def test_a_full_disk_ends_the_record_with_one_warning_and_not_the_run(
    run: RunInfo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    reporter = started(run)
    reporter.tick(tick(1))
    checkpoint = reporter.state()

    def refuse(file: AppendedFile, piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(AppendedFile, "append", refuse)
        reporter.tick(tick(2))
        reporter.tick(tick(3))
    reporter.tick(tick(4))
    reporter.end(END)
    assert len(caplog.records) == 1
    assert steps(run) == [100]
    assert reporter.state()["sizes"] == checkpoint["sizes"]


def test_no_torch_summary_writer_and_no_tensorflow_are_needed(run: RunInfo):
    import sys

    started(run).tick(tick(1, pictures=True))
    assert "tensorflow" not in sys.modules
    assert "torch.utils.tensorboard" not in sys.modules
