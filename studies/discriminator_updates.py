"""Several discriminator moves a round, or one that learns faster: which is more stable for as many generator moves?

Cost: 16 settings, 4 seeds: 6:13 of training on one thread of an x86, half of it on fresh seeds; giving up saved 2:01
(24 %).

Finding (2026-11-30): neither decides by itself. Five moves at the generator's rate came to mmd 0.0018 (mean and
deviation), and with 12 fresh seeds to 0.0062: no better than the recipe's one move at the same rate (0.0063), for five
batches in place of one. None of 16 settings died. Four moves at 4.2 and 6.8 times the rate were far off (0.032 by half
of the budget, 0.017 over two seeds), and so was one move at 0.2 and 0.6 of it (0.31 and 0.45 at a quarter).
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
