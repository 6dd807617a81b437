"""TensorBoard's file format: values become events, events become records of a file that TensorBoard tails.

Events are written here and now instead of by tensorboard's `EventFileWriter`, whose thread prints a traceback of its
own when the disk is full and says nothing of how many bytes are safe. PyTorch's `SummaryWriter` would cost a hundred
microseconds a scalar and, for hyperparameters and grouped scalars, a directory each.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.histogram_pb2 import HistogramProto
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import metadata as custom_scalar
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2, summary_v2
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.text import metadata as text_metadata
from tensorboard.summary.writer.record_writer import RecordWriter

from ganlab.disk import AppendedFile
from ganlab.pictures import png

if TYPE_CHECKING:
    from ganlab import Picture
    from ganlab.pictures import Pixels

MOST_VALUES = 65_536
"""A histogram looks at no more values than this: it shows a shape, and a sort of millions would hold up the run."""


class EventFile:
    """One event file. A run has one for each of its lives; `purge_from` tells readers what a former life got wrong."""

    def __init__(self, folder: Path, purge_from: int | None) -> None:
        self._file = AppendedFile(_fresh(folder))
        self.path = self._file.path
        self._append(_start())
        if purge_from is not None:
            session = SessionLog(status=SessionLog.START)
            self._append(Event(wall_time=time.time(), step=purge_from, session_log=session))

    @property
    def size(self) -> int:
        """Bytes that are whole records."""
        return self._file.size

    def write(self, values: Iterable[Summary.Value], step: int) -> None:
        """All `values` as one event at `step`. Raises OSError if the disk refuses; the file stays whole."""
        self._append(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))

    def sync(self) -> None:
        """Wait until the disk has everything."""
        self._file.sync()

    def close(self) -> None:
        """No more events."""
        self._file.close()

    def _append(self, event: Event) -> None:
        self._file.append(_record(event))


def whole(values: Iterable[Summary.Value], step: int) -> bytes:
    """An event file that holds all `values` as one event, and no more."""
    return _record(_start()) + _record(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))


def cut_back(folder: Path, sizes: Mapping[str, int]) -> None:
    """Make the event files what they were when `sizes` was noted: later events are cut off, later files removed.

    Readers that draw a run from several files show the steps that were played twice as a zigzag, whatever is purged.
    """
    for path in folder.glob("events.out.tfevents.*.ganlab"):
        if path.name in sizes:
            AppendedFile(path, sizes[path.name]).close()
        else:
            path.unlink()


def scalar(tag: str, value: float) -> Summary.Value:
    """A number; NaN is a number here."""
    return Summary.Value(tag=tag, simple_value=value)


def image(tag: str, pixels: Pixels) -> Summary.Value:
    """A picture, uint8 (height, width, 3)."""
    height, width, colours = pixels.shape
    picture = Summary.Image(height=height, width=width, colorspace=colours, encoded_image_string=png(pixels))
    return Summary.Value(tag=tag, image=picture)


def histogram(tag: str, picture: Picture) -> Summary.Value:
    """How the finite values of `picture` are distributed, in 60 bins."""
    flat = picture.data.detach().flatten()
    values = flat[:: max(1, len(flat) // MOST_VALUES)].double().cpu().numpy()
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, bins=60)
    proto = HistogramProto(
        min=values.min(initial=edges[-1]),
        max=values.max(initial=edges[0]),
        num=len(values),
        sum=values.sum(),
        sum_squares=(values**2).sum(),
        bucket_limit=edges[1:],
        bucket=counts,
    )
    return Summary.Value(tag=tag, histo=proto)


def text(tag: str, markdown: str) -> Summary.Value:
    """Text for the text tab."""
    return Summary.Value(
        tag=tag, metadata=text_metadata.create_summary_metadata(None, None), tensor=_strings(markdown.encode())
    )


def layout(charts: Mapping[str, Iterable[str]]) -> Summary.Value:
    """The custom scalars tab: categories, each with the groups of scalars that share a chart.

    The group "cost" takes in every tag that begins with `cost/` or `cost@`, and `cost` itself.
    """
    categories = [
        layout_pb2.Category(
            title=title,
            chart=[
                layout_pb2.Chart(
                    title=group, multiline=layout_pb2.MultilineChartContent(tag=[f"^{re.escape(group)}([/@].*)?$"])
                )
                for group in groups
            ],
        )
        for title, groups in charts.items()
    ]
    return Summary.Value(
        tag=custom_scalar.CONFIG_SUMMARY_TAG,
        metadata=custom_scalar.create_summary_metadata(),
        tensor=_strings(layout_pb2.Layout(category=categories).SerializeToString(), shape=()),
    )


def hyperparameters(
    name: str, values: Mapping[str, Any], began: float, ended: float, succeeded: bool | None
) -> list[Summary.Value]:
    """The row `name` in the hyperparameter tab, whole: written once, when it is known how it ended."""
    start = summary_v2.hparams_pb(dict(values), trial_id=name, start_time_secs=began)
    status = {True: api_pb2.STATUS_SUCCESS, False: api_pb2.STATUS_FAILURE, None: api_pb2.STATUS_UNKNOWN}[succeeded]
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=ended)
    told = _hyperparameter(
        hparams_metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=end)
    )
    return [*start.value, told]


def columns(choices: Mapping[str, Sequence[str] | None], scalars: Mapping[str, str]) -> Summary.Value:
    """The columns of the hyperparameter tab: hyperparameters with their choices, None if they are numbers, and what
    each of the `scalars` is called there. Without it they are the hyperparameters and scalars of all runs."""
    known = []
    for name, values in choices.items():
        kind = api_pb2.DATA_TYPE_FLOAT64 if values is None else api_pb2.DATA_TYPE_STRING
        known.append(api_pb2.HParamInfo(name=name, type=kind))
        if values is not None:
            known[-1].domain_discrete.extend(values)
    metrics = [
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=shown) for tag, shown in scalars.items()
    ]
    experiment = api_pb2.Experiment(hparam_infos=known, metric_infos=metrics)
    return _hyperparameter(hparams_metadata.EXPERIMENT_TAG, plugin_data_pb2.HParamsPluginData(experiment=experiment))


def _hyperparameter(tag: str, content: plugin_data_pb2.HParamsPluginData) -> Summary.Value:
    described = hparams_metadata.create_summary_metadata(content)
    return Summary.Value(tag=tag, metadata=described, tensor=hparams_metadata.NULL_TENSOR)


def _start() -> Event:
    return Event(wall_time=time.time(), file_version="brain.Event:2")


def _record(event: Event) -> bytes:
    record = BytesIO()
    RecordWriter(record).write(event.SerializeToString())
    return record.getvalue()


def _strings(content: bytes, shape: tuple[int, ...] = (1,)) -> TensorProto:
    dimensions = [TensorShapeProto.Dim(size=size) for size in shape]
    return TensorProto(dtype=DT_STRING, tensor_shape=TensorShapeProto(dim=dimensions), string_val=[content])


def _fresh(folder: Path) -> Path:
    """A name of its own: TensorBoard reads a run's files in the order of their names."""
    seconds = int(time.time())
    paths = (folder / f"events.out.tfevents.{seconds:010d}.{number:03d}.ganlab" for number in count())
    return next(path for path in paths if not path.exists())
