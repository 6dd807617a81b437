"""The loops of others, as they are published, on networks and batches that are handed to them.

Each is given what makes it fast: logits instead of a sigmoid, ready batches instead of a loader, no checkpoints, no
progress bar, nothing printed.
"""

from __future__ import annotations

import logging
import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pacing import Batches, Gate
from torch import Tensor
from torch.nn import BCEWithLogitsLoss, Module


@dataclass(frozen=True)
class Side:
    """What one contestant plays with."""

    generator: Module
    discriminator: Module
    latent_size: int
    adam: dict[str, Any]
    batches: list[Tensor]
    device: torch.device
    folder: Path

    @property
    def size(self) -> int:
        return len(self.batches[0])


Loop = Callable[[Side, Gate], Any]


def plain(side: Side, gate: Gate) -> None:
    """pytorch/examples/dcgan/main.py: two backward passes for the discriminator, five numbers read a step."""
    generator, discriminator, criterion = side.generator, side.discriminator, BCEWithLogitsLoss()
    of_generator = torch.optim.Adam(generator.parameters(), **side.adam)
    of_discriminator = torch.optim.Adam(discriminator.parameters(), **side.adam)
    for real in Batches(side.batches, gate, side.size):
        discriminator.zero_grad()
        label = torch.full((side.size,), 1.0, device=side.device)
        output = discriminator(real)
        cost_real = criterion(output, label)
        cost_real.backward()
        _ = output.mean().item()
        fake = generator(torch.randn(side.size, side.latent_size, device=side.device))
        label.fill_(0.0)
        output = discriminator(fake.detach())
        cost_fake = criterion(output, label)
        cost_fake.backward()
        _ = output.mean().item()
        cost_discriminator = cost_real + cost_fake
        of_discriminator.step()
        generator.zero_grad()
        label.fill_(1.0)
        output = discriminator(fake)
        cost_generator = criterion(output, label)
        cost_generator.backward()
        _ = output.mean().item()
        of_generator.step()
        _ = cost_discriminator.item(), cost_generator.item()


def lightning(side: Side, gate: Gate) -> None:
    """Lightning's examples/pytorch/domain_templates/generative_adversarial_net.py, which makes its fakes twice."""
    fit_with_lightning(side, gate, twice=True, tensorboard=False)


def lightning_logging(side: Side, gate: Gate) -> None:
    """The same, logging its losses to TensorBoard as there."""
    fit_with_lightning(side, gate, twice=True, tensorboard=True)


def lightning_one_fake(side: Side, gate: Gate) -> None:
    """The GAN of Lightning's page on manual optimisation: one fake a step, and nobody frozen."""
    fit_with_lightning(side, gate, twice=False, tensorboard=False)


