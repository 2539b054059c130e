"""Shows that a unit's lanes carry the rows of its matrix, each in enough bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from hwgen.ir import Dense
from hwgen.numeric import IntType, Range
from hwgen.prove.forms.congruent import representatives
from hwgen.prove.forms.forms import Form, LinearBit, bit, same
from hwgen.prove.forms.linear import LinearAlgebra
from hwgen.prove.forms.words import read_word
from hwgen.prove.layers import row_form
from hwgen.prove.netlist.netlist import Module, Net, NotProvedError, Word
from hwgen.prove.netlist.pipeline import Flow, pipeline_of
from hwgen.prove.netlist.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lane:
    """A lane of sums: it carries the low bits of `carried`, the sum is the form `row`.

    With t the row's sum without its bias and divided by the common divisor of its weights,
    `carried = factor * t + carried.constant` and `row = divisor * t + row.constant`.
    """

    nets: Word
    row: Form
    carried: Form
    factor: int
    divisor: int

    @property
    def steps(self) -> Range:
        """Range of t."""
        ends = [
            (end - self.row.constant) // self.divisor
            for end in (self.row.limits.lo, self.row.limits.hi)
        ]
        return Range(*ends)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DenseProof:
    """What was shown of a dense unit."""

    latency: int
    flow: Flow
    lanes: tuple[Lane, ...]
    adders: tuple[tuple[Range, int], ...]
    modulo: int
    registers: int


def prove_dense(
    module: Module, dense: Dense, input_lanes: Sequence[Word], inputs: Sequence[Range]
) -> DenseProof:
    """Show that each lane carries `factor * t + constant` of its row, modulo its width.

    `input_lanes` are the nets of the payload, lane by lane; `inputs` their reachable ranges.

    Raises
    ------
    NotProvedError
        Where that cannot be shown.
    """
    pipeline = pipeline_of(module)
    algebra = LinearAlgebra(module, inputs)
    leaves: dict[Net, LinearBit] = {}
    for column, nets in enumerate(input_lanes):
        if not inputs[column].type.bits <= len(nets):
            raise module.problem(nets[0], f"lane {column} must hold {inputs[column].type}")
        form = row_form_of_input(column, inputs)
        leaves |= {net: bit(form, index) for index, net in enumerate(nets)}
    walk: Walk[LinearBit] = Walk(module, pipeline.registers, leaves, (0, 1), algebra.rule)
    lanes = tuple(
        _lane(module, dense, row, inputs, nets, walk.word(nets, pipeline.latency))
        for row, nets in enumerate(module.lanes("o__payload", len(dense.weight)))
    )
    return DenseProof(
        latency=pipeline.latency,
        lanes=lanes,
        adders=tuple(algebra.adders),
        modulo=algebra.modulo,
        registers=len(pipeline.registers),
        flow=pipeline.flow,
    )


def row_form_of_input(column: int, inputs: Sequence[Range]) -> Form:
    """Give the form that is an input itself."""
    limits = inputs[column]
    return Form({column: 1} if limits.span else {}, 0 if limits.span else limits.lo, limits)


def _lane(
    module: Module,
    dense: Dense,
    row: int,
    inputs: Sequence[Range],
    nets: Word,
    word: list[LinearBit],
) -> Lane:
    wanted = row_form(dense, row, inputs)
    where = f"{module.name}, lane {row}"
    reading = read_word(word, inputs)
    place = reading if isinstance(reading, int) else 0
    if isinstance(reading, int) or reading.dropped:
        raise NotProvedError(
            f"{where}: bit {place}, {module.name_of(nets[place])}, must be that of the sum whose "
            "lower bits the lane has"
        )
    found = reading.form
    candidates = [found, *representatives(found, len(nets), inputs)]
    matched = [_matched(nets, wanted, carried) for carried in candidates]
    lanes = [lane for lane in matched if lane is not None]
    if not lanes:
        raise NotProvedError(
            f"{where}: must be a multiple of the row {terms(wanted)}, plus a constant, and is "
            f"{terms(found)}"
        )
    fitting = [lane for lane in lanes if not lane.carried.limits.span >> len(nets)]
    if not fitting:
        span = lanes[0].carried.limits.span
        raise NotProvedError(
            f"{where}: must tell {span + 1} values apart, and has {len(nets)} bits"
        )
    return min(fitting, key=lambda lane: lane.factor != lane.divisor)  # the row itself, best


def _matched(nets: Word, wanted: Form, carried: Form) -> Lane | None:
    """Give the lane, if what it carries is a multiple of the wanted form but for a constant."""
    divisor = gcd(*wanted.coefficients.values()) or 1
    first = next(iter(wanted.coefficients), None)
    factor = 0
    if first is not None:
        factor = carried.coefficients.get(first, 0) * divisor // wanted.coefficients[first]
    expected = {c: v // divisor * factor for c, v in wanted.coefficients.items()}
    if carried.coefficients != expected or (first is not None and not factor):
        return None
    return Lane(
        nets=nets,
        row=wanted,
        carried=carried.modulo(len(nets)),
        factor=factor,
        divisor=divisor,
    )


def terms(form: Form, most: int = 6) -> str:
    """Write the first terms of a form."""
    texts = [f"{v:+d}*x{c}" for c, v in sorted(form.coefficients.items())]
    rest = [] if len(texts) <= most else [f"and {len(texts) - most} more"]
    return " ".join(texts[:most] + rest) or "no input"


def prove_sums(module: Module, proof: DenseProof, kind: IntType) -> None:
    """Show that the lanes are the sums themselves, in the type of the design's output.

    Raises
    ------
    NotProvedError
        Where one is not.
    """
    for row, lane in enumerate(proof.lanes):
        where = f"{module.name}, lane {row}"
        limits = lane.row.limits
        if len(lane.nets) != kind.bits or limits.lo < kind.lo or limits.hi > kind.hi:
            raise NotProvedError(
                f"{where}: must be {kind} and hold [{limits.lo}, {limits.hi}], "
                f"and has {len(lane.nets)} bits"
            )
        pairs = ((bit(lane.carried, i), bit(lane.row, i)) for i in range(kind.bits))
        if not all(same(a, b) for a, b in pairs):
            raise NotProvedError(
                f"{where}: must be the row's sum, not {terms(lane.carried)} "
                f"{lane.carried.constant:+d} for {terms(lane.row)} {lane.row.constant:+d}"
            )
