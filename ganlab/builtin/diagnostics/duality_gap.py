"""How far the game is from its equilibrium: what each player could win if the other stood still.

Grnarova et al. 2019 (arXiv:1811.05512). At an equilibrium nobody can win anything; a generator that collapsed, a stale
discriminator and a divergence all leave something to be won. The copies begin where the players are and are not
perturbed, so that the same game gives the same number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, Given, Look


class DualityGap(Diagnostic):
    """`duality-gap/<player>` for each discriminator, in nats of cross-entropy of its calibrated logits:

    what they cost it against a copy of the generator that fools it for `steps` steps of Adam, less what a copy of the
    discriminator pays after as many steps against the generator as it is. 0: nothing to be won. `count` samples of each
    side, one half to learn from and one to measure on, `batch` at a time. Costly: some 60 rounds.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=1_000_000)] = 256,
        steps: Annotated[int, Option(ge=2, le=10_000)] = 24,
        batch: Annotated[int, Option(ge=1, le=1_000_000)] = 64,
        lr: Annotated[float, Option(gt=0, le=1)] = 2e-3,
        generator_lr: Annotated[float, Option(gt=0, le=1)] = 1e-3,
    ) -> None:
        self.count = count
        self.steps = steps
        self.batch = batch
        self.lr = lr
        self.generator_lr = generator_lr

    def measure(self, look: Look) -> Mapping[str, float]:
        from ganlab.builtin.diagnostics.shown import as_played, shown
        from ganlab.builtin.diagnostics.student import Schooling, taught

        how = Schooling(self.steps, self.lr, self.batch)
        networks = look.networks(averaged=False)
        measured = {}
        for player, pairs in shown(look, self.count).items():
            student = as_played(networks[player], free=True)
            report = taught(as_played(networks[player]), student, pairs, self.count, how)
            measured[f"duality-gap/{player}"] = self._fooled(look, player) - report.student
        return measured

    def _fooled(self, look: Look, player: str) -> float:
        """What the discriminator pays against a generator that learnt to fool it as it is."""
        import torch
        from torch.nn.functional import softplus

        from ganlab.builtin.diagnostics.shown import answers, as_played, pick, shown, twin
        from ganlab.builtin.diagnostics.student import joined, nats
        from ganlab.builtin.metrics.calibration import calibrated

        networks = look.networks(averaged=False)
        judge = as_played(networks[player])
        pairs = shown(look, self.count)
        lines = {key: calibrated(*pair) for key, pair in answers(judge, pairs[player]).items()}
        if not all(math.isfinite(number) for line in lines.values() for number in line):
            return math.nan
        makers = {name: twin(each) for name, each in networks.items() if name not in pairs}
        playing = {**networks, **makers}
        weights = [weight for each in makers.values() for weight in each.parameters()]
        given = look.given(self.count)
        half = self.count // 2
        lessons = [slice(start, min(start + self.batch, half)) for start in range(0, half, self.batch)]

        def odds(rows: slice) -> dict[tuple[int, str], tuple[torch.Tensor, torch.Tensor]]:
            some: Given = {name: pick(each, rows, self.count) for name, each in given.items()}
            real = {name: pick(each, rows, self.count) for name, each in look.real_beside(self.count).items()}
            fake = look.task.generate(playing, some)
            seen, made = (look.task.views(playing, sample, some) for sample in (real, fake))
            mine = [(seen[name], view) for name, view in made.items() if (view.judge or name) == player]
            return {
                key: (lines[key][0] * said[0] + lines[key][1], lines[key][0] * said[1] + lines[key][1])
                for key, said in answers(judge, mine).items()
            }

        if weights:
            optimizer = torch.optim.Adam(weights, self.generator_lr)
            for step in range(self.steps):
                with torch.enable_grad():
                    said = odds(lessons[step % len(lessons)])
                    cost = torch.stack([softplus(-fake).mean() for _, fake in said.values()]).sum()
                    optimizer.zero_grad()
                    cost.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        with torch.no_grad():
            exam = [slice(start, start + self.batch) for start in range(half, self.count, self.batch)]
            return float(nats(joined([odds(rows) for rows in exam])))
