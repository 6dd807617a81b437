"""Logs of other programs, read as far as they can be: StyleGAN2-ADA and 3, StudioGAN, and any TensorBoard directory.

Each format is one file. `opening` reads files that may be cut, spoilt or no files at all, `course` puts the lives of a
run that was interrupted one behind the other, `tags` recognises what a tag means.
"""

from __future__ import annotations

import os
from pathlib import Path

import ganlab


@ganlab.hookimpl
def ganlab_read_run(path: Path, options: ganlab.ReadOptions) -> ganlab.ForeignRun | None:
    """The format that fits, the one that tells most first: StyleGAN writes events too."""
    if not os.path.exists(path):
        return None
    from ganlab.builtin.foreign_runs import events, studiogan, stylegan

    readers = (stylegan.read, events.read, studiogan.read)
    return next((found for reader in readers if (found := reader(path, options)) is not None), None)
