"""Runs the netlists of a chain of units on frames: many streams with pauses of their own."""

import numpy as np

from hwgen.prove.control.gates import MUX, Gates
from hwgen.prove.machine.memory import memories_of
from hwgen.prove.netlist.boolean import Samples
from hwgen.prove.netlist.netlist import Module
from hwgen.prove.netlist.walk import Walk
from hwgen.reference import outputs
from tests.prove.flat import Flat
from tests.tiny_nets import random_inputs

STREAMS, FRAMES, QUIET = 24, 3, 60


class Simulation:
    """Gates of all units; registers and words of memories are wires that a clock loads."""

    def __init__(self, netlist, units):
        flat = Flat(netlist, units)
        self.module = module = Module("flat", flat.document)
        self.gates = gates = Gates()
        leaves = {"x": gates.constant(0)}
        self.inputs = {
            port: [gates.free() for _ in module.port(port)]
            for port in ("i__payload", "i__valid", "o__ready", "rst")
        }
        for port, wires in self.inputs.items():
            leaves |= zip(module.port(port), wires, strict=True)
        flops = [c for c in module.cells if c.kind == "$dff"]
        pairs = [p for c in flops for p in zip(c.outputs["Q"], c.inputs["D"], strict=True)]
        leaves |= {held: gates.free() for held, _ in pairs}
        memories = memories_of(module, flat.document)
        words = {m.name: self.words(m) for m in memories}
        walk = self.walk(leaves)
        for memory in memories:
            leaves |= self.read(walk, memory, words[memory.name])
        walk = self.walk(leaves)
        self.loads = [(leaves[held], walk.word((net,), 0)[0]) for held, net in pairs]
        for memory in memories:
            self.write(walk, memory, words[memory.name])
        self.outputs = {
            port: walk.word(module.port(port), 0) for port in ("o__payload", "o__valid", "i__ready")
        }

    def walk(self, leaves):
        samples, constants = Samples(self.module, 1), [self.gates.constant(k) for k in (0, 1)]
        samples.ones = constants[1]
        return Walk(self.module, {}, leaves, tuple(constants), self.rule(samples))

    def rule(self, samples):
        def apply(cell, operands):
            if cell.kind == "$mux":
                pairs = zip(operands["A"], operands["B"], strict=True)
                return [self.gates.gate(MUX, a, b, operands["S"][0]) for a, b in pairs]
            found = samples.rule(cell, operands)
            return [bit if hasattr(bit, "gates") else self.gates.constant(bit) for bit in found]

        return apply

    def words(self, memory):
        return [[self.gates.free() for _ in memory.reads[0].words] for _ in range(memory.size)]

    def read(self, walk, memory, words):
        (port,) = memory.reads
        address = walk.word(port.address, 0)
        zeros = [self.gates.constant(0)] * len(port.words)
        level = words + [zeros] * ((1 << len(address)) - len(words))
        for select in address:
            level = [
                [self.gates.gate(MUX, a, b, select) for a, b in zip(low, high, strict=True)]
                for low, high in zip(level[::2], level[1::2], strict=True)
            ]
        return dict(zip(port.words, level[0], strict=True))

    def write(self, walk, memory, words):
        (port,) = memory.writes
        address, enable, data = (
            walk.word(nets, 0) for nets in (port.address, port.enable, port.words)
        )
        for place, word in enumerate(words):
            here = self.gates.constant(1)
            for k, bit in enumerate(address):
                here = here & (bit if place >> k & 1 else ~bit)
            for held, value, on in zip(word, data, enable, strict=True):
                self.loads.append((held, self.gates.gate(MUX, held, value, here & on)))

    def run(self, beats, seed=0):
        """Send `beats`, (streams, beats, bits), and give what each stream gets, as rows of bits."""
        rng, ones = np.random.default_rng(seed), (1 << len(beats)) - 1
        pace = rng.choice([0.3, 0.7, 1], (2, len(beats)))
        state = {held: 0 for held, _ in self.loads}
        place, waits = np.zeros(len(beats), int), np.zeros(len(beats), bool)
        found = [[] for _ in beats]
        quiet, cycle = 0, 0
        while quiet < QUIET:
            left = place < beats.shape[1]
            waits = left & (waits | (rng.random(len(beats)) < pace[0]))
            ready = rng.random(len(beats)) < pace[1]
            chosen = beats[np.arange(len(beats)), np.minimum(place, beats.shape[1] - 1)]
            given = dict(state)
            given |= zip(self.inputs["i__payload"], map(mask, chosen.T), strict=True)
            given[self.inputs["i__valid"][0]] = mask(waits)
            given[self.inputs["o__ready"][0]] = mask(ready)
            given[self.inputs["rst"][0]] = ones * (cycle == 0)
            values = self.gates.run(given, ones)
            valid, taken = (values[self.outputs[p][0]] for p in ("o__valid", "i__ready"))
            payload = [values[wire] for wire in self.outputs["o__payload"]]
            moved = waits & bits(taken, len(beats)) & (cycle > 0)
            leaves = ready & bits(valid, len(beats)) & (cycle > 0)
            for stream in np.flatnonzero(leaves):
                found[stream].append([value >> int(stream) & 1 for value in payload])
            place, waits = place + moved, waits & ~moved
            state = {held: values[wire] for held, wire in self.loads}
            quiet = 0 if (moved.any() or leaves.any() or left.any()) and cycle < 2000 else quiet + 1
            cycle += 1
        return found


def mask(row):
    return sum(int(bit) << place for place, bit in enumerate(row))


def bits(value, count):
    return np.array([value >> place & 1 for place in range(count)], bool)


def frames_of(design):
    """Random frames as beats of bits, and what the network makes of them."""
    graph = design.graph
    x = random_inputs(graph, STREAMS * FRAMES)
    y = outputs(graph, x)
    return beats_of(x, graph.input.type.bits), beats_of(y, design.output.bits)


def beats_of(values, width):
    """Frames (streams * frames, channels, ...) as (streams, beats, bits)."""
    rows = np.moveaxis(values, 1, -1).reshape(STREAMS, -1, values.shape[1])
    return (rows[..., None] >> np.arange(width) & 1).reshape(*rows.shape[:2], -1)


def differs(netlist, design, beats, expected):
    """Whether a netlist gives any stream something else, or less, or more."""
    found = Simulation(netlist, design.units).run(beats)
    return any(got != want for got, want in zip(found, expected.tolist(), strict=True))
