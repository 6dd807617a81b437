"""Augmentations: random, differentiable changes of what discriminators are shown, real and fake alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.augmentations.ada import Ada
from ganlab.builtin.augmentations.diff_augment import DiffAugment
from ganlab.builtin.augmentations.image_pool import ImagePool
from ganlab.builtin.augmentations.instance_noise import InstanceNoise


@ganlab.hookimpl
def ganlab_register_augmentations() -> Mapping[str, Callable[..., ganlab.Augmentation]]:
    return {
        "diff-augment": DiffAugment,
        "ada": Ada,
        "instance-noise": InstanceNoise,
        "image-pool": ImagePool,
    }
