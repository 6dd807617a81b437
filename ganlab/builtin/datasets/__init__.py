"""Where real samples come from: scikit-learn's digits, mixtures of Gaussians, folders of pictures, arrays.

Each dataset is one file. What several share is named for what it is: `resident` holds tensors in memory, `splitting`
parts training from held-out samples, `folder` says what lies in a folder, `decoding` turns a file into pixels, `files`
reads all of them once and says what is wrong, `streaming` reads them again when they do not fit in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab


@ganlab.hookimpl
def ganlab_register_datasets() -> Mapping[str, Callable[..., ganlab.Dataset]]:
    """The built-in datasets."""
    from ganlab.builtin.datasets.digits import Digits
    from ganlab.builtin.datasets.image_folder import ImageFolder
    from ganlab.builtin.datasets.mixtures import grid, ring
    from ganlab.builtin.datasets.npz import Npz
    from ganlab.builtin.datasets.paired_folder import PairedFolder
    from ganlab.builtin.datasets.photographs import Photographs
    from ganlab.builtin.datasets.stacked_digits import StackedDigits

    return {
        "digits": Digits,
        "grid": grid,
        "image-folder": ImageFolder,
        "npz": Npz,
        "paired-folder": PairedFolder,
        "photographs": Photographs,
        "ring": ring,
        "stacked-digits": StackedDigits,
    }
