"""The pictures of a study, as SVG: score by trial, and what decides it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ganlab.tune.report.colours import Colours
from ganlab.tune.report.html import Html, element, joined, number
from ganlab.tune.report.scale import Numbers, Scale, of_values
from ganlab.tune.result import COMPLETE
from ganlab.tune.row import Row
from ganlab.tune.score import WORST
from ganlab.tune.settings import shortened

LEFT, RIGHT, TOP, BOTTOM = 62, 14, 30, 40
WIDTH, HEIGHT = 720, 300

Place = Callable[[float], float]


def picture(width: float, height: float, title: str, *shapes: Html | None) -> Html:
    """A drawing that is scrolled, not shrunk, where there is no room for it."""
    box = f"0 0 {width:g} {height:g}"
    svg = element("svg", element("title", title), *shapes, viewBox=box, role="img", width=width, height=height)
    return element("div", svg, class_="scroll", tabindex=0)


def of_scores(rows: Sequence[Row]) -> Scale:
    """An axis for scores. One in which nothing finite was measured stands at its edge."""
    measured = [row.score for row in rows if row.score is not None and all(each.value < WORST for each in row.results)]
    return of_values(measured or [WORST])


def history(rows: Sequence[Row], colours: Colours) -> Html:
    """Every trial that has a score, in the order of their numbers, and the best until then."""
    scored = [row for row in rows if row.score is not None]
    if not scored:
        return element("p", "No trial has a score yet.", class_="note")
    up = of_scores(scored)
    across = Numbers(-0.5, max(row.number for row in rows) + 0.5)

    def x(row_number: float) -> float:
        return round(LEFT + across.place(row_number) * (WIDTH - LEFT - RIGHT), 1)

    def y(score: float) -> float:
        return round(HEIGHT - BOTTOM - up.place(score) * (HEIGHT - TOP - BOTTOM), 1)

    marks = [_mark(row, x(row.number), y(row.score or 0.0), colours) for row in scored]
    return picture(
        WIDTH,
        HEIGHT,
        "Score by trial",
        *_frame(up),
        *_numbers_below(across, max(row.number for row in rows)),
        _best_so_far(scored, x, y),
        *marks,
    )


def _mark(row: Row, x: float, y: float, colours: Colours) -> Html:
    told = element("title", f"trial {row.number}, {row.state}: {number(row.score)}. {row.reason}")
    ring = element("circle", cx=x, cy=y, r=9, class_="baseline") if row.baseline else None
    if row.state == COMPLETE:
        shape = element("circle", cx=x, cy=y, r=5, fill=colours.of(row), class_=None if row.feasible else "sick")
    else:
        shape = element("path", d=f"M{x - 4} {y - 4}l8 8m0 -8l-8 8", class_="dead" if row.dead else "pruned")
    return element("a", element("g", told, ring, shape), href=f"#trial-{row.number}")


def _best_so_far(scored: Sequence[Row], x: Place, y: Place) -> Html | None:
    best: float | None = None
    steps: list[str] = []
    for row in scored:
        if row.state == COMPLETE and row.feasible and row.score is not None and (best is None or row.score < best):
            steps.append(f"M{x(row.number)} {y(row.score)}" if best is None else f"H{x(row.number)}V{y(row.score)}")
            best = row.score
    return element("path", d="".join(steps) + f"H{WIDTH - RIGHT}", class_="best") if steps else None


def _frame(up: Scale) -> list[Html]:
    shapes = [element("text", "score, less is better", x=LEFT, y=10, class_="label")]
    for place, text in up.ticks():
        y = round(HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM), 1)
        shapes.append(element("path", d=f"M{LEFT} {y}H{WIDTH - RIGHT}", class_="grid"))
        shapes.append(element("text", text, x=LEFT - 8, y=y + 4, text_anchor="end"))
    return shapes


def _numbers_below(across: Numbers, last: int) -> list[Html]:
    step = max(1, -(-(last + 1) // 12))
    shapes = [
        element(
            "text",
            str(each),
            x=round(LEFT + across.place(each) * (WIDTH - LEFT - RIGHT), 1),
            y=HEIGHT - BOTTOM + 18,
            text_anchor="middle",
        )
        for each in range(0, last + 1, step)
    ]
    return [*shapes, element("text", "trial", x=WIDTH - RIGHT, y=HEIGHT - 6, text_anchor="end", class_="label")]


def bars(shares: Mapping[str, float]) -> Html:
    """A bar for each share."""
    rows = [
        element(
            "tr",
            element("td", shortened(key), title=key),
            element(
                "td",
                element(
                    "svg",
                    element("rect", x=0, y=2, width=max(1.0, round(300 * share, 1)), height=12, class_="share"),
                    viewBox="0 0 300 16",
                    class_="bar",
                    aria_hidden="true",
                ),
            ),
            element("td", f"{share:.0%}", class_="number"),
        )
        for key, share in shares.items()
    ]
    return element("table", joined(*rows), class_="bars")
