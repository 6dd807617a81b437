"""Videos of anybody's: what is there is read, what is not is said in a line."""

import pytest
import torch
from ganlab_dvdgan import VideoFolder
from ganlab_dvdgan.films import write_film
from PIL import Image

import ganlab
import ganlab.testing


def frames(folder, count, size=(20, 12), shade=0):
    folder.mkdir(parents=True)
    for each in range(count):
        Image.new("RGB", size, (20 * each, shade, 255)).save(folder / f"{each:06d}.png")


@pytest.fixture
def root(tmp_path):
    for shade, name in enumerate(("run/a", "run/b", "walk/c", "walk/d")):
        frames(tmp_path / name, 9, shade=40 * shade)
    return tmp_path


class TestVideoFolder(ganlab.testing.DatasetConformance):
    @pytest.fixture(autouse=True)
    def folder(self, root):
        self.root = root

    def make(self):
        return VideoFolder(path=str(self.root), frames=3)


def test_folders_of_frames_are_clips_of_a_class(root):
    dataset = VideoFolder(path=str(root), frames=3, size=(6, 10), resize="stretch")
    assert dataset.fields["video"].shape == (3, 3, 6, 10)
    assert dataset.fields["label"].names == ("run", "walk")
    assert (len(dataset.train), len(dataset.held_out)) == (9, 3)
    clip = dataset.train.rows(torch.tensor([1]), None)["video"][0]
    assert clip[:, 0, 0, 0].tolist() == pytest.approx([level / 127.5 - 1 for level in (60, 80, 100)])


def test_steps_and_strides_choose_frames(root):
    dataset = VideoFolder(path=str(root), frames=3, step=2, stride=1, channels=1, labels="none")
    assert list(dataset.fields) == ["video"]
    assert len(dataset.train) + len(dataset.held_out) == 4 * 5


def test_a_gif_and_a_film_are_videos_too(tmp_path):
    pytest.importorskip("av")
    shades = [Image.new("RGB", (16, 16), (30 * each, 0, 0)) for each in range(4)]
    shades[0].save(tmp_path / "a.gif", save_all=True, append_images=shades[1:])
    write_film(tmp_path / "b.avi", torch.full((4, 3, 16, 16), 90, dtype=torch.uint8))
    dataset = VideoFolder(path=str(tmp_path), frames=4)
    assert (len(dataset.train), len(dataset.held_out)) == (1, 1)


def test_grey_where_colour_was_asked_for_is_read_as_colour(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        for each in range(2):
            Image.new("L", (8, 8), 100 + 20 * each + ord(name)).save(tmp_path / name / f"{each}.png")
    video = VideoFolder(path=str(tmp_path), frames=2).train.rows(torch.tensor([0]), None)["video"]
    assert video.shape == (1, 2, 3, 8, 8)
    assert torch.equal(video[:, :, 0], video[:, :, 2])


def short(root):
    frames(root / "walk/short", 2)


def broken_frame(root):
    (root / "run/a/000003.png").write_bytes(b"\x89PNG\r\n\x1a\n")


def broken_film(root):
    (root / "run/film.mp4").write_bytes(b"nothing of the kind")


def sizes(root):
    frames(root / "run/large", 9, size=(30, 12))


def lonely(root):
    for name in ("run/a", "run/b", "walk/c"):
        for each in (root / name).iterdir():
            each.unlink()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (short, "1 shorter than 3 frames (walk/short)"),
        (broken_frame, "1 broken (run/a)"),
        (broken_film, "run/film.mp4"),
        (sizes, "12 x 20, 12 x 30; set size"),
        (lonely, "expected two or more"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line(root, spoil, told):
    spoil(root)
    with pytest.raises(ganlab.DataError) as error:
        VideoFolder(path=str(root), frames=3)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_so_many_bad_ones_are_allowed(root):
    short(root)
    assert len(VideoFolder(path=str(root), frames=3, max_bad=1).train) > 0


def test_no_folder_and_too_much_memory_are_said(root):
    with pytest.raises(ganlab.DataError, match="no folder"):
        VideoFolder(path=str(root / "none"), frames=3)
    frames(root / "run/huge", 2, size=(800, 800))
    with pytest.raises(ganlab.DataError, match="memory_mib"):
        VideoFolder(path=str(root), frames=2, memory_mib=1)
