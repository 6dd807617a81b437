"""The engine: plays any adversarial game and has heard of no plugin, no recipe and no name.

`loop.py` is the whole game at one sight; `round.py` and `turn.py` say what lies on the table and how a player moves.
"""

from ganlab.engine.game import Clock, Game
from ganlab.engine.loop import train
from ganlab.engine.together import train_together

__all__ = ["Clock", "Game", "train", "train_together"]
