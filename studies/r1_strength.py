"""How strong must R1 be (Mescheder et al. 2018, arXiv:1801.04406), and does it depend on how fast D learns?

Cost: 16 settings, 4 seeds: 2:00 of training on one thread of an x86; giving up saved 2:29 (55 %).

Finding (2026-11-30): with learning rates near the recipe's none died, from 1e-3 to 100. Two weights far apart were the
best, 0.089 with a discriminator 8 times as fast as the generator (mmd 0.0041, mean and deviation; with 12 fresh seeds
0.0045) and 1.5 with one 7 times as fast (0.0045); the recipe's own, 0.01 and equally fast, came to 0.0063. From 7 on
they were behind at a quarter of the budget, for a strong penalty learns late; so were 0.016 and less with a fast one.
"""

RECIPE = "ring"
SETTINGS = (
    "budget_rounds=1500",
    "batch_size=128",
    "players.generator.architecture.width=64",
    "players.point.architecture.width=64",
    "terms.r1.every=1",
    "watch.picture_every=1000",
    'watch.reporters=[{name="jsonl"}]',
)
OBJECTIVE = "mmd"
SEEDS, TRIALS = 4, 16
BASELINE = {"r1": 0.01, "ratio": 1.0}


def space(trial):
    """The weight is gamma / 2 of the paper."""
    return {
        "terms.r1.weight": trial.suggest_float("r1", 1e-3, 1e2, log=True),
        "players.point.optimizer.lr": 1e-3 * trial.suggest_float("ratio", 0.5, 8.0, log=True),
    }
