"""What a recipe is: all that decides a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen.errors import HwgenError
from hwgen.nn.arguments import MAX_UNITS
from hwgen.nn.weight_quant import Backward, Method
from training.layer_choice import choices
from training.recipe_limits import LIMITS, check_limits

RecipeName = Literal[
    "digits",
    "mnist",
    "fashion_mnist",
    "nsl_kdd",
    "dry_bean",
    "spoken_digits",
    "digits_cnn",
    "spoken_digits_cnn",
    "cifar10_cnn",
    "resnet18",
    "resnet18_full",
    "mobilenet_v1",
    "mobilenet_v1_full",
    "espcn",
    "espcn_full",
    "unet",
    "unet_full",
]
ClassResult = Literal["argmax", "sign"]
Constrain = Literal["hidden", "all"]
Network = Literal["mlp", "small_cnn", "resnet18", "mobilenet_v1", "espcn", "unet"]
Optimizer = Literal["adam", "sgd", "momentum"]

INPUT_BITS = 8  # where nothing else is asked for
MAX_NEURONS = 100_000  # of a layer
ROUNDED_INPUTS: tuple[RecipeName, ...] = (  # whose bits `input_bits` sets
    *("nsl_kdd", "dry_bean", "mnist", "fashion_mnist", "spoken_digits"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides a training; equal recipes on one machine give equal models.

    Parameters
    ----------
    network
        The kind of network: `widths` are of an `mlp`, `width` is of a convolutional one.
    widths
        Neurons of each hidden layer.
    width
        Factor on the channels of every convolution.
    accumulator_bits
        What the constrained layers must keep; None with `qat`, and where `units` alone bound them.
    units
        Largest l1 norm of a row, one number for each layer with weights, the last one repeated;
        the first and the last layer are bounded, too, whatever `constrain` says. For `a2q_ip`.
    layers
        Budgets and methods of single layers, such as `dense1=10,dense2=a2q:12,dense3=u9`
        (layer_choice.py); all others follow `method`, `accumulator_bits` and `units`.
    result
        `sign`, for two classes: one logit, whose sign is the class, instead of the larger of two.
    constrain
        `hidden`: all layers but the first and the last, as the papers do. `all`: every layer.
    first_last_bits
        Weight bits of the first and the last layer.
    input_bits
        Bits of an input feature, rounded from real numbers, or from the eight bits of the data;
        for the data sets of `ROUNDED_INPUTS`.
    float_start
        Start from the weights of a trained float network.
    equalization, bias_correction, fitted_start
        How, beyond that (start.py): with neighbouring layers equalized, with the means of the float
        network restored, with the scales of a post-training fit.
    optimizer
        `sgd` has no momentum, `momentum` is SGD with 0.9.
    decay_epochs
        The learning rate is multiplied by `decay_factor` each time so many epochs are over; None
        for a cosine from the first step to the last, which the float network always has.
    float_learning_rate, float_optimizer, float_weight_decay
        The same for the float network; None where it is as for the quantized one.
    scale_rate
        Factor on the learning rate of scales and norms, which are learned as logarithms.
    augment
        Train on changed images: shifted and mirrored to classify, turned and mirrored to enlarge.
    penalty_weight
        Weight of the norm penalty in the loss (A2Q+ takes 1e-3).
    """

    name: RecipeName
    method: Method = "a2q_ip"
    network: Network = "mlp"
    widths: tuple[int, ...] = ()
    width: float = 1.0
    weight_bits: int = 4
    activation_bits: int = 4
    accumulator_bits: int | None = 8
    units: tuple[int, ...] | None = None
    layers: str = ""
    result: ClassResult = "argmax"
    constrain: Constrain = "hidden"
    first_last_bits: int = 8
    input_bits: int = INPUT_BITS
    epochs: int = 12
    float_epochs: int = 12
    batch: int = 128
    optimizer: Optimizer = "adam"
    learning_rate: float = 2e-3
    decay_epochs: int | None = None
    decay_factor: float = 0.1
    float_optimizer: Optimizer | None = None
    float_learning_rate: float | None = None
    float_weight_decay: float | None = None
    scale_rate: float = 5.0
    weight_decay: float = 1e-5
    penalty_weight: float = 1e-3
    dropout: float = 0.0
    augment: bool = False
    backward: Backward = "soft"
    float_start: bool = True
    equalization: bool = False
    bias_correction: bool = False
    fitted_start: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_limits(self.name, {name: getattr(self, name) for name in LIMITS})
        if not all(1 <= width <= MAX_NEURONS for width in self.widths):
            raise HwgenError(
                f"{self.name}: widths must be 1 to {MAX_NEURONS}, not {self.widths}; choose others"
            )
        self._check_network()
        self._check_start()
        self._check_method()

    def _check_network(self) -> None:
        if self.network != "mlp" and (self.widths or self.constrain == "all" or self.dropout):
            raise HwgenError(
                f"{self.name}: widths, dropout and constrain all must not be given for a "
                "convolutional network; give its width"
            )
        if self.network == "mlp" and self.augment:
            raise HwgenError(
                f"{self.name}: augment must be given for convolutional networks only; leave it out"
            )
        if self.network == "mlp" and self.width != 1.0:
            raise HwgenError(
                f"{self.name}: width must be given for convolutional networks only; give widths"
            )

        if self.name not in ROUNDED_INPUTS and self.input_bits != INPUT_BITS:
            raise HwgenError(
                f"{self.name}: input_bits must be given for {', '.join(ROUNDED_INPUTS)} only, "
                "whose data are rounded to them; leave it out"
            )

    def _check_start(self) -> None:
        """Refuse what a start does not look at."""
        asked = {
            "equalization": self.equalization,
            "bias_correction": self.bias_correction,
            "fitted_start": self.fitted_start,
        }
        for name, given in asked.items():
            if given and not self.float_start:
                raise HwgenError(
                    f"{self.name}: {name} must not be given without float_start, from whose "
                    "network it works; leave one of them out"
                )
        if self.fitted_start and self.bias_correction:
            raise HwgenError(
                f"{self.name}: bias_correction must not be given with fitted_start, which corrects "
                "biases itself; leave it out"
            )

    def _check_method(self) -> None:
        choices(self.layers, self.name)
        if self.method == "qat" and self.accumulator_bits is not None:
            raise HwgenError(
                f"{self.name}: accumulator bits must not be given for qat, which cannot keep them; "
                "use a2q, a2q_plus or a2q_ip"
            )
        if self.units is not None:
            self._check_units(self.units)
        elif self.method != "qat" and self.accumulator_bits is None:
            raise HwgenError(f"{self.name}: accumulator bits must be given for {self.method}")

    def _check_units(self, units: tuple[int, ...]) -> None:
        if self.method != "a2q_ip":
            raise HwgenError(
                f"{self.name}: units must be given for a2q_ip only, not {self.method}, which has "
                "no budget of them; leave them out"
            )
        if not units or not all(1 <= number <= MAX_UNITS for number in units):
            raise HwgenError(
                f"{self.name}: units must be 1 to {MAX_UNITS}, one number a layer, not {units}; "
                "choose others"
            )
        layers = len(self.widths) + 1
        if self.network == "mlp" and len(units) > layers:
            raise HwgenError(
                f"{self.name}: units must be at most one number a layer, {layers}, not "
                f"{len(units)}; leave the last out"
            )
