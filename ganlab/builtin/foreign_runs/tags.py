"""What a tag of a log means: `Loss/D`, `errD`, `d_loss` and `discriminator/loss` are one thing.

Everybody writes tags in another way, so words are looked for and not spellings. What is not recognised keeps its name.
"""

from __future__ import annotations

import re

PLAYERS = {
    "discriminator": "discriminator",
    "disc": "discriminator",
    "dis": "discriminator",
    "critic": "discriminator",
    "netd": "discriminator",
    "d": "discriminator",
    "generator": "generator",
    "gen": "generator",
    "netg": "generator",
    "g": "generator",
}
"""Words for a player."""

LOSSES = {"loss", "losses", "err", "cost", "total", "epoch", "step", "train", "avg", "mean", "iter", "net"}
"""Words that may stand beside it in the tag of its whole loss; one of the first four has to."""

QUALITIES = ("coverage", "density", "precision", "recall")

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+[a-z]*")


def words(tag: str) -> list[str]:
    """The words of a tag, in lower case."""
    return [each.lower() for each in WORD.findall(tag)]


def kebab(text: str) -> str:
    """The text as a name: lower case, hyphens between words, '/' as it stands."""
    parts = (re.sub(r"[^a-z0-9.]+", "-", part.lower()).strip("-.") for part in text.split("/"))
    return "/".join(part for part in parts if part)[:120] or "unnamed"


def meaning(tag: str) -> str:
    """The name of the measurement that the tag stands for."""
    name, at, network = tag.partition("@")
    if at:
        return f"{meaning(name)}@{kebab(network)}"
    found = words(tag)
    about = {PLAYERS[each] for each in found if each in PLAYERS}
    told = {each for each in found if each not in PLAYERS}
    if len(about) == 1 and told <= LOSSES and told & {"loss", "losses", "err", "cost"}:
        return f"cost/{about.pop()}"
    if found and found[-1] in QUALITIES:
        return found[-1]
    if "fid" in found and not set(found) & {"best", "min"}:
        return "fid"
    return kebab(tag)
