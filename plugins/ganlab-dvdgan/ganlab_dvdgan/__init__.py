"""DVD-GAN for ganlab: clips from noise, and the next frames of a clip (Clark et al. 2019, arXiv:1907.06571)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import ganlab
from ganlab_dvdgan.architectures import ClipResNet, ConvGru, MovingLayers
from ganlab_dvdgan.films import ganlab_find_writer, ganlab_read_given
from ganlab_dvdgan.moving_digits import MovingDigits
from ganlab_dvdgan.moving_shapes import MovingShapes
from ganlab_dvdgan.prediction import Prediction
from ganlab_dvdgan.tasks import NextFrames, Video
from ganlab_dvdgan.video_folder import VideoFolder

__all__ = ["ganlab_find_writer", "ganlab_read_given"]


@ganlab.hookimpl
def ganlab_register_tasks() -> Mapping[str, Callable[..., ganlab.Task]]:
    """`video` and `next-frames`."""
    return {"video": Video, "next-frames": NextFrames}


@ganlab.hookimpl
def ganlab_register_datasets() -> Mapping[str, Callable[..., ganlab.Dataset]]:
    """Clips: drawn, of real digits, and of anybody's."""
    return {"moving-shapes": MovingShapes, "moving-digits": MovingDigits, "video-folder": VideoFolder}


@ganlab.hookimpl
def ganlab_register_architectures() -> Mapping[str, Callable[..., ganlab.Architecture]]:
    """The generators and the temporal discriminator; the spatial one is any of images."""
    return {"conv-gru": ConvGru, "moving-layers": MovingLayers, "clip-resnet": ClipResNet}


@ganlab.hookimpl
def ganlab_register_diagnostics() -> Mapping[str, Callable[..., ganlab.Diagnostic]]:
    """How good predictions are."""
    return {"prediction": Prediction}


@ganlab.hookimpl
def ganlab_register_recipes() -> Mapping[str, Path]:
    """Every .toml file in `recipes`."""
    return {path.stem: path for path in (Path(__file__).parent / "recipes").glob("*.toml")}
