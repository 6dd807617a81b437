"""Should the discriminator learn faster than the generator (two time scales, Heusel et al. 2017, arXiv:1706.08500)?

Cost: 12 settings, 3 seeds: 1:08 of training on one thread of an x86; giving up saved 1:14 (52 %).

Finding (2026-11-30): here it does not matter. With a mean rate of 2.8e-3 to 4.6e-3, ratios of 0.5, 1.2, 1.8, 4.4 and
8.2 gave mmd 0.0057, 0.0055, 0.0052, 0.0057 and 0.0053 (mean and deviation over seeds); none of 12 settings died. A slow
discriminator (0.2) was behind at a quarter of the budget in all three cases, and so were mean rates below 1.2e-3.
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
