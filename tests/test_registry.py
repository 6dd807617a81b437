"""A factory's signature is its schema: what is read from it, what is refused, and in which words."""

from __future__ import annotations

import functools
import math
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import Field as Option

from ganlab import Loss, PluginError, RecipeError
from ganlab.calling import NOTED
from ganlab.registry import KINDS, Entry, Origin, Registry, singular

if TYPE_CHECKING:
    from a_package_for_type_checkers_only import Handed

OURS = Origin("ours", "ganlab", "0.1.0", builtin=True)
THEIRS = Origin("theirs", "their-package", "2.0")


class Shape:
    """Takes every kind of option."""

    def __init__(
        self,
        handed: Handed,
        /,
        *,
        width: Annotated[int, Option(ge=1, le=512)] = 64,
        margin: Annotated[float, Option(gt=0)] = 1.0,
        norm: Literal["batch", "instance"] = "batch",
        biased: bool = True,
        size: tuple[int, int] = (2, 3),
        folder: Path = Path("data"),
        clip: float | None = None,
    ) -> None:
        self.handed = handed
        self.options = (width, margin, norm, biased, size, folder, clip)


def entry(factory: Any, origin: Origin = THEIRS) -> Entry[Any]:
    return Entry("anything", "shape", factory, origin)


def problems(options: dict[str, Any], factory: Any = Shape) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        entry(factory).resolve(options, "players.image.architecture")
    return str(caught.value).splitlines()


def test_options_are_the_keyword_parameters_and_what_is_handed_in_is_left_out() -> None:
    assert list(entry(Shape).options().model_fields) == ["width", "margin", "norm", "biased", "size", "folder", "clip"]


def test_resolving_completes_with_defaults_as_plain_values() -> None:
    assert entry(Shape).resolve({"width": 8}, "x") == {
        "width": 8,
        "margin": 1.0,
        "norm": "batch",
        "biased": True,
        "size": [2, 3],
        "folder": "data",
        "clip": None,
    }


def test_creating_hands_in_the_context_and_python_values() -> None:
    made = entry(Shape).create("fields", size=[4, 5], margin=2, folder="here")
    assert made.handed == "fields"
    assert made.options == (64, 2.0, "batch", True, (4, 5), Path("here"), None)
    assert type(made.options[1]) is float


@given(
    some.fixed_dictionaries(
        {},
        optional={
            "width": some.integers(1, 512),
            "margin": some.floats(0, exclude_min=True, allow_nan=False),
            "norm": some.sampled_from(["batch", "instance"]),
            "biased": some.booleans(),
            "size": some.lists(some.integers(-(2**63), 2**63 - 1), min_size=2, max_size=2),
            "clip": some.none() | some.floats(allow_nan=False),
        },
    )
)
def test_resolving_twice_changes_nothing(options: dict[str, Any]) -> None:
    once = entry(Shape).resolve(options, "x")
    assert entry(Shape).resolve(once, "x") == once
    assert options.items() <= once.items()


def test_not_a_number_is_kept() -> None:
    assert math.isnan(entry(Shape).resolve({"clip": math.nan}, "x")["clip"])


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"width": True}, "width: must be a valid integer, not true"),
        ({"width": 1.5}, "width: must be a valid integer, not 1.5"),
        ({"width": "64"}, 'width: must be a valid integer, not "64"'),
        ({"width": 0}, "width: must be greater than or equal to 1, not 0"),
        ({"margin": -1}, "margin: must be greater than 0, not -1"),
        ({"norm": "bach"}, "norm: must be 'batch' or 'instance', not \"bach\". Did you mean 'batch'?"),
        ({"biased": 1}, "biased: must be true or false, not 1"),
        ({"size": [1, "b"]}, 'size.1: must be a valid integer, not "b"'),
        (
            {"wdith": 3},
            "wdith: unknown option. Did you mean 'width'? Known: width, margin, norm, biased, size, folder, clip",
        ),
    ],
)
def test_a_wrong_option_is_one_line_with_its_path(options: dict[str, Any], line: str) -> None:
    assert problems(options) == [f"players.image.architecture.{line}"]


def test_all_problems_are_told_at_once() -> None:
    assert [line.split(":")[0].rpartition(".")[2] for line in problems({"width": 0, "norm": 1, "depth": 2})] == [
        "width",
        "norm",
        "depth",
    ]


def test_a_required_option_that_is_missing_is_named() -> None:
    def factory(*, folder: str) -> None: ...

    assert problems({}, factory) == ["players.image.architecture.folder: is missing, and has no default"]


def test_a_long_value_is_cut() -> None:
    (line,) = problems({"width": "9" * 1000})
    assert len(line) < 160


@pytest.mark.parametrize(
    "options",
    [{"width": 10**5000}, {"folder": "\ud800"}, {"size": functools.reduce(lambda x, _: [x], range(5000), [])}],
)
def test_a_value_that_cannot_be_written_down_is_a_problem_of_the_recipe(options: dict[str, Any]) -> None:
    assert problems(options)[0].startswith("players.image.architecture")


