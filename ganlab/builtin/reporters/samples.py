"""Sheets of samples as PNG files in `samples/`: what a person looks at first.

`real.png` shows real data; `fake-000012.345kimg.png` what the averaged generator made of fixed latents at that moment,
`fake-raw-...` the generator as it stood. Sorted by name they are a film of the run.
"""

from __future__ import annotations

import logging

from ganlab import Outcome, Picture, Progress, Reporter, RunInfo, StorageError, Tick
from ganlab.disk import make_folder, publish
from ganlab.pictures import draw, png

log = logging.getLogger("ganlab")


class Samples(Reporter):
    """Has no state: names come from the progress, so a resumed run writes the same files again and no others."""

    def __init__(self) -> None:
        self._real: Picture | None = None
        self._noted: set[str] = set()
        self._refused = False

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        """Write `real.png`."""
        self._folder = run.directory / "samples"
        self._real = real
        if real is not None:
            self._write("real", real)

    def tick(self, tick: Tick) -> None:
        """Write each picture of the tick."""
        for name, picture in tick.pictures.items():
            self._write(f"{name}-{tick.progress.kimg:010.3f}kimg", picture)

    def end(self, outcome: Outcome) -> None:
        """Nothing is open."""

    def _write(self, stem: str, picture: Picture) -> None:
        pixels = draw(picture, self._real)
        if pixels is None:
            shape = tuple(picture.data.shape)
            self._note(
                f"samples of kind '{picture.kind}', shape {shape}, cannot be drawn; no sheets are written of them"
            )
            return
        try:
            make_folder(self._folder)
            publish(png(pixels), self._folder / f"{stem}.png")
        except StorageError as error:
            if not self._refused:
                log.warning("samples/%s; the run goes on, sheets are missing", error)
            self._refused = True
        else:
            self._refused = False

    def _note(self, sentence: str) -> None:
        if sentence not in self._noted:
            log.warning("%s", sentence)
        self._noted.add(sentence)
