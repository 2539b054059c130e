"""Proves a chain of units with streams of several beats, one unit after another.

What a unit is shown to send is what the next one is shown to read. Each is run alone: fed without
a pause and never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from hwgen.ir import Threshold
from hwgen.numeric import Range
from hwgen.prove.certificate.folded import FoldedLayer, UnitRun
from hwgen.prove.ends import check_end
from hwgen.prove.forms.forms import Ranges, linear_form
from hwgen.prove.forms.rules import Rules
from hwgen.prove.layers import Layer
from hwgen.prove.machine.machine import Machine
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Element, Stream, Total, cut
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.read import DesignFolder
from hwgen.prove.units.argmax import prove_argmax
from hwgen.prove.units.best import prove_best
from hwgen.prove.units.codes import CodesProof, prove_codes
from hwgen.prove.units.dense import Lane
from hwgen.prove.units.folded import FoldedProof, Repeated, aliased_row, prove_folded
from hwgen.prove.units.movers import prove_mover
from hwgen.prove.units.staircase import reached_codes

Progress = Callable[[str], None]
MOVERS = ("Fifo", "Narrower", "Widener", "Reorder", "OutputBuffer")


class Chain:
    """The stream between two units, and what is known of the layer that it belongs to.

    Parameters
    ----------
    design
        The network, and what the units are.
    netlist, modules
        What Yosys wrote of each unit.
    """

    def __init__(
        self, design: DesignFolder, netlist: Mapping[str, Any], modules: Mapping[str, Module]
    ) -> None:
        self.design = design
        self.netlist = netlist
        self.modules = modules
        kind = design.graph.input.type
        columns = int(np.prod(design.graph.input.shape))
        self.inputs: tuple[Range, ...] = (kind.range,) * columns
        self.alias = tuple(range(columns))
        elements = [
            Element(column=k, limits=kind.range, bits=kind.bits) if k < columns else None
            for k in range(design.input_beats * design.input_lanes)
        ]
        width = design.input_lanes
        self.stream = Stream(
            lanes=(kind.bits,) * width,
            beats=tuple(tuple(elements[k : k + width]) for k in range(0, len(elements), width)),
        )

    def prove(self, layers: list[Layer], progress: Progress) -> Iterator[FoldedLayer]:
        """Give the proof of each layer.

        Raises
        ------
        NotProvedError
            Where a unit does not do what the network does.
        """
        self._left = list(zip(self.design.units, self.design.kinds, strict=True))
        self._progress = progress
        for layer in layers:
            reached = self.inputs
            self._runs: list[UnitRun] = []
            dense = self._dense(layer)
            tail = self._tail(layer, dense)
            self._move()
            if layer is layers[-1]:
                check_end(self.design, layer, dense, tail, self.stream)
            yield FoldedLayer(
                layer=layer, inputs=reached, dense=dense, tail=tail, runs=tuple(self._runs)
            )
        if self._left:
            raise NotProvedError(f"{self._left[0][0]}: must belong to a layer of the network")

    def _machine(self, inputs: Ranges, *, wide_sums: bool = False) -> tuple[Machine, Rules]:
        """Set up the next unit.

        Raises
        ------
        NotProvedError
            Where there is none, or it reads another payload than the unit before it sends.
        """
        if not self._left:
            raise NotProvedError(f"{self.design.top}: must have a unit for every layer")
        name, _ = self._left.pop(0)
        self._progress(name)
        module = self.modules[name]
        rules = Rules(module, inputs, wide_sums=wide_sums)
        payload = module.port("i__payload")
        if len(payload) != sum(self.stream.lanes):
            raise module.problem(
                payload[0],
                f"i__payload must have {sum(self.stream.lanes)} bits, not {len(payload)}",
            )
        return Machine(module, self.netlist[name], rules), rules

    def _note(self, machine: Machine, run: SteadyRun) -> None:
        self._runs.append(
            UnitRun(name=machine.module.name, interval=run.interval, latency=run.latency)
        )

    def _move(self) -> None:
        """Go through queues and converters."""
        while self._left and self._left[0][1] in MOVERS:
            machine, _ = self._machine(())
            self.stream, run = prove_mover(machine, self.stream)
            self._note(machine, run)

    def _dense(self, layer: Layer) -> FoldedProof:
        self._move()
        machine, rules = self._machine(Repeated(self.inputs))
        proof = prove_folded(
            machine, rules, self.stream, layer.dense, self.inputs, self.alias, self._needed(layer)
        )
        self.stream = proof.stream
        self._note(machine, proof.run)
        return proof

    def _needed(self, layer: Layer) -> list[bool]:
        """Tell for each row whether anything depends on its sum."""
        rows = range(len(layer.dense.weight))
        if not isinstance(layer.tail, Threshold):
            return [True for _ in rows]
        forms = [aliased_row(layer.dense, row, self.inputs, self.alias) for row in rows]
        codes = [reached_codes(layer.tail, row, form.limits) for row, form in enumerate(forms)]
        return [limits.span > 0 for limits in codes]

    def _tail(self, layer: Layer, dense: FoldedProof) -> CodesProof | None:
        """Go through the unit behind the sums."""
        if layer.tail is None:
            return None
        self._move()
        kind = self._left[0][1] if self._left else ""
        if isinstance(layer.tail, Threshold):
            machine, _ = self._machine(Repeated(self.stream.sums()), wide_sums=self.stream.is_wide)
            codes = prove_codes(machine, layer.tail, self.stream, dense.rows)
            self.stream, self.inputs, self.alias = codes.stream, codes.codes, codes.alias
            self._note(machine, codes.run)
            return codes
        machine, _ = self._machine(())
        if kind != "ParallelArgmax":
            self.stream, run = prove_best(machine, self.stream, len(dense.rows))
            self._note(machine, run)
            return None
        lanes = self._lanes(machine.module, dense)
        (output,) = prove_argmax(machine.module, lanes, [lane.nets for lane in lanes]).lanes
        index = Element(column=0, limits=Range(0, len(dense.rows) - 1), bits=len(output))
        self.stream = Stream(lanes=(len(output),), beats=((index,),))
        return None

    def _lanes(self, module: Module, dense: FoldedProof) -> list[Lane]:
        """Give the sums that come in one beat, row by row.

        Raises
        ------
        NotProvedError
            Where they do not.
        """
        lanes = []
        words = cut(module.port("i__payload"), self.stream.lanes)
        for index, (form, total) in enumerate(zip(dense.rows, self.stream.natural(), strict=False)):
            row = None if not isinstance(total, Total) else total.row(index)
            if row is None or not isinstance(total, Total):
                raise NotProvedError(f"{module.name}, lane {index}: must be the sum of row {index}")
            factors = {c: v // row.factor * total.factor for c, v in form.coefficients.items()}
            carried = linear_form(factors, total.constant, self.inputs)
            lanes.append(
                Lane(
                    nets=words[index],
                    row=form,
                    carried=carried,
                    factor=abs(total.factor),
                    divisor=abs(row.factor) or 1,
                )
            )
        if len(lanes) != len(dense.rows) or len(self.stream.beats) != 1:
            raise NotProvedError(f"{module.name}: must read all {len(dense.rows)} sums in one beat")
        return lanes
