"""Tasks: from noise, from a class, from a paired picture, between two kinds of picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.tasks.class_conditional import ClassConditional
from ganlab.builtin.tasks.paired import Paired
from ganlab.builtin.tasks.unconditional import Unconditional
from ganlab.builtin.tasks.unpaired import Unpaired


@ganlab.hookimpl
def ganlab_register_tasks() -> Mapping[str, Callable[..., ganlab.Task]]:
    """The built-in tasks by name."""
    return {
        "class-conditional": ClassConditional,
        "paired": Paired,
        "unconditional": Unconditional,
        "unpaired": Unpaired,
    }
