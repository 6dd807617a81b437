"""Arrays in a NumPy .npz file: pictures in any usual order of axes, or points, with labels if there are some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Option

from ganlab import DataError, Dataset, Field, RecipeError
from ganlab.builtin.datasets import options
from ganlab.builtin.datasets.options import Extent, Share

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ganlab.builtin.datasets.resident import InMemory

Layout = Literal["auto", "nhw", "nhwc", "nchw", "points"]
Finite = Annotated[float, Option(allow_inf_nan=False)]

AXES = {"nhw": 3, "nhwc": 4, "nchw": 4, "points": 2}
MOST_CLASSES = 1_000_000


class Npz(Dataset):
    """Field `image` (C, H, W), or `point` (D,) for an array (N, D), and `label` if an array of labels is named.

    `array`: its name; may be left out if the file holds only one beside `labels`. `layout`: the order of the axes;
    "auto" reads (N, D) as points, (N, H, W) as grey pictures, and (N, H, W, C) or (N, C, H, W) by which axis is 1, 3 or
    4 long. `value_range`: the lowest and the highest value, which become -1 and 1; left out, bytes are 0..255, 16-bit
    numbers 0..65535, truth values black and white, floating-point pictures -1..1, and points stay as they are.
    `labels`: whole numbers from 0, or names. `crop` and `flip` are those of image-folder. Of each class every
    (1/held_out)-th sample is held out. `memory_mib`: the most an array may claim to hold.
    """

    train: InMemory
    held_out: InMemory

    def __init__(
        self,
        *,
        path: str,
        array: str | None = None,
        layout: Layout = "auto",
        value_range: tuple[Finite, Finite] | None = None,
        labels: str | None = None,
        crop: Extent | None = None,
        flip: bool = False,
        held_out: Share = 0.1,
        memory_mib: Annotated[int, Option(ge=1, le=2**24)] = 4096,
    ) -> None:
        import torch

        from ganlab.builtin.datasets.archive import Archive
        from ganlab.builtin.datasets.resident import InMemory
        from ganlab.builtin.datasets.splitting import evenly

        if value_range and value_range[0] >= value_range[1]:
            raise RecipeError(f"value_range = {list(value_range)} is not a range; give the lowest value first")
        archive = Archive(options.place(path), memory_mib << 20)
        name = array or archive.only(labels)
        where = f"array '{name}' of {archive}"
        values = archive.read(name)
        order = layout if layout != "auto" else _layout(values.shape, where)
        if values.ndim != AXES[order] or 0 in values.shape:
            raise DataError(f"{where} has the shape {values.shape}, which is not layout '{order}'; set another layout")

        movement = options.movement(None, crop, flip)
        if order == "points" and (crop or flip):
            raise RecipeError(f"{where} holds points, which have no crop and no flip; leave both out")
        field = "point" if order == "points" else "image"
        samples = _arranged(torch.from_numpy(_values(values, value_range, order == "points", where)), order)
        if movement.crop and any(window > side for window, side in zip(movement.crop, samples.shape[2:], strict=True)):
            raise DataError(f"crop = {crop} does not fit into pictures of {tuple(samples.shape[2:])} in {where}")
        shape = tuple(samples.shape[1:]) if not movement.crop else (samples.shape[1], *movement.crop)
        self.fields = {field: Field(field, shape)}
        tensors = {field: samples}
        if labels is not None:
            tensors["label"], names = _labels(archive.read(labels), len(samples), f"array '{labels}' of {archive}")
            cardinality = int(tensors["label"].max()) + 1
            self.fields["label"] = Field("category", cardinality=cardinality, names=names)

        sides = evenly(tensors.get("label", torch.zeros(len(samples), dtype=torch.int64)), held_out)
        if not all(len(side) for side in sides):
            raise DataError(f"{where} has {len(samples)} samples, too few to hold out {held_out:g} of each class")
        moved = () if order == "points" else (field,)
        self.train, self.held_out = (
            InMemory({key: tensor[side] for key, tensor in tensors.items()}, movement, moved) for side in sides
        )

    def fingerprint(self) -> str:
        from ganlab.builtin.datasets.resident import fingerprint

        return fingerprint(self.train.tensors, self.held_out.tensors)


def _layout(shape: tuple[int, ...], where: str) -> Layout:
    if len(shape) == 2:
        return "points"
    if len(shape) == 3:
        return "nhw"
    if len(shape) == 4:
        last, second = shape[3] in (1, 3, 4), shape[1] in (1, 3, 4)
        if last != second:
            return "nhwc" if last else "nchw"
    raise DataError(f"{where} has the shape {shape}, whose axes cannot be told apart; set layout = 'nhwc' or 'nchw'")


def _arranged(samples: Tensor, order: str) -> Tensor:
    if order == "nhw":
        return samples[:, None]
    return samples.permute(0, 3, 1, 2).contiguous() if order == "nhwc" else samples


def _values(
    values: np.ndarray[Any, Any], value_range: tuple[float, float] | None, points: bool, where: str
) -> np.ndarray[Any, Any]:
    """Bytes as they are, everything else as float32: pictures in [-1, 1]."""
    import numpy as np

    if values.dtype.kind not in "buif":
        raise DataError(f"{where} holds {values.dtype}; expected numbers")
    if not (finite := np.isfinite(values)).all():
        raise DataError(f"{where} holds {int((~finite).sum())} values that are NaN or infinite; remove those samples")
    if value_range:
        low, high = value_range
        if values.min() < low or values.max() > high:
            seen = f"{values.min():g} to {values.max():g}"
            raise DataError(f"{where} runs from {seen}, outside value_range = [{low:g}, {high:g}]; set it to fit")
        return ((values.astype(np.float64) - low) * (2 / (high - low)) - 1).astype(np.float32)
    if points:
        return values.astype(np.float32)
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.uint16:
        return (values / 32767.5 - 1).astype(np.float32)
    if values.dtype.kind != "f" or values.min() >= 0 or values.min() < -1.001 or values.max() > 1.001:
        raise DataError(
            f"{where} holds {values.dtype} from {values.min():g} to {values.max():g}, so black and white are "
            "unknown; set value_range = [lowest, highest]"
        )
    return values.astype(np.float32)


def _labels(values: np.ndarray[Any, Any], count: int, where: str) -> tuple[Tensor, tuple[str, ...]]:
    import numpy as np
    import torch

    values = values.reshape(-1) if values.shape == (count, 1) else values
    if values.shape != (count,):
        raise DataError(f"{where} has the shape {values.shape}; expected one label for each of {count} samples")
    if values.dtype.kind in "US":
        names, numbers = np.unique(values.astype(np.str_), return_inverse=True)
        return torch.from_numpy(numbers.astype(np.int64)), tuple(map(str, names))
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= MOST_CLASSES:
        seen = f"{values.dtype} from {values.min()} to {values.max()}"
        raise DataError(f"{where} holds {seen}; expected whole numbers from 0, or names")
    return torch.from_numpy(values.astype(np.int64)), ()
