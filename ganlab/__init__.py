"""ganlab plays any adversarial game, watches it, and keeps it stable.

This is the public door of a plugin author: the hook marker, the abstract classes, the values and the errors.
Scripts that train say `from ganlab.engine import train`.
"""

from pluggy import HookimplMarker

from ganlab.errors import (
    BusyError,
    CheckpointError,
    DataError,
    DivergedError,
    GanlabError,
    OutOfMemoryError,
    PeerError,
    PluginError,
    RecipeError,
    StorageError,
)
from ganlab.interfaces.architecture import Architecture, GeneratorShapes, ViewShapes
from ganlab.interfaces.augmentation import Augmentation
from ganlab.interfaces.component import Component
from ganlab.interfaces.data_report import DataReport
from ganlab.interfaces.dataset import Dataset, Source
from ganlab.interfaces.diagnostic import Diagnostic
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.files import GivenFile, SampleWriter
from ganlab.interfaces.foreign_run import ForeignRun, ReadOptions, SeriesPoint
from ganlab.interfaces.intervention import Intervention
from ganlab.interfaces.look import Look, Part
from ganlab.interfaces.loss import Loss
from ganlab.interfaces.monitor import Monitor
from ganlab.interfaces.random import Random
from ganlab.interfaces.reporter import Reporter, RunInfo
from ganlab.interfaces.task import Task
from ganlab.interfaces.term import Term
from ganlab.interfaces.truth import Calibration, Reading, Truth
from ganlab.interfaces.turn import Turn
from ganlab.numbers import best_of, clamp_finite
from ganlab.values import (
    Action,
    Batch,
    Cadence,
    Deed,
    Ending,
    Field,
    Fields,
    Finding,
    Given,
    Measurement,
    Networks,
    Outcome,
    Picture,
    Progress,
    RollBack,
    Sample,
    ScaleLearningRate,
    ScaleWeight,
    Search,
    SetProbability,
    SetTurns,
    SetWeight,
    Severity,
    Side,
    Stop,
    Tick,
    Verdict,
    View,
    Views,
)

__version__ = "0.1.0"

hookimpl = HookimplMarker("ganlab")
"""Marks a function as an implementation of one of ganlab's hooks."""

__all__ = [
    "Action",
    "Architecture",
    "Augmentation",
    "Batch",
    "BusyError",
    "Cadence",
    "Calibration",
    "CheckpointError",
    "Component",
    "DataError",
    "DataReport",
    "Dataset",
    "Deed",
    "Diagnostic",
    "DivergedError",
    "Ending",
    "FeatureChoice",
    "Features",
    "Field",
    "Fields",
    "Finding",
    "ForeignRun",
    "GanlabError",
    "GeneratorShapes",
    "Given",
    "GivenFile",
    "Intervention",
    "Look",
    "Loss",
    "Measurement",
    "Monitor",
    "Networks",
    "OutOfMemoryError",
    "Outcome",
    "Part",
    "PeerError",
    "Picture",
    "PluginError",
    "Progress",
    "Random",
    "ReadOptions",
    "Reading",
    "RecipeError",
    "Reporter",
    "RollBack",
    "RunInfo",
    "Sample",
    "SampleWriter",
    "ScaleLearningRate",
    "ScaleWeight",
    "Search",
    "SeriesPoint",
    "SetProbability",
    "SetTurns",
    "SetWeight",
    "Severity",
    "Side",
    "Source",
    "Stop",
    "StorageError",
    "Task",
    "Term",
    "Tick",
    "Truth",
    "Turn",
    "Verdict",
    "View",
    "ViewShapes",
    "Views",
    "best_of",
    "clamp_finite",
    "hookimpl",
]
