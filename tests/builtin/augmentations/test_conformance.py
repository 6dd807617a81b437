"""Every built-in augmentation keeps what `ganlab.testing` asks of a stranger's."""

from __future__ import annotations

from ganlab.builtin.augmentations.ada import Ada
from ganlab.builtin.augmentations.diff_augment import DiffAugment
from ganlab.builtin.augmentations.image_pool import ImagePool
from ganlab.builtin.augmentations.instance_noise import InstanceNoise
from ganlab.testing import AugmentationConformance


class TestDiffAugment(AugmentationConformance):
    def make(self):
        return DiffAugment()


class TestAda(AugmentationConformance):
    def make(self):
        return Ada(probability=0.8, parts=("pixels", "geometry", "color", "noise", "cutout"))


class TestInstanceNoise(AugmentationConformance):
    def make(self):
        return InstanceNoise()


class TestInstanceNoiseOnPoints(AugmentationConformance):
    shape = (2,)

    def make(self):
        return InstanceNoise()


class TestImagePool(AugmentationConformance):
    differentiable = False

    def make(self):
        return ImagePool(size=4)
