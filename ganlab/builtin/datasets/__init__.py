"""Where real samples come from: scikit-learn's digits, mixtures of Gaussians, folders of pictures, arrays.

Each dataset is one file. What several share is named for what it is: `resident` holds tensors in memory, `splitting`
parts training from held-out samples.
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

    return {"digits": Digits, "ring": ring, "grid": grid, "image-folder": ImageFolder}
