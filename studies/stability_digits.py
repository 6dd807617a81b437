"""Which learning rates, momentum and R1 keep a small convolutional game on real digits stable over seeds?

Cost: PENDING

Finding: PENDING
"""

RECIPE = "digits"
SETTINGS = (
    "budget_rounds=1000",
    'task={name="unconditional", latent_size=32}',
    "players.image.architecture.label_reading=map",
    "players.generator.architecture.width=16",
    "players.image.architecture.width=16",
    "dataset.size=8",
    "watch.picture_every=1000",
    'watch.reporters=[{name="jsonl"}]',
)
OBJECTIVE = "mmd"
SEEDS, TRIALS = 3, 16
BASELINE = {"rate": 4e-3, "ratio": 0.5, "beta1": 0.0, "r1": 0.2}


def space(trial):
    """As for the ring, around the settings of the recipe."""
    rate = trial.suggest_float("rate", 1e-4, 2e-2, log=True)
    ratio = trial.suggest_float("ratio", 0.05, 20.0, log=True)
    beta1 = trial.suggest_categorical("beta1", [0.0, 0.5, 0.9])
    return {
        "players.generator.optimizer.lr": rate,
        "players.image.optimizer.lr": rate * ratio,
        "players.generator.optimizer.betas": [beta1, 0.99],
        "players.image.optimizer.betas": [beta1, 0.99],
        "terms.r1.weight": trial.suggest_float("r1", 1e-2, 10.0, log=True),
    }
