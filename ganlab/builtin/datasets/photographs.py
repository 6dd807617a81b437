"""Patches of real photographs that come with scikit-learn and scikit-image: natural pictures without a download.

Few photographs, many patches: enough to train on texture and colour, and for tasks that turn edges or grey into
colour. Held-out patches come from photographs of which no patch is trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Dataset, Field

if TYPE_CHECKING:
    from ganlab.builtin.datasets.resident import InMemory

Look = Literal["colour", "grey", "edges"]
Count = Annotated[int, Option(ge=1, le=10_000_000)]

TRAINING = {
    "scenes": ("china.jpg", "astronaut.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"),
    "science": ("ihc.png", "retina.jpg"),
}
HELD_OUT = {
    "scenes": ("flower.jpg", "chelsea.png"),
    "science": ("hubble_deep_field.jpg",),
}


class Photographs(Dataset):
    """Field `image` (channels, size, size), or with `pairs` the fields `target` (in colour) and `source`.

    `size`: side of a patch. `shrink`: each photograph is first reduced by this factor, so that a patch shows more.
    `subjects`: "scenes" (a temple, an astronaut, coffee, a rocket, a motorcycle; held out: a flower, a cat) or "all",
    with stained tissue and a retina (held out: galaxies). `look`: what `image` shows. `pairs`: what `source` shows of
    the target. Colour has 3 channels; grey (BT.601 luma) and edges (Canny, black on white) have 1. Positions are drawn
    with `seed`, photographs as often as they are large; a patch whose grey levels (0..255) have a standard deviation
    below `least_contrast` is drawn again. `flip`: half of the training patches are mirrored.
    """

    train: InMemory
    held_out: InMemory

    def __init__(
        self,
        *,
        size: Annotated[int, Option(ge=8, le=256)] = 32,
        patches: Count = 10_000,
        held_out: Count = 2_000,
        subjects: Literal["scenes", "all"] = "scenes",
        shrink: Annotated[int, Option(ge=1, le=8)] = 1,
        look: Look = "colour",
        pairs: Literal["edges", "grey"] | None = None,
        least_contrast: Annotated[float, Option(ge=0, le=100)] = 16.0,
        flip: bool = False,
        seed: Annotated[int, Option(ge=0, lt=2**31)] = 0,
    ) -> None:
        import torch

        from ganlab.builtin.datasets import patches as of
        from ganlab.builtin.datasets.movement import Movement
        from ganlab.builtin.datasets.resident import InMemory

        looks: dict[str, Look] = {"target": "colour", "source": pairs} if pairs else {"image": look}
        generator = torch.Generator().manual_seed(seed)

        def draw(names: Mapping[str, tuple[str, ...]], count: int) -> InMemory:
            chosen = names["scenes"] + (names["science"] if subjects == "all" else ())
            photographs = [of.photograph(name, shrink) for name in chosen]
            places = of.places(photographs, size, count, least_contrast, generator)
            tensors = {
                field: of.cut([of.LOOKS[kind](each) for each in photographs], places, size)
                for field, kind in looks.items()
            }
            return InMemory(tensors, Movement(flip=flip), tuple(tensors))

        self.train, self.held_out = draw(TRAINING, patches), draw(HELD_OUT, held_out)
        self.fields = {name: Field("image", tuple(tensor.shape[1:])) for name, tensor in self.train.tensors.items()}

    def fingerprint(self) -> str:
        from ganlab.builtin.datasets.resident import fingerprint

        return fingerprint(self.train.tensors, self.held_out.tensors)
