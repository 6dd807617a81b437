"""Several games of the same shape, played as one: K seeds of a recipe, or K settings of it.

Small games are bound by Python and by the launches of kernels, not by arithmetic. Played together, the samples of all
games lie in one batch of K x N rows, and each network holds the weights of all K: a round takes hardly more calls than
that of one game. What promises to treat each sample alone (`Component.per_sample`) is asked once for all rows;
everything else is each game's own, asked once per game about its own rows, so that the results are those of K single
games. The games stay whole: their networks' weights are views of the joint ones, and each has its own watch and run.

`loop` is all of it at one sight; `game` is what lies on the table; `player` moves.
"""

from ganlab.engine.together.loop import train_together

__all__ = ["train_together"]
