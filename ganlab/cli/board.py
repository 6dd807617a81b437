"""`ganlab board`: TensorBoard, told to keep every picture and text, on this machine only."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import click

from ganlab.cli import parameters
from ganlab.cli.output import say
from ganlab.errors import RecipeError

KEPT = "scalars=100000,images=2000,text=1000,histograms=500,tensors=10000"
"""Events of each kind and tag that are kept; TensorBoard keeps ten images unless told."""


@click.command("board")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), default=parameters.RUNS)
@click.option("--port", type=click.IntRange(0, 65535), help="0 for any that is free; 6006 or the next if left out.")
def command(directory: Path, port: int | None) -> None:
    """Open TensorBoard on DIR, a folder of runs or a run, until Ctrl-C."""
    if not directory.is_dir():
        raise RecipeError(f"there is no folder '{directory}'; 'ganlab run' makes one, or name another")
    url = launched(directory, port)
    say(f"{url}  (Ctrl-C ends it)")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return


def launched(directory: Path, port: int | None) -> str:
    """Start TensorBoard in a thread; its address."""
    from tensorboard import default, program

    arguments = ["tensorboard", "--logdir", str(directory), "--host", "127.0.0.1", "--samples_per_plugin", KEPT]
    board: Any = program.TensorBoard(plugins=default.get_plugins())
    board.configure(argv=arguments if port is None else [*arguments, "--port", str(port)])
    try:
        return str(board.launch())
    except program.TensorBoardServerException as error:
        raise RecipeError(f"{error.msg}; give another --port") from None
