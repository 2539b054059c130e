"""Shows that an adder graph, perhaps edited, is its layer's matrix and cannot overflow."""

from __future__ import annotations

import numpy as np

from hwgen.errors import PlanError
from hwgen.numeric import Range
from hwgen.plan.adders.builder import Form
from hwgen.plan.check.lane_form import LaneForm, check_row
from hwgen.plan.layer import Layer
from hwgen.plan.stages.adder_graph import Adder, AdderGraph, complement_constant
from hwgen.plan.stages.stage import UnrolledDense


def check_unrolled(stage: UnrolledDense, layer: Layer, where: str) -> dict[int, LaneForm]:
    """Give what each lane carries of its row's sum.

    Raises
    ------
    PlanError
        Where a row is not the layer's, or a value does not fit its bits.
    """
    graph = stage.graph
    _check_shape(stage, layer, where)
    forms = _inputs(stage)
    for index, adder in enumerate(graph.adders):
        place = f"{where}.graph.adders[{index}]"
        node = len(graph.inputs) + index
        operands = [operand for operand, _ in adder.signed_operands]
        if not all(0 <= operand.node < node and operand.shift >= 0 for operand in operands):
            raise PlanError(f"{place}: must add nodes 0 to {node - 1}, shifted to the left")
        if adder.level != 1 + max(graph.level(operand.node) for operand in operands):
            raise PlanError(f"{place}.level: must be one more than the highest of its operands")
        forms.append(_sum(graph, forms, adder))
        reached = _range(forms[-1], layer.inputs)
        if reached.lo < adder.lo or reached.hi > adder.hi:
            raise PlanError(
                f"{place}: must hold [{reached.lo}, {reached.hi}], which its operands reach, not "
                f"[{adder.lo}, {adder.hi}]; widen it"
            )
    return {row: _lane(stage, layer, forms, row, where) for row in range(layer.rows)}


def _check_shape(stage: UnrolledDense, layer: Layer, where: str) -> None:
    graph = stage.graph
    if len(graph.inputs) != layer.columns or len(graph.outputs) != layer.rows:
        raise PlanError(
            f"{where}.graph: must have {layer.columns} inputs and {layer.rows} outputs, not "
            f"{len(graph.inputs)} and {len(graph.outputs)}"
        )
    if stage.inputs.order != tuple(range(layer.columns)):
        raise PlanError(f"{where}.inputs.order: must be one beat in natural order")
    if stage.outputs.order != tuple(range(layer.rows)):
        raise PlanError(f"{where}.outputs.order: must be one beat in natural order")
    offsets = [form.constant for form in _inputs(stage)]
    for column, (given, limits) in enumerate(zip(graph.inputs, layer.inputs, strict=True)):
        lo, hi = limits.lo + offsets[column], limits.hi + offsets[column]
        if given.lo > lo or given.hi < hi:
            raise PlanError(
                f"{where}.graph.inputs[{column}]: must hold [{lo}, {hi}], not "
                f"[{given.lo}, {given.hi}]; widen it"
            )


def _inputs(stage: UnrolledDense) -> list[Form]:
    """Forms of the input nodes."""
    flipped = stage.graph.flipped
    return [
        Form({column: 1}, 1 << (lane.bits - 1) if flipped and lane.signed else 0)
        for column, lane in enumerate(stage.inputs.lanes)
    ]


def _sum(graph: AdderGraph, forms: list[Form], adder: Adder) -> Form:
    coefficients: dict[int, int] = {}
    constant = adder.constant
    for operand, sign in adder.signed_operands:
        form = forms[operand.node]
        factor = (-sign if operand.inverted else sign) << operand.shift
        for column, coefficient in form.coefficients.items():
            coefficients[column] = coefficients.get(column, 0) + factor * coefficient
        constant += factor * form.constant
        if operand.inverted:
            ones = complement_constant(graph.stored_range(operand.node))
            constant += sign * (ones << operand.shift)
    return Form({column: c for column, c in coefficients.items() if c}, constant)


def _range(form: Form, inputs: tuple[Range, ...]) -> Range:
    """Exact range of a form."""
    lo = hi = form.constant
    for column, coefficient in form.coefficients.items():
        ends = (coefficient * inputs[column].lo, coefficient * inputs[column].hi)
        lo, hi = lo + min(ends), hi + max(ends)
    return Range(lo, hi)


def _within(reached: Range, total: Range, unit: int, constant: int) -> Range:
    """Give what a stored sum reaches, `unit` times which and a constant is a row's sum.

    That is less than what its inputs allow where no window shows two of them at once.
    """
    ends = sorted(((total.lo - constant) * unit, (total.hi - constant) * unit))
    square = unit * unit
    return Range(max(reached.lo, -(-ends[0] // square)), min(reached.hi, ends[1] // square))


def _lane(stage: UnrolledDense, layer: Layer, forms: list[Form], row: int, where: str) -> LaneForm:
    output = stage.graph.outputs[row]
    place = f"{where}.graph.outputs[{row}]"
    if not -1 <= output.node < len(forms):
        raise PlanError(f"{place}.node: must be -1 to {len(forms) - 1}, not {output.node}")
    stored = forms[output.node] if output.node >= 0 else Form({}, 0)
    weights = np.zeros(layer.columns, object)  # integers of any size, which an edit can make
    weights[list(stored.coefficients)] = list(stored.coefficients.values())
    check_row(layer, row, output.unit * weights, place)
    constant = int(layer.bias[row]) - output.unit * stored.constant
    if output.node >= 0 and constant != output.constant:
        raise PlanError(f"{place}.constant: must be {constant}, not {output.constant}")
    reached = _within(_range(stored, layer.inputs), layer.totals[row], output.unit, constant)
    form = LaneForm(unit=output.unit, constant=constant, reached=reached, wrap_bits=0)
    if output.adjusted:
        moved = [
            output.unit * end + output.constant + output.align for end in (reached.lo, reached.hi)
        ]
        form = LaneForm(
            unit=1, constant=-output.align, reached=Range(min(moved), max(moved)), wrap_bits=0
        )
    lane = stage.outputs.lanes[row].range
    if output.wrapped:
        if (output.lo, output.hi) != (0, lane.hi) or reached.span > lane.hi or lane.lo:
            raise PlanError(
                f"{place}: must hold the {reached.span + 1} values of its sum, and the lane has "
                f"{lane.hi + 1} codes; widen the lane"
            )
        return LaneForm(unit=form.unit, constant=constant, reached=reached, wrap_bits=lane.bits)
    for limits in (output.range, lane):
        if form.reached.lo < limits.lo or form.reached.hi > limits.hi:
            raise PlanError(
                f"{place}: accumulator must hold [{form.reached.lo}, {form.reached.hi}], not "
                f"[{limits.lo}, {limits.hi}]; widen it"
            )
    return form
