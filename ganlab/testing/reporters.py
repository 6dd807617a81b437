"""What every reporter must do."""

from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory

from ganlab.interfaces.reporter import Reporter, RunInfo
from ganlab.testing.state import check_plain, leaving_all_as_it_was
from ganlab.testing.toys import ToyRandom
from ganlab.values import (
    Deed,
    Ending,
    Finding,
    Outcome,
    Picture,
    Progress,
    ScaleLearningRate,
    Severity,
    Tick,
)


class ReporterConformance:
    """Subclass it and say how the reporter is made."""

    repeated: tuple[str, ...] = ("**/*.jsonl", "**/*.txt", "**/*.csv")
    """Patterns of the files that must be the same to the byte after a restart."""

    def make(self) -> Reporter:
        """The reporter to be tested."""
        raise NotImplementedError("return your reporter from make()")

    def ticks(self) -> list[Tick]:
        """Four ticks with all that can be on one: pictures, a finding, an action, a number that is none."""
        pictures = {"fake": Picture("image", ToyRandom(4).normal(1, 8, 8).tanh())}
        finding = Finding("toy", "it went wrong", Severity.WARNING, 2.0, 20, 1.0, {"cost": 3.0}, "stop")
        action = ScaleLearningRate("generator", 0.5)
        return [
            Tick(progress(0), {"cost": 1.0}, pictures=pictures),
            Tick(progress(1), {"cost": math.nan, "other": 2.0}),
            Tick(progress(2), {"cost": 3.0}, (finding,), (Deed(action),)),
            Tick(progress(3), {"cost": 1e30}, pictures=pictures, seconds=1.5, images_per_second=100.0),
        ]

    def test_it_records_a_run_from_start_to_end(self) -> None:
        with TemporaryDirectory() as directory:
            self.play(Path(directory))

    def test_it_leaves_the_process_as_it_was(self) -> None:
        with TemporaryDirectory() as directory, leaving_all_as_it_was():
            self.play(Path(directory))

    def test_it_bears_a_run_without_ticks_and_pictures(self) -> None:
        with TemporaryDirectory() as directory:
            reporter = self.make()
            reporter.start(info(Path(directory)), Progress(), None)
            reporter.end(Outcome(Ending.INTERRUPTED, "interrupted", Progress()))

    def test_a_restart_leaves_nothing_twice_and_nothing_out(self) -> None:
        with TemporaryDirectory() as whole, TemporaryDirectory() as broken:
            self.play(Path(whole))
            self.play(Path(broken), lost_after=2)
            assert self.files(Path(broken)) == self.files(Path(whole))

    def play(self, directory: Path, lost_after: int | None = None) -> None:
        """A whole run; with `lost_after`, one that dies a tick after that checkpoint and is resumed from it."""
        ticks = self.ticks()
        reporter = self.make()
        reporter.start(info(directory), Progress(), Picture("image", ToyRandom(4).normal(1, 8, 8).tanh()))
        if lost_after is not None:
            for tick in ticks[:lost_after]:
                reporter.tick(tick)
            state = reporter.state()
            check_plain(state)
            reporter.tick(ticks[lost_after])
            reporter = self.make()
            reporter.restore(state)
            reporter.start(info(directory), ticks[lost_after - 1].progress, None)
            ticks = ticks[lost_after:]
        for tick in ticks:
            reporter.tick(tick)
        reporter.end(Outcome(Ending.FINISHED, "finished", progress(3), 2.0))

    def files(self, directory: Path) -> dict[str, bytes]:
        """Contents of the files that must be the same, by path."""
        found = {path for pattern in self.repeated for path in directory.glob(pattern)}
        return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(found)}


def info(directory: Path) -> RunInfo:
    """A run called "toy"."""
    return RunInfo("toy", directory, 'loss = {name = "hinge"}\n', 4.0, ("generator", "image"), "cpu")


def progress(tick: int) -> Progress:
    """Four ticks of 1,000 samples."""
    return Progress(round=10 * (tick + 1), samples=1000 * (tick + 1), fraction=(tick + 1) / 4)
