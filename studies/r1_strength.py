"""How strong must R1 be (Mescheder et al. 2018, arXiv:1801.04406), and does it depend on how fast D learns?

Cost: PENDING

Finding: PENDING
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
