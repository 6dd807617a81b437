"""Every component does what its kind must."""

import torch
from ganlab_dvdgan import ClipResNet, ConvGru, MovingDigits, MovingLayers, MovingShapes, NextFrames, Prediction, Video

import ganlab
import ganlab.testing
from ganlab import Field, GeneratorShapes, ViewShapes
from ganlab.plugins import Plugins

CLIP = Field("video", (3, 3, 16, 16))
LATENT = Field("latent", (8,))
LABEL = Field("category", cardinality=3)


class Networks(ganlab.Architecture):
    """As the recipes have them, small."""

    def generator(self, shapes):
        return ConvGru(width=4, depth=1).generator(shapes)

    def discriminator(self, shapes):
        if shapes.data.kind == "video":
            return ClipResNet(width=4).discriminator(shapes)
        return Plugins().find("architectures", "dcgan").create(width=4, norm="none").discriminator(shapes)


class TestMovingShapes(ganlab.testing.DatasetConformance):
    def make(self):
        return MovingShapes(samples=24, held_out=12)


class TestMovingDigits(ganlab.testing.DatasetConformance):
    def make(self):
        return MovingDigits(samples=24, held_out=12, frames=4)


class TestConvGru(ganlab.testing.ArchitectureConformance):
    generators = (
        GeneratorShapes({"latent": LATENT}, {"video": CLIP}),
        GeneratorShapes({"latent": LATENT, "label": LABEL}, {"video": CLIP}),
        GeneratorShapes({"given": Field("video", (2, 3, 16, 16)), "latent": LATENT, "label": LABEL}, {"video": CLIP}),
    )
    discriminators = ()

    def make(self):
        return ConvGru(width=4)


class TestConvGruThatMoves(TestConvGru):
    def make(self):
        return ConvGru(width=4, depth=1, moved=True)


class TestConvGruOfFrames(ganlab.testing.ArchitectureConformance):
    generators = (GeneratorShapes({"given": Field("video", (2, 3, 16, 16))}, {"video": CLIP}),)
    discriminators = ()

    def make(self):
        return ConvGru(width=4, depth=1, norm="none", moved=True, spectral_norm=False)

    def test_no_parameter_is_idle(self):
        network = self._generator(self.generators[0])
        torch.nn.init.normal_(network.leave.weight)  # it begins with zeros
        network(torch.rand(2, 2, 3, 16, 16)).sum().backward()
        assert all(each.grad is not None for each in network.parameters())


class TestMovingLayers(ganlab.testing.ArchitectureConformance):
    generators = (
        GeneratorShapes({"latent": LATENT}, {"video": CLIP}),
        GeneratorShapes({"latent": LATENT, "label": LABEL}, {"video": CLIP}),
    )
    discriminators = ()

    def make(self):
        return MovingLayers(width=4, layers=2, halved=1)


class TestClipResNet(ganlab.testing.ArchitectureConformance):
    generators = ()
    discriminators = (ViewShapes(CLIP), ViewShapes(CLIP, LABEL), ViewShapes(Field("video", (3, 3, 32, 32))))

    def make(self):
        return ClipResNet(width=4)


class TestVideo(ganlab.testing.TaskConformance):
    def make(self, fields):
        return Video(fields, latent_size=4, judged=2)

    def dataset(self):
        return MovingShapes(samples=12, held_out=12)

    def architecture(self):
        return Networks()


class TestVideoOfAClass(TestVideo):
    def make(self, fields):
        return Video(fields, latent_size=4, conditional=True)


class TestNextFrames(TestVideo):
    def make(self, fields):
        return NextFrames(fields, judged=1)

    def test_conditions_are_all_a_user_needs_to_give(self):
        task, networks, _, _ = self.played()
        batch = ganlab.Batch({"given": self.batch()["video"][:, :2]}, 6)
        made = task.generate(networks, task.draw(batch, ganlab.testing.ToyRandom(6)))
        assert made["video"].shape == (6, 2, 3, 16, 16)


class TestPrediction(ganlab.testing.DiagnosticConformance):
    def make(self):
        return Prediction(count=8)

    def look(self):
        dataset = MovingShapes(samples=12, held_out=12)
        return ganlab.testing.ToyLook(task=NextFrames(dataset.fields), dataset=dataset, architecture=Networks())


def test_ganlab_finds_all_of_them():
    plugins = Plugins()
    for kind, name in {
        "tasks": "video",
        "datasets": "moving-digits",
        "architectures": "conv-gru",
        "diagnostics": "prediction",
        "recipes": "next-frames",
    }.items():
        assert plugins.find(kind, name).origin.distribution == "ganlab-dvdgan"
