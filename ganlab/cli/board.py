"""`ganlab board`: TensorBoard, told to keep every picture and text, on this machine only."""

from __future__ import annotations

from pathlib import Path
from threading import Event
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
@click.option("--redraw", is_flag=True, help="First write the event files of the run DIR again, from its record.")
def command(directory: Path, port: int | None, redraw: bool) -> None:
    """Open TensorBoard on DIR, a folder of runs or a run, until Ctrl-C.

    With --redraw, curves and findings come from measurements.jsonl and findings.jsonl; the event files that were there
    are kept as before-redrawing-*. Pictures are not drawn again: they lie in samples/.
    """
    if not directory.is_dir():
        raise RecipeError(f"there is no folder '{directory}'; 'ganlab run' makes one, or name another")
    if redraw:
        from ganlab.assemble.replay import redrawn
        from ganlab.assemble.run_directory import RunDirectory
        from ganlab.plugins import Plugins

        aside = redrawn(RunDirectory.find(str(directory), parameters.RUNS), Plugins())
        say(f"drawn again; kept as they were: {', '.join(aside) or 'none'}")
    url = launched(directory, port)
    say(f"{url}  (Ctrl-C ends it)")
    try:
        Event().wait()
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
