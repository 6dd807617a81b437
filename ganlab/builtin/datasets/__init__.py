"""Where real samples come from: scikit-learn's digits, mixtures of Gaussians, folders of pictures, arrays.

Each dataset is one file; scenes, corridor, ground-plane, mirrored and joint-parts are drawn by rules whose truth is
known. What several share is named for what it is: `resident` holds tensors in memory, `drawn` those that `drawing`
drew, `splitting` parts training from held-out samples, `folder` says what lies in a folder and `reaching` gets at it,
`opening` turns a file into a picture and `decoding` into what was asked for, `scanning` looks at all files once,
`manifest` remembers what was found, `samples` makes samples of files, `streaming` reads them again when they do not fit
in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import ganlab


@ganlab.hookimpl
def ganlab_register_datasets() -> Mapping[str, Callable[..., ganlab.Dataset]]:
    """The built-in datasets."""
    from ganlab.builtin.datasets.corridor import corridor
    from ganlab.builtin.datasets.digits import Digits
    from ganlab.builtin.datasets.ground_plane import ground_plane
    from ganlab.builtin.datasets.image_folder import ImageFolder
    from ganlab.builtin.datasets.joint_parts import joint_parts
    from ganlab.builtin.datasets.mirrored import mirrored
    from ganlab.builtin.datasets.mixtures import grid, ring
    from ganlab.builtin.datasets.npz import Npz
    from ganlab.builtin.datasets.paired_folder import PairedFolder
    from ganlab.builtin.datasets.photographs import Photographs
    from ganlab.builtin.datasets.scenes import scenes
    from ganlab.builtin.datasets.stacked_digits import StackedDigits

    return {
        "corridor": corridor,
        "digits": Digits,
        "grid": grid,
        "ground-plane": ground_plane,
        "image-folder": ImageFolder,
        "joint-parts": joint_parts,
        "mirrored": mirrored,
        "npz": Npz,
        "paired-folder": PairedFolder,
        "photographs": Photographs,
        "ring": ring,
        "scenes": scenes,
        "stacked-digits": StackedDigits,
    }


@ganlab.hookimpl
def ganlab_check_data(path: Path) -> ganlab.DataReport | None:
    """Folders of pictures, and .npz files."""
    if os.path.isdir(path):
        from ganlab.builtin.datasets.checking import check_folder

        return check_folder(path)
    if path.suffix.lower() != ".npz" or not os.path.exists(path):
        return None
    from ganlab.builtin.datasets.checking_npz import check_npz

    return check_npz(path)