def fit_with_lightning(side: Side, gate: Gate, *, twice: bool, tensorboard: bool) -> None:
    """One of Lightning's GANs."""
    import_torchvision()
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.loggers import TensorBoardLogger

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Game(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.automatic_optimization = False
            self.generator, self.discriminator = side.generator, side.discriminator
            self.criterion = BCEWithLogitsLoss()

        def configure_optimizers(self) -> Any:
            return [torch.optim.Adam(each.parameters(), **side.adam) for each in (self.generator, self.discriminator)]

        def latent(self) -> Tensor:
            return torch.randn(side.size, side.latent_size, device=self.device)

        def generator_cost(self, fake: Tensor) -> Tensor:
            return self.criterion(self.discriminator(fake), torch.ones(side.size, device=self.device))

        def discriminator_cost(self, real: Tensor, fake: Tensor) -> Tensor:
            cost_real = self.criterion(self.discriminator(real), torch.ones(side.size, device=self.device))
            return cost_real + self.criterion(self.discriminator(fake), torch.zeros(side.size, device=self.device))

        def move(self, optimizer: Any, cost: Tensor) -> None:
            optimizer.zero_grad()
            self.manual_backward(cost)
            optimizer.step()

        def training_step(self, batch: Tensor, batch_idx: int) -> None:
            of_generator, of_discriminator = self.optimizers()
            latent = self.latent()
            if twice:
                self.toggle_optimizer(of_generator)
                cost_generator = self.generator_cost(self.generator(latent))
                self.move(of_generator, cost_generator)
                self.untoggle_optimizer(of_generator)
                self.toggle_optimizer(of_discriminator)
                cost_discriminator = self.discriminator_cost(batch, self.generator(latent).detach()) / 2
                self.move(of_discriminator, cost_discriminator)
                self.untoggle_optimizer(of_discriminator)
            else:
                fake = self.generator(latent)
                cost_discriminator = self.discriminator_cost(batch, fake.detach())
                self.move(of_discriminator, cost_discriminator)
                cost_generator = self.generator_cost(fake)
                self.move(of_generator, cost_generator)
            if tensorboard:
                self.log_dict({"d_loss": cost_discriminator, "g_loss": cost_generator})

    trainer = Trainer(
        accelerator="gpu" if side.device.type == "cuda" else "cpu",
        devices=1,
        max_epochs=1,
        logger=TensorBoardLogger(side.folder) if tensorboard else False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(Game(), Batches(side.batches, gate, side.size))


def torchgan(side: Side, gate: Gate) -> None:
    """torchgan's `Trainer` with its minimax losses; it sums up every parameter's gradient for its log."""
    import_torchvision()
    from torchgan.losses import MinimaxDiscriminatorLoss, MinimaxGeneratorLoss
    from torchgan.models import Discriminator, Generator
    from torchgan.trainer import Trainer

    class OurGenerator(Generator):
        def __init__(self) -> None:
            super().__init__(side.latent_size)
            self.network = side.generator

        def forward(self, latent: Tensor) -> Any:
            return self.network(latent)

    class OurDiscriminator(Discriminator):
        def __init__(self) -> None:
            super().__init__(side.batches[0].shape[1])
            self.network = side.discriminator

        def forward(self, data: Tensor) -> Any:
            return self.network(data)

    optimizer = {"name": torch.optim.Adam, "args": side.adam}
    trainer = Trainer(
        {
            "generator": {"name": OurGenerator, "optimizer": optimizer},
            "discriminator": {"name": OurDiscriminator, "optimizer": optimizer},
        },
        [MinimaxGeneratorLoss(), MinimaxDiscriminatorLoss()],
        device=side.device,
        checkpoints=str(side.folder / "model" / "gan"),
        recon=str(side.folder / "images"),
    )
    trainer(Batches(side.batches, gate, side.size))


def mimicry(side: Side, gate: Gate) -> None:
    """mimicry's `Trainer` and its networks' own `train_step`s, with the cross-entropy of logits."""
    import_torchvision()
    for unused in ("metrics", "datasets"):  # they want TensorFlow 1 and a torch that has `torch._six`
        sys.modules.setdefault(f"torch_mimicry.{unused}", types.ModuleType(f"torch_mimicry.{unused}"))
    from torch_mimicry.nets.gan.gan import BaseDiscriminator, BaseGenerator
    from torch_mimicry.training import Trainer

    class OurGenerator(BaseGenerator):
        def __init__(self) -> None:
            super().__init__(nz=side.latent_size, ngf=0, bottom_width=0, loss_type="gan")
            self.network = side.generator

        def forward(self, latent: Tensor) -> Any:
            return self.network(latent)

    class OurDiscriminator(BaseDiscriminator):
        def __init__(self) -> None:
            super().__init__(ndf=0, loss_type="gan")
            self.network = side.discriminator

        def forward(self, data: Tensor) -> Any:
            return self.network(data).unsqueeze(1)

    ours, theirs = OurGenerator(), OurDiscriminator()
    Trainer(
        netD=theirs,
        netG=ours,
        optD=torch.optim.Adam(theirs.parameters(), **side.adam),
        optG=torch.optim.Adam(ours.parameters(), **side.adam),
        dataloader=Batches([(batch, batch) for batch in side.batches], gate, side.size),
        num_steps=1 << 30,
        log_dir=str(side.folder),
        device=side.device,
        print_steps=1 << 30,
        vis_steps=1 << 30,
        save_steps=1 << 30,
    ).train()


LOGS_EVERY: dict[Loop, int] = {lightning_logging: 50, mimicry: 50}
"""Rounds from one line of the log to the next, as they come."""

KEPT: list[Any] = []


def import_torchvision() -> None:
    """torchvision's operators are built for CUDA: beside a torch for the CPU two of them must be named before."""
    if torch.version.cuda is None and not KEPT:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        KEPT.append(library)
    import torchvision  # noqa: F401
