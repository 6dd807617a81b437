"""Questions to plugins: the first that has an answer is believed, one that fails is passed over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ganlab.interfaces.data_report import DataReport
from ganlab.interfaces.files import GivenFile, SampleWriter
from ganlab.interfaces.foreign_run import ForeignRun, ReadOptions
from ganlab.plugins.contract import guarded

if TYPE_CHECKING:
    from pathlib import Path

    import pluggy

    from ganlab.plugins.state import PluginState
    from ganlab.values import Field

T = TypeVar("T")


class Questions(ABC):
    """What plugins can be asked."""

    @abstractmethod
    def _answers(self, hook: str, given: Mapping[str, Any], kind: type[T]) -> Iterator[T]:
        """What plugins have to say to the question `hook`, ours first."""

    def check_data(self, path: Path) -> DataReport | None:
        """What lies at `path`, as the first plugin says that finds a sample there, or else the first that knows such
        paths; None if there is none. Third-party plugins are asked only if ours find nothing.

        A plugin that fails is passed over, and `report` is told. Raises `GanlabError` for what no plugin could read.
        """
        answers: list[DataReport] = []
        for answer in self._answers("ganlab_check_data", {"path": path}, DataReport):
            if answer.samples:
                return answer
            answers.append(answer)
        return answers[0] if answers else None

    def read_run(self, path: Path, options: ReadOptions) -> ForeignRun | None:
        """What the log at `path` tells of a run, as the first plugin says that knows such logs; None if there is none.
        Third-party plugins are asked only if ours know nothing of it.

        A plugin that fails is passed over, and `report` is told. Raises `GanlabError` for what no plugin could read.
        """
        return next(self._answers("ganlab_read_run", {"path": path, "options": options}, ForeignRun), None)

    def read_given(self, path: Path, field: Field) -> GivenFile | None:
        """What `path` holds for a condition of that field, as the first plugin says that knows such files; None if
        there is none. Third-party plugins are asked only if ours know nothing of it; one that fails is passed over."""
        return next(self._answers("ganlab_read_given", {"path": path, "field": field}, GivenFile), None)

    def find_writer(self, ending: str, kind: str) -> SampleWriter | None:
        """Who writes samples of that kind to files of that ending; None if nobody does. Asked like `read_given`."""
        return next(self._answers("ganlab_find_writer", {"ending": ending, "kind": kind}, SampleWriter), None)


def answered(
    manager: pluggy.PluginManager, module: Any, state: PluginState, hook: str, given: Mapping[str, Any], kind: type[T]
) -> tuple[T | None, str]:
    """What one plugin answers to the question `hook`, one of `kind` or None, and what is wrong with it. What ours raise
    is raised."""
    for each in getattr(manager.hook, hook).get_hookimpls():
        if each.plugin is not module:
            continue
        ask = partial(each.function, *(given[name] for name in each.argnames))
        if state.builtin:
            return ask(), ""
        answer, problem = guarded(ask, state, f"{hook} of", f"{hook} raised ")
        if not problem and answer is not None and not isinstance(answer, kind):
            problem = f"{hook} returned a {type(answer).__name__}, expected a ganlab.{kind.__name__} or None"
        return (None, problem) if problem else (answer, "")
    return None, ""
