"""How strong must R1 be (Mescheder et al. 2018, arXiv:1801.04406), and does it depend on how fast D learns?

Cost: 16 settings, 4 seeds: 2:05 of training on one thread of an x86; giving up saved 3:06 (60 %).

Finding (2026-11-30): with learning rates near the recipe's none died, from 1e-3 to 83. The three best that were played
with all seeds had a weight of 1.5 to 2.4 (mmd 0.0037 to 0.0045, mean and deviation; the recipe's 0.01: 0.0063), for
discriminators from 0.7 to 7 times as fast as the generator: strength matters more than speed. From 6 on they were
behind at a quarter of the budget: a strong penalty learns late.
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
