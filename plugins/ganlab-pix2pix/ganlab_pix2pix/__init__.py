"""From pictures to pictures: what ganlab's tasks `paired` and `unpaired` need to be pix2pix and CycleGAN, measured.

`labels-texture` is drawn, and its labels can be read back; `translation` measures held-out pairs; the recipes train in
minutes on a CPU, or with the papers' settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import ganlab


@ganlab.hookimpl
def ganlab_register_datasets() -> Mapping[str, Callable[..., ganlab.Dataset]]:
    from ganlab_pix2pix.labels_texture import LabelsTexture

    return {"labels-texture": LabelsTexture}


@ganlab.hookimpl
def ganlab_register_diagnostics() -> Mapping[str, Callable[..., ganlab.Diagnostic]]:
    from ganlab_pix2pix.translation import Translation

    return {"translation": Translation}


@ganlab.hookimpl
def ganlab_register_recipes() -> Mapping[str, Path]:
    return {path.stem: path for path in (Path(__file__).parent / "recipes").glob("*.toml")}
