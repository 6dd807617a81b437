"""Should the discriminator learn faster than the generator (two time scales, Heusel et al. 2017, arXiv:1706.08500)?

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
SEEDS, TRIALS = 3, 12
BASELINE = {"mean rate": 4e-3 * 0.5**0.5, "ratio": 0.5}


def space(trial):
    """The geometric mean of the two rates, and what lies between them."""
    mean = trial.suggest_float("mean rate", 3e-4, 1e-2, log=True)
    ratio = trial.suggest_float("ratio", 0.1, 10.0, log=True)
    return {
        "players.generator.optimizer.lr": mean / ratio**0.5,
        "players.image.optimizer.lr": mean * ratio**0.5,
    }
