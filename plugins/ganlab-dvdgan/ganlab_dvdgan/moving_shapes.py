"""`moving-shapes`: coloured shapes that fly, bounce off the walls and pass over one another; what is true is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Dataset, Field, RecipeError, Truth

if TYPE_CHECKING:
    from ganlab_dvdgan.clips import Clips

Kind = Literal["disc", "square", "triangle"]
Count = Annotated[int, Option(ge=1, le=10_000_000)]
Length = Annotated[float, Option(gt=0, le=0.5)]

DRAWN_AT_ONCE = 256

LEAST_PIXELS = 2.0
"""A smaller radius, in pixels, leaves too little of an outline to tell a square from a disc."""


class MovingShapes(Dataset):
    """Field `video` (frames, 3, size, size), and `label`, the kind of shape, where there is one shape of several kinds.

    `shapes` of a clip have a colour each, of six, and any of `kinds`; `radius` in widths of the frame, `slowest` to
    `fastest` in widths a frame. The truth reads colour, kind and place of every shape of every frame.
    """

    truth: Truth
    train: Clips
    held_out: Clips

    def __init__(
        self,
        *,
        size: Annotated[int, Option(ge=8, le=256)] = 16,
        frames: Annotated[int, Option(ge=2, le=1024)] = 4,
        shapes: Annotated[int, Option(ge=1, le=6)] = 1,
        kinds: Annotated[tuple[Kind, ...], Option(min_length=1)] = ("disc", "square", "triangle"),
        radius: Length = 0.16,
        slowest: Length = 0.0625,
        fastest: Length = 0.125,
        samples: Count = 10_000,
        held_out: Count = 1_000,
        seed: Annotated[int, Option(ge=0, lt=2**31)] = 0,
    ) -> None:
        import torch

        from ganlab_dvdgan.clips import Clips
        from ganlab_dvdgan.rendering import KINDS, MARGIN
        from ganlab_dvdgan.shapes_truth import ShapesTruth

        if slowest > fastest:
            raise RecipeError(f"slowest = {slowest:g} is more than fastest = {fastest:g}; take a smaller slowest")
        if radius * size < LEAST_PIXELS:
            raise RecipeError(
                f"radius = {radius:g} is {radius * size:.1f} pixels of {size}; expected {LEAST_PIXELS:g} at least, so "
                f"that a shape can be told: radius = {LEAST_PIXELS / size:g} or a larger size"
            )
        if fastest > 1 - 2 * MARGIN * radius:
            raise RecipeError(
                f"radius = {radius:g} leaves {1 - 2 * MARGIN * radius:.2f} of the width to move in, less than "
                f"fastest = {fastest:g}; take a smaller radius or fastest"
            )
        numbers = sorted({KINDS.index(each) for each in kinds})
        truth = ShapesTruth(size, shapes, numbers, radius, (slowest, fastest))
        self.truth = truth
        self.fields = {"video": Field("video", (frames, 3, size, size))}
        names = tuple(KINDS[each] for each in numbers)
        if shapes == 1 and len(names) > 1:
            self.fields["label"] = Field("category", cardinality=len(names), names=names)
        generator = torch.Generator().manual_seed(seed)
        block, labels = truth.drawn_bytes(samples + held_out, frames, generator)
        beside = {"label": labels} if "label" in self.fields else {}
        block = block.flatten(0, 1)

        def part(first: int, last: int) -> Clips:
            starts = torch.arange(last - first) * frames
            return Clips(
                block[first * frames : last * frames],
                starts,
                frames,
                beside={name: values[first:last] for name, values in beside.items()},
            )

        self.train, self.held_out = part(0, samples), part(samples, samples + held_out)

    def fingerprint(self) -> str:
        from ganlab_dvdgan.clips import fingerprint

        return fingerprint(self.train, self.held_out)
