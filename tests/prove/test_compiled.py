"""Units in compiled loops: what is said of a bit is so on numbers; no rare mistake is missed."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from amaranth import Signal

from hwgen.flow import build
from hwgen.numeric import Range
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.ring_rows import RingRows
from hwgen.prove.chain import design_input
from hwgen.prove.compiled.cycles import CYCLE
from hwgen.prove.compiled.engine import Engine
from hwgen.prove.compiled.layout import LETTER_BITS, LETTERS, UNKNOWN
from hwgen.prove.compiled.sending import feed_of
from hwgen.prove.forms.forms import linear_form
from hwgen.prove.forms.rules import Rules
from hwgen.prove.frames.passage import is_compiled
from hwgen.prove.machine.machine import Machine
from hwgen.prove.netlist.netlist import Module
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove
from hwgen.prove.units.accumulators import accumulating
from hwgen.rtl.folded_dense import FoldedDenseUnit
from tests.prove.test_folded_maps import emitted, patched, sample
from tests.tiny_maps import MapNet

VECTORS = 16


@cache
def unit():
    """The first unit of a folded design: netlist, payloads of a frame, ranges of its elements."""
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    net = MapNet(7, (1, 4, 4), "s3").conv(3, (3, 3), padding=(1, 1), density=0.6).act("u2")
    build(net.graph(), BuildOptions(style="folded", effort="low", pe=2, simd=2, pixels=2), folder)
    design = read_folder(folder)
    netlist, _ = read_netlist(folder, design)
    start = design_input(design)
    assert design.kinds[0] == "FoldedDense"
    module = Module(design.units[0], netlist[design.units[0]])
    return module, netlist[module.name], start.stream, start.frame.limits


def bit_on_numbers(engine, code, numbers):
    """A bit where the elements are these numbers, None where nothing is said of it."""
    if code <= UNKNOWN:
        return None if code == UNKNOWN else code
    letter = engine.letters.all[code & (LETTERS - 1)]
    columns, factors, constant = engine.written_out(
        np.array([code >> LETTER_BITS]), np.array([letter.factor]), letter.constant
    )
    return (int(numbers[columns] @ factors) + constant) >> letter.index & 1


def test_what_is_said_of_registers_is_so_on_numbers():
    module, document, stream, limits = unit()
    engine = Engine(module, document, limits, accumulating(module))
    feed = feed_of(engine, len(stream.beats), stream.values(len(limits)))
    rng = np.random.default_rng(0)
    low, high = (np.tile([getattr(r, end) for r in limits], VECTORS) for end in ("lo", "hi"))
    numbers = rng.integers(low, high + 1)
    machine, cycle, place = Machine(module, document, Rules(module, ())), 0, 0
    registers = tuple(n for c in module.cells if c.kind == "$dff" for n in c.outputs["Q"])
    compared = []

    def go_on():
        nonlocal cycle, place
        vector, beat = divmod(place, len(feed))
        later = np.where(feed[beat] > UNKNOWN, vector * len(limits) << LETTER_BITS, 0)
        bits = [bit_on_numbers(engine, code, numbers) for code in (feed[beat] + later).tolist()]
        machine.set(module.port("i__payload"), bits)
        machine.set(module.port("i__valid"), (1,))
        machine.set(module.port("o__ready"), (1,))
        machine.settle()
        place += machine.get(module.port("i__ready"))[0]
        machine.clock()
        cycle += 1

    def compare(_):
        while cycle < engine.count[CYCLE]:
            go_on()
        wires = engine.program.held
        for net, code, real in zip(
            registers, engine.state.wires[wires].tolist(), machine.get(registers), strict=True
        ):
            said = bit_on_numbers(engine, code, numbers)
            if said is not None:
                assert said == real, (cycle, module.name_of(net))
                compared.append(code > UNKNOWN)

    engine.show_every(1)
    for _ in range(4):
        assert engine.steady(feed, (1 << 20, 1 << 20), compare)
    assert sum(compared) > 2000


@pytest.mark.parametrize(
    ("kind", "bits", "held", "compiled"),
    [
        ("FoldedDense", 8, 20, True),
        ("FoldedDense", 32, 53, True),
        ("FoldedDense", 46, 53, False),
        ("FoldedDense", 8, 54, False),
        ("UnrolledDense", 8, 20, False),
    ],
)
def test_vectors_are_compiled_too_unless_adders_share_or_sums_are_long(kind, bits, held, compiled):
    top = (1 << bits) - 1
    rows = [linear_form({0: weight, 1: -weight}, 5, [Range(0, top)] * 2) for weight in (1, 999)]
    assert is_compiled(kind, rows, held) == compiled


def at(m, enable, count, when):
    """A signal that is high once in `count` cycles in which something happens."""
    place, now = Signal(range(count)), Signal()
    with m.If(enable):
        m.d.sync += place.eq(place + 1)
        with m.If(place == count - 1):
            m.d.sync += place.eq(0)
    m.d.comb += now.eq(place == when)
    return now


def wrong_result(frames):
    """One result of so many frames has a wrong lowest bit."""
    leave = FoldedDenseUnit._leave

    def patch(unit, m, results, ends, valid):
        first, count = results[0], unit.plan.groups * frames // unit.plan.sets
        changed = Signal.like(first, name="changed")
        wrong = at(m, unit._enable & ends[0], count, count - 1)
        m.d.comb += changed.eq(first ^ wrong)
        leave(unit, m, [changed, *results[1:]], ends, valid)

    return "_leave", patch


def skipped_step(place):
    """A step of the program is left out at one position of a frame only."""
    accumulate = FoldedDenseUnit._accumulate

    def patch(unit, m, name, element, start, total, valid, end):
        skips = at(m, unit._enable & valid, unit.plan.cycles, place)
        return accumulate(unit, m, name, element, start, total, valid & ~skips, end)

    return "_accumulate", patch


RARE = {
    "a result of every frame": wrong_result(1),
    "a result of every other frame": wrong_result(2),
    "a result of every third frame": wrong_result(3),
    "a step of the first position": skipped_step(0),
    "a step in the middle": skipped_step(5),
}


@pytest.mark.parametrize(("name", "patch"), RARE.values(), ids=RARE)
def test_what_is_wrong_at_one_place_only_is_refused(tmp_path, monkeypatch, name, patch):
    _, plan = sample()
    monkeypatch.setattr(FoldedDenseUnit, name, patch)
    assert not prove(emitted(tmp_path, plan)).proved


def test_a_border_that_is_missing_in_one_row_is_refused(tmp_path, monkeypatch):
    _, plan = sample()
    change = patched(RingRows, "outside", lambda flags: (*flags[:-1], not flags[-1]))
    monkeypatch.setattr(RingRows, "outside", change)
    assert not prove(emitted(tmp_path, plan)).proved