def test_a_factory_with_open_keywords_takes_what_comes() -> None:
    made = entry(lambda *, width=1, **others: (width, others)).create(width=2, colour="red")
    assert made == (2, {"colour": "red"})


def test_an_inherited_constructor_is_read_where_it_was_written() -> None:
    class Below(Shape): ...

    assert list(entry(Below).options().model_fields) == list(entry(Shape).options().model_fields)


def test_a_partial_function_has_the_options_that_are_left() -> None:
    def factory(*, width: int, depth: int) -> tuple[int, int]:
        return width, depth

    bound = entry(functools.partial(factory, depth=3))
    assert bound.create(width=2) == (2, 3)
    assert bound.resolve({"width": 2}, "x") == {"width": 2, "depth": 3}


def test_an_option_may_be_called_like_a_method_of_pydantic() -> None:
    def factory(*, copy: int = 1, schema: str = "a", model_kind: int = 2) -> tuple[int, str, int]:
        return copy, schema, model_kind

    assert entry(factory).create(copy=5) == (5, "a", 2)


def test_an_annotation_nobody_can_resolve_names_the_plugin() -> None:
    def factory(*, width: Handed = 1) -> None: ...

    with pytest.raises(PluginError, match=r"\(their-package 2.0\): its options cannot be read .*Handed"):
        entry(factory).options()


def test_a_type_nobody_can_check_names_the_plugin() -> None:
    def factory(*, width: Origin | OddType = None) -> None: ...  # type: ignore[assignment]

    with pytest.raises(PluginError, match="cannot be checked"):
        entry(factory).options()


class OddType:
    """Nothing pydantic knows."""


def test_a_default_that_is_no_plain_value_names_the_plugin() -> None:
    def factory(*, width: Any = object()) -> None: ...  # noqa: B008

    with pytest.raises(PluginError, match="default is not a plain value"):
        entry(factory).resolve({}, "x")


def test_a_strangers_factory_that_would_end_the_process_is_an_error_like_any_other() -> None:
    with pytest.raises(PluginError, match=r"'theirs' \(their-package 2.0\) could not be made: SystemExit: 0"):
        entry(lambda: sys.exit(0)).create()


def test_what_a_strangers_factory_changes_of_what_all_share_is_put_back(caplog: pytest.LogCaptureFixture) -> None:
    NOTED.clear()
    before = random.getstate()
    with caplog.at_level("WARNING", "ganlab"):
        entry(lambda: random.seed(1)).create()
    assert random.getstate() == before
    (record,) = caplog.records
    assert "(their-package 2.0) changed Python's random numbers; it is put back" in record.getMessage()


def test_a_strangers_factory_that_raises_names_its_package() -> None:
    with pytest.raises(PluginError, match=r"'theirs' \(their-package 2.0\) could not be made: ZeroDivisionError"):
        entry(lambda: 1 / 0).create()


def test_a_factory_of_ours_that_raises_is_a_bug_and_stays_one() -> None:
    with pytest.raises(ZeroDivisionError):
        entry(lambda: 1 / 0, OURS).create()


def test_an_error_a_person_can_act_on_passes_through() -> None:
    def factory() -> None:
        raise RecipeError("say less")

    with pytest.raises(RecipeError, match=r"^say less$"):
        entry(factory).create()


def test_what_a_factory_makes_must_be_of_its_kind() -> None:
    with pytest.raises(PluginError, match=r"is a int, not a ganlab\.Loss"):
        Entry("losses", "odd", lambda: 0, THEIRS).create()


def test_every_kind_has_a_singular() -> None:
    assert [singular(kind) for kind in KINDS[:4]] == ["task", "dataset", "architecture", "loss"]
    assert [singular(kind) for kind in KINDS[-2:]] == ["reporter", "recipe"]


def registry(*entries: tuple[str, Origin]) -> Registry[Loss]:
    made: Registry[Loss] = Registry("losses")
    for name, origin in entries:
        made.add(Entry("losses", name, dict, origin))
    return made


def test_names_are_sorted_and_found() -> None:
    losses = registry(("wasserstein", OURS), ("hinge", OURS))
    assert losses.names() == ("hinge", "wasserstein")
    assert "hinge" in losses
    assert losses.find("hinge").origin is OURS


def test_an_unknown_name_suggests_the_nearest_and_says_how_many_there_are() -> None:
    with pytest.raises(PluginError) as caught:
        registry(("wasserstein", OURS), ("hinge", OURS)).find("hindge")
    assert str(caught.value) == (
        "no loss named 'hindge'. Did you mean 'hinge'? 'ganlab plugins list losses' shows all 2."
    )


def test_a_name_claimed_twice_is_an_error_only_when_asked_for() -> None:
    losses = registry(("hinge", THEIRS), ("hinge", Origin("other", "other-package", "0.3")), ("plain", THEIRS))
    assert losses.find("plain").name == "plain"
    with pytest.raises(PluginError, match=r"\(their-package 2.0\) and plugin 'other' \(other-package 0.3\)"):
        losses.find("hinge")
