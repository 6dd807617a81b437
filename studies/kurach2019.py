"""Losses, penalties and normalisations of "A Large-Scale Study on Regularization and Normalization in GANs" (Kurach et
al. 2019, arXiv:1807.04720): which combination is good and stays good?

Learning rate 1e-5 to 1e-3 and beta1 0 or 0.5 as in its best configurations, penalty 0.01 to 100 (its bandit's winners
lay between 0.14 and 5.6), 1 or 5 discriminator moves, spectral norm or none (google/compare_gan,
generate_tasks_lib.py); digits instead of CIFAR-10, and rates up to 1e-2 since the networks are small.

Cost: 24 settings, 3 seeds: 2:52 of training on one thread of an x86; giving up saved 4:26 (61 %).

Finding (2026-11-30): no combination stands out by much. Non-saturating with R1 of 0.2, no norm and a rate of 1.4e-3
was best (mmd 0.0043, mean and deviation; with 12 fresh seeds 0.0049, none dead), then least squares and Wasserstein
without penalty or norm (0.0052, 0.0055); the recipe's own 0.0057. With their first one or two seeds, or half of one,
ten more came to 0.0049 to 0.0059, of all four losses, eight with R1 from 0.01 to 55, one with spectral norm. All but
one of these have beta1 at 0, all a rate of 1.4e-3 or more; none of four with a gradient penalty or DRAGAN came near.
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
SEEDS, TRIALS = 3, 24


def space(trial):
    """The weight exists only with a penalty."""
    penalty = trial.suggest_categorical("penalty", ["none", "gradient-penalty", "dragan", "r1"])
    rate = trial.suggest_float("rate", 1e-5, 1e-2, log=True)
    beta1 = trial.suggest_categorical("beta1", [0.0, 0.5])
    terms = []
    if penalty != "none":
        terms.append({"name": penalty, "on": "image", "weight": trial.suggest_float("weight", 1e-2, 1e2, log=True)})
    return {
        "loss.name": trial.suggest_categorical("loss", ["non-saturating", "least-squares", "hinge", "wasserstein"]),
        "terms": terms,
        "players.image.architecture.norm": trial.suggest_categorical("norm", ["none", "spectral"]),
        "players.generator.optimizer.lr": rate,
        "players.image.optimizer.lr": rate,
        "players.generator.optimizer.betas": [beta1, 0.999],
        "players.image.optimizer.betas": [beta1, 0.999],
        "phases": [
            {"player": "image", "turns": trial.suggest_categorical("moves", [1, 5])},
            {"player": "generator"},
        ],
    }
