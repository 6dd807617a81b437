"""HTML in which everything is escaped that is not HTML by its type."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | None
VOID = ("meta", "br")


def element(name: str, /, *children: Content, **attributes: str | float | None) -> Html:
    """`<name attributes>children</name>`: `None` is left out, and `_` in the name of an attribute is a hyphen, one at
    its end nothing (`class_`)."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{told}>" if name in VOID else f"<{name}{told}>{joined(*children)}</{name}>")


def joined(*children: Content) -> Html:
    """One after another."""
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in children if each is not None))


def table(heads: Sequence[str], rows: Sequence[Html], *, class_: str | None = None) -> Html:
    """Rows of `<tr>` under their heads, in a box of their own that can be scrolled."""
    head = element("tr", *(element("th", each, scope="col") for each in heads))
    body = element("table", element("thead", head), element("tbody", *rows), class_=class_)
    return element("div", body, class_="scroll", tabindex=0)


def row(*cells: Content, **attributes: str | float | None) -> Html:
    """One `<tr>`; what is no `<td>` yet becomes one."""
    made = (each if isinstance(each, Html) and each.startswith("<td") else element("td", each) for each in cells)
    return element("tr", *made, **attributes)


def number(value: float | None) -> str:
    """Four digits that matter."""
    return "" if value is None else f"{value:.4g}"
