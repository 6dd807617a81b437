"""All settings beside each other: an axis for each parameter, the score as the last, and a line for each trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganlab.tune.report.charts import of_scores, picture
from ganlab.tune.report.colours import Colours
from ganlab.tune.report.html import Html, element, number
from ganlab.tune.report.scale import Scale, of_distributions
from ganlab.tune.result import COMPLETE, PRUNED
from ganlab.tune.row import Row
from ganlab.tune.settings import shortened

APART, MARGIN, TOP, HEIGHT = 150, 80, 34, 320
LETTERS = 20
SCORE = ""
"""The name of the last axis, which no parameter has."""


def parallel(rows: Sequence[Row], colours: Colours) -> Html:
    """Of what was played; the best last, so that it lies on top."""
    played = [row for row in rows if row.state in (COMPLETE, PRUNED) and row.params]
    if not played:
        return element("p", "No trial with parameters has been played yet.", class_="note")
    names = list(dict.fromkeys(name for row in played for name in row.params))
    axes: dict[str, Scale] = {
        name: of_distributions([row.distributions[name] for row in played if name in row.distributions])
        for name in names
    }
    axes[SCORE] = of_scores(played)
    lines = [_line(row, axes, colours) for row in sorted(played, key=_depth)]
    width = 2 * MARGIN + APART * (len(axes) - 1)
    drawn = [_axis(name, scale, place) for place, (name, scale) in enumerate(axes.items())]
    return picture(width, HEIGHT, "Settings and score of each trial", *lines, *drawn)


def _depth(row: Row) -> tuple[bool, bool, float]:
    return row.state == COMPLETE, not row.dead, -(row.score or 0.0)


def _line(row: Row, axes: dict[str, Scale], colours: Colours) -> Html:
    values: dict[str, Any] = {**row.params, **({} if row.score is None else {SCORE: row.score})}
    path, drawing = [], False
    for place, (name, scale) in enumerate(axes.items()):
        if name in values:
            path.append(f"{'L' if drawing else 'M'}{MARGIN + APART * place} {_y(scale.place(values[name]))}")
        drawing = name in values
    told = element("title", f"trial {row.number}, {row.state}: {number(row.score)}. {row.reason}")
    whole = row.state == COMPLETE
    shape = element(
        "path",
        told,
        d="".join(path),
        class_="line" if whole else "line dead" if row.dead else "line pruned",
        stroke=colours.of(row) if whole else None,
    )
    return element("a", shape, href=f"#trial-{row.number}")


def _axis(name: str, scale: Scale, place: int) -> Html:
    x = MARGIN + APART * place
    label = shortened(name) if name else "score"
    shapes = [
        element("path", d=f"M{x} {TOP}V{HEIGHT - 16}", class_="axis"),
        element("text", element("title", name), _cut(label), x=x, y=16, text_anchor="middle", class_="label"),
    ]
    for at, text in scale.ticks():
        y = _y(at)
        shapes.append(element("path", d=f"M{x - 4} {y}h8", class_="axis"))
        shapes.append(element("text", element("title", text), _cut(text), x=x + 7, y=y + 4, class_="tick"))
    return element("g", *shapes)


def _y(place: float) -> float:
    return round(HEIGHT - 16 - place * (HEIGHT - 16 - TOP), 1)


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"
