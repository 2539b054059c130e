"""Quantization after training: a network's integers chosen layer by layer, within its accumulators.

Every layer is fitted to the float network's sums given the integers that really reach it, so it
corrects what the layers before it got wrong, as GPFQ does (arXiv 2201.11113).
"""

from __future__ import annotations

from torch import Tensor, nn

from hwgen.errors import ModelError
from hwgen.nn.activation import QuantActivation, QuantInput
from hwgen.nn.bias_correction import correct
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.exact_copy import unwrapped
from hwgen.nn.float_form import check_biases
from hwgen.nn.linear import QuantLinear
from hwgen.nn.lockstep import float_module, lockstep, run
from hwgen.nn.post_training.activation_range import set_scales
from hwgen.nn.post_training.layer_fit import LayerFit, fit_layer, set_integers
from hwgen.nn.post_training.moments import moments
from hwgen.nn.rounding import round_half_up
from hwgen.nn.trace import Call


def quantize_after_training(
    net: nn.Module, trained: nn.Module, x: Tensor, *, fit: LayerFit = fit_layer
) -> None:
    """Set all that a quantized network learns from its trained float form and a few inputs.

    Parameters
    ----------
    net
        Quantized network. Its weights, scales, biases and batch norms are replaced. Layers of `a2q`
        and `a2q_plus` start at their own projection, the others are fitted.
    trained
        Float network whose modules have the same names.
    x
        Real calibration inputs, shape (samples, ...); `distilled_inputs` makes them where there
        are none.
    fit
        How the integers of one layer are chosen.

    Raises
    ------
    ModelError
        Where `net` cannot be traced or is bipolar somewhere, or `trained` is not its float form.
    """
    _refuse_bipolar(net)
    check_biases(unwrapped(net, "network"), unwrapped(trained, "float network"))
    _fit_network(net, trained, x, fit)


def _fit_network(net: nn.Module, trained: nn.Module, x: Tensor, fit: LayerFit) -> None:
    set_scales(net, trained, x)

    def visit(call: Call, quantized: list[Tensor], original: list[Tensor]) -> None:
        module = call.module
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.load_state_dict(float_module(trained, call).state_dict())
        elif isinstance(module, (QuantLinear, QuantConv2d)):
            _fit(module, float_module(trained, call), quantized[0], original, fit)
        correct(call, trained, quantized, original)

    lockstep(net, trained, x, visit)


def start_fitted(net: nn.Module, trained: nn.Module, x: Tensor) -> None:
    """Start a training at the scales of the fit, but with the float network's own weights.

    The fit's integers would leave most weights at zero, where nothing tells them apart. Parameters
    as in `quantize_after_training`, but for biases, which the quantized network may lack.
    """
    _fit_network(net, trained, x, fit_layer)
    trained = unwrapped(trained, "float network")
    for path, layer in unwrapped(net, "network").named_modules():
        if isinstance(layer, (QuantLinear, QuantConv2d)) and _is_fitted(layer):
            layer.weight.data.copy_(_weight(trained.get_submodule(path)))


def _refuse_bipolar(net: nn.Module) -> None:
    for path, module in net.named_modules():
        values = isinstance(module, (QuantInput, QuantActivation)) and module.zero_point
        weights = isinstance(module, (QuantLinear, QuantConv2d)) and module.quant.bipolar
        if values or weights:
            raise ModelError(
                f"network: {path}: must not be bipolar to be quantized after training, which "
                "cannot make up for signs; train it"
            )


def _fit(
    layer: QuantLinear | QuantConv2d,
    trained: nn.Module,
    values: Tensor,
    original: list[Tensor],
    fit: LayerFit,
) -> None:
    weight, bias = _weight(trained), trained.bias
    if not _is_fitted(layer):
        layer.start_from(weight, bias if isinstance(bias, Tensor) else None)
        return
    codes = round_half_up(values / layer.source.scale.to(values))
    set_integers(layer, fit(layer, moments(layer, codes, run(trained, original), weight)))
    if layer.bias is not None and isinstance(bias, Tensor):
        layer.bias.data.copy_(bias)


def _is_fitted(layer: QuantLinear | QuantConv2d) -> bool:
    return layer.quant.method in ("qat", "a2q_ip")


def _weight(trained: nn.Module) -> Tensor:
    weight = trained.weight
    assert isinstance(weight, Tensor)
    return weight.detach()
