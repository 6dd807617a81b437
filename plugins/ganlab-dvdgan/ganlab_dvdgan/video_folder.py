"""`video-folder`: anybody's clips. Folders of numbered frames, animated GIFs, and with PyAV MP4, AVI and the like.

`CLASS/VIDEO/000001.jpg` or `CLASS/VIDEO.gif`, as UCF-101 and Kinetics are laid out; the classes may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import DataError, Dataset, Field

if TYPE_CHECKING:
    from ganlab_dvdgan.clips import Clips
    from ganlab_dvdgan.decoding import Video

Count = Annotated[int, Option(ge=1, le=1_000_000)]
Side = Annotated[int, Option(ge=1, le=4096)]

NAMED = 3
"""How many names an error gives for each reason."""


class VideoFolder(Dataset):
    """Field `video` (frames, channels, H, W), and where all videos lie in two folders or more `label`, the first one.

    A clip is every `step`-th of so many `frames`, and the next begins `stride` frames later, after its last frame if
    left out. `size`: the size frames get, by `resize`: "crop" takes the largest window of that shape from the middle,
    "stretch" scales each side for itself. Whole videos are held out, that `share` of them with the smallest SHA-256.
    More than `max_bad` videos that are broken or too short are an error that lists them. All frames stay in memory, as
    bytes, in at most `memory_mib`.
    """

    train: Clips
    held_out: Clips

    def __init__(
        self,
        *,
        path: str,
        frames: Annotated[int, Option(ge=2, le=10_000)] = 16,
        step: Count = 1,
        stride: Count | None = None,
        size: Side | tuple[Side, Side] | None = None,
        resize: Literal["crop", "stretch"] = "crop",
        channels: Literal[1, 3] = 3,
        labels: Literal["auto", "none"] = "auto",
        share: Annotated[float, Option(gt=0, lt=1)] = 0.1,
        memory_mib: Count = 4096,
        max_bad: Annotated[int, Option(ge=0)] = 0,
    ) -> None:
        from ganlab_dvdgan.decoding import Form, read_videos

        span = (frames - 1) * step + 1
        form = Form(channels, (size, size) if isinstance(size, int) else size, resize)
        videos, bad = read_videos(path, form, span, memory_mib << 20)
        refuse(path, videos, bad, max_bad)
        same_size(path, videos)
        shape = (frames, *videos[0].frames.shape[1:])
        self.fields = {"video": Field("video", shape)}
        folders = [each.name.split("/")[0] if "/" in each.name else "" for each in videos]
        classes: tuple[str, ...] = ()
        if labels == "auto" and all(folders) and len(set(folders)) > 1:
            classes = tuple(dict.fromkeys(folders))
            self.fields["label"] = Field("category", cardinality=len(classes), names=classes)
        numbers = [classes.index(each) if classes else None for each in folders]
        train, held_out = apart(videos, share)
        self.train = joined(videos, numbers, train, frames, step, stride or span)
        self.held_out = joined(videos, numbers, held_out, frames, step, stride or span)

    def fingerprint(self) -> str:
        from ganlab_dvdgan.clips import fingerprint

        return fingerprint(self.train, self.held_out)


def refuse(path: str, videos: Sequence[Video], bad: dict[str, list[str]], most: int) -> None:
    """Raise `DataError`, in one line, if too much cannot be used, or if nothing is left."""
    count = sum(map(len, bad.values()))
    told = ", ".join(
        f"{len(names)} {reason} ({', '.join(names[:NAMED])}{' and more' if len(names) > NAMED else ''})"
        for reason, names in bad.items()
    )
    if count > most or (count and not videos):
        advice = f"mend or remove them, or set max_bad = {count}" if videos else "take others, or fewer frames"
        raise DataError(f"{count} of {count + len(videos)} videos in '{path}' cannot be used: {told}; {advice}")
    if len(videos) < 2:
        raise DataError(
            f"'{path}' holds {len(videos)} videos, expected two or more, so that one is held out: folders of frames, "
            "GIFs, or with PyAV MP4s and the like"
        )


def same_size(path: str, videos: Sequence[Video]) -> None:
    """Raise `DataError` if frames cannot be stacked."""
    sizes = sorted({tuple(each.frames.shape[2:]) for each in videos})
    if len(sizes) > 1:
        told = ", ".join(f"{height} x {width}" for height, width in sizes[:NAMED])
        raise DataError(f"videos in '{path}' differ in size: {told}{' and more' * (len(sizes) > NAMED)}; set size")


def apart(videos: Sequence[Video], share: float) -> tuple[list[int], list[int]]:
    """Which videos are trained on, and which are held out: one at least, and copies stay together."""
    order = sorted(range(len(videos)), key=lambda each: videos[each].digest)
    count = max(1, int(len(order) * share))
    while count < len(order) - 1 and videos[order[count]].digest == videos[order[count - 1]].digest:
        count += 1
    return sorted(order[count:]), sorted(order[:count])


def joined(
    videos: Sequence[Video], numbers: Sequence[int | None], chosen: Sequence[int], frames: int, step: int, stride: int
) -> Clips:
    """The clips of some videos."""
    import torch

    from ganlab_dvdgan.clips import Clips

    span, place = (frames - 1) * step + 1, 0
    starts: list[int] = []
    labels: list[int | None] = []
    for each in chosen:
        length = len(videos[each].frames)
        first = range(place, place + length - span + 1, stride)
        starts += first
        labels += [numbers[each]] * len(first)
        place += length
    beside = {} if None in labels else {"label": torch.tensor(labels)}
    return Clips(torch.cat([videos[each].frames for each in chosen]), torch.tensor(starts), frames, step, beside)
