"""`mlp`: perceptrons for fields of any shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Architecture, GeneratorShapes, Search, ViewShapes
from ganlab.builtin.architectures.sizes import made, vectors
from ganlab.builtin.networks.choices import Activation, Initialisation, LabelSize, Width

if TYPE_CHECKING:
    from torch.nn import Module


class MLP(Architecture):
    """`depth` hidden layers of `width` units. Data are flattened and shaped back; labels are embedded.

    Unless `output` says otherwise, pictures, films and volumes, which live in [-1, 1], end in tanh and everything else
    is linear. Goodfellow et al. 2014, arXiv:1406.2661, section 5.
    """

    def __init__(
        self,
        *,
        width: Width = 128,
        depth: Annotated[int, Option(ge=0, le=64), Search(1, 6)] = 2,
        activation: Activation = "leaky-relu",
        output: Literal["tanh", "linear"] | None = None,
        label_size: LabelSize = 32,
        spectral_norm: bool = False,
        init: Initialisation = "default",
    ) -> None:
        self._hidden = (width,) * depth
        self._activation = activation
        self._output = output
        self._label_size = label_size
        self._spectral_norm = spectral_norm
        self._init = init

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(*given)` -> (N, *shape of the field made)."""
        from ganlab.builtin.networks.perceptron import PerceptronGenerator

        field = made(shapes, "mlp")
        in_range = field.kind in ("image", "video", "volume")
        return self._finished(
            PerceptronGenerator(
                vectors(shapes, "mlp"),
                field.shape,
                hidden=self._hidden,
                name=self._activation,
                bounded=in_range if self._output is None else self._output == "tanh",
                label_size=self._label_size,
            )
        )

    def discriminator(self, shapes: ViewShapes) -> Module:
        """`forward(data, given=None)` -> logits (N,)."""
        from ganlab.builtin.networks.perceptron import PerceptronDiscriminator

        return self._finished(
            PerceptronDiscriminator(
                shapes.data, shapes.given, hidden=self._hidden, name=self._activation, label_size=self._label_size
            )
        )

    def _finished(self, network: Module) -> Module:
        from ganlab.builtin.networks.initialisation import initialise
        from ganlab.builtin.networks.normalisation import divide_by_spectral_norm

        initialise(network, self._init)
        if self._spectral_norm:
            divide_by_spectral_norm(network)
        return network
