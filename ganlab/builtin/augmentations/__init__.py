"""Augmentations: random, differentiable changes of what discriminators are shown, real and fake alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.augmentations.diff_augment import DiffAugment


@ganlab.hookimpl
def ganlab_register_augmentations() -> Mapping[str, Callable[..., ganlab.Augmentation]]:
    return {
        "diff-augment": DiffAugment,
    }
