"""Shipped to plugin authors: what every plugin of a kind must do, as test classes, and toys to try one on.

Subclass the class of your kind, say how your plugin is made, and pytest does the rest:

    class TestMyLoss(ganlab.testing.LossConformance):
        def make(self):
            return MyLoss()

Attributes and further methods say more where the defaults do not fit. Nothing here needs a dataset, a run or a GPU.
"""

from ganlab.testing.architectures import ArchitectureConformance
from ganlab.testing.augmentations import AugmentationConformance
from ganlab.testing.datasets import DatasetConformance
from ganlab.testing.features import FeaturesConformance
from ganlab.testing.losses import LossConformance
from ganlab.testing.reporters import ReporterConformance
from ganlab.testing.tasks import TaskConformance
from ganlab.testing.terms import TermConformance
from ganlab.testing.toy_look import ToyLook
from ganlab.testing.toy_turn import ToyTurn
from ganlab.testing.toys import ToyArchitecture, ToyDataset, ToyRandom, ToySource, ToyTask, build_networks
from ganlab.testing.watch import DiagnosticConformance, InterventionConformance, MonitorConformance

__all__ = [
    "ArchitectureConformance",
    "AugmentationConformance",
    "DatasetConformance",
    "DiagnosticConformance",
    "FeaturesConformance",
    "InterventionConformance",
    "LossConformance",
    "MonitorConformance",
    "ReporterConformance",
    "TaskConformance",
    "TermConformance",
    "ToyArchitecture",
    "ToyDataset",
    "ToyLook",
    "ToyRandom",
    "ToySource",
    "ToyTask",
    "ToyTurn",
    "build_networks",
]
