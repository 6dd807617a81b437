"""Several discriminator moves a round, or one that learns faster: which is more stable for as many generator moves?

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
