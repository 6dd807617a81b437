"""Small pictures made large: SRGAN (Ledig et al. 2017, arXiv:1609.04802) and ESRGAN (Wang et al. 2018,
arXiv:1809.00219)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import ganlab
from ganlab_srgan.architectures import RRDB, SRResNet
from ganlab_srgan.content import Content
from ganlab_srgan.detail import Detail
from ganlab_srgan.diagnostic import Restoration
from ganlab_srgan.task import SuperResolution


@ganlab.hookimpl
def ganlab_register_tasks() -> dict[str, type[ganlab.Task]]:
    return {"super-resolution": SuperResolution}


@ganlab.hookimpl
def ganlab_register_architectures() -> dict[str, type[ganlab.Architecture]]:
    return {"srresnet": SRResNet, "rrdb": RRDB}


@ganlab.hookimpl
def ganlab_register_terms() -> dict[str, type[ganlab.Term]]:
    return {"content": Content}


@ganlab.hookimpl
def ganlab_register_features() -> dict[str, type[ganlab.Features]]:
    return {"detail": Detail}


@ganlab.hookimpl
def ganlab_register_diagnostics() -> dict[str, type[ganlab.Diagnostic]]:
    return {"restoration": Restoration}


@ganlab.hookimpl
def ganlab_register_recipes() -> Mapping[str, Path]:
    return {path.stem: path for path in (Path(__file__).parent / "recipes").glob("*.toml")}
