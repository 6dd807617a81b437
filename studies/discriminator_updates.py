"""Several discriminator moves a round, or one that learns faster: which is more stable for as many generator moves?

Cost: 16 settings, 4 seeds: 6:54 of training on one thread of an x86; giving up saved 1:51 (21 %).

Finding (2026-11-30): neither decides by itself. With four moves and 1.5 times the generator's rate mmd was 0.0053, with
three at the same rate 0.0061, with one 0.0063 (the recipe) and 0.0076 at 0.9 of the rate (mean and deviation). None
died, but both together is too much: from 2.9 times the rate on, with two to four moves, 0.028 to 0.036. One move at a
third of the rate was far behind at a quarter of the budget. Four moves cost four batches: the gain is small for that.
"""

RECIPE = "ring"
SETTINGS = (
    "budget_rounds=1500",
    "batch_size=128",
    "players.generator.architecture.width=64",
    "players.point.architecture.width=64",
    "terms.r1.every=1",
    'phases=[{player="point", turns=1, batch="fresh"}, {player="generator"}]',
    "watch.picture_every=1000",
    'watch.reporters=[{name="jsonl"}]',
)
OBJECTIVE = "mmd"
SEEDS, TRIALS = 4, 16
BASELINE = {"moves": 1, "ratio": 1.0}


def space(trial):
    """Every move sees fresh real samples; a round has one move of the generator."""
    return {
        "phases.point.turns": trial.suggest_int("moves", 1, 5),
        "players.point.optimizer.lr": 1e-3 * trial.suggest_float("ratio", 0.2, 8.0, log=True),
    }
