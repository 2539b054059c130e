"""Compiled: operations whose operands changed are evaluated; registers and memories load."""

from __future__ import annotations

from hwgen.compiled import compiled
from hwgen.prove.compiled.layout import (
    CONE,
    LARGEST,
    SUM,
    UNKNOWN,
    WATCH,
    Elements,
    Known,
    Longs,
    Program,
    State,
    Sums,
)
from hwgen.prove.compiled.lookup import bit_of, ends_of, find, key_of, prepare
from hwgen.prove.compiled.operations import (
    NOWHERE,
    evaluate,
    moved_by,
    note_sum,
    number_of,
)

DONE, MISS, TOO_WIDE, KEPT = -1, 0, 1, 2  # what `settle` and `clock` come back with
APART = 3  # what `whole` gives where the cells of a cone are evaluated one by one


@compiled(bare=True)
def mark(p: Program, s: State, word: int) -> None:
    """Have all evaluated that read a word."""
    for place in range(p.readers_at[word], p.readers_at[word + 1]):
        s.dirty[p.readers[place]] = 1


@compiled(bare=True)
def watch(p: Program, s: State, sums: Sums, elements: Elements, known: Known, place: int) -> int:
    """Look at what a register is about to hold: DONE, or MISS or TOO_WIDE."""
    start, end = p.starts[place], p.starts[place + 1]
    bits = s.bits[: end - start]
    any_atom = False
    for k in range(end - start):
        bits[k] = s.wires[p.ports[start + k]]
        if bits[k] == UNKNOWN:
            return DONE
        any_atom = any_atom or bits[k] > UNKNOWN
    if not any_atom:
        return DONE
    size = key_of(bits, p.sign[place], sums, elements, known)
    if size < 0:
        return TOO_WIDE
    slot = find(known, size)
    if known.slots[slot] < 0:
        known.key[-1] = size
        return MISS
    at = known.recipe_at[known.slots[slot]]
    terms = known.recipes[at]
    if terms < 0:
        return DONE
    low = high = known.recipes[at + 1]
    for k in range(terms):
        a, b = ends_of(known.read[known.recipes[at + 2 + 2 * k]], sums, elements)
        factor = known.recipes[at + 3 + 2 * k]
        if abs(a) > LARGEST // abs(factor) or abs(b) > LARGEST // abs(factor):
            return TOO_WIDE
        low += min(a * factor, b * factor)
        high += max(a * factor, b * factor)
    width = end - start
    moved = moved_by(low, high, width)
    if moved == NOWHERE:
        return TOO_WIDE
    low, high, index = low - moved, high - moved, p.detail[place]
    for side in range(2):
        row, end_of = (s.low[index], low) if side == 0 else (s.high[index], high)
        better = end_of < row[2] if side == 0 else end_of > row[2]
        if row[0] < 0 or better:
            row[0], row[1], row[2] = terms, known.recipes[at + 1] - moved, end_of
            for k in range(terms):
                row[3 + 2 * k] = known.read[known.recipes[at + 2 + 2 * k]]
                row[4 + 2 * k] = known.recipes[at + 3 + 2 * k]
    return DONE


@compiled(bare=True)
def whole(
    p: Program, s: State, sums: Sums, elements: Elements, known: Known, place: int, given: Longs
) -> int:
    """Look up a cone: DONE, MISS, or APART.

    Its cells are evaluated one by one where operands are all certain, one is unknown, or what they
    give together cannot be followed.
    """
    start, end = p.starts[place], p.starts[place + 1]
    bits = s.bits[: end - start]
    varies = False
    for k in range(end - start):
        bits[k] = s.wires[p.ports[start + k]]
        if bits[k] == UNKNOWN:
            return APART
        varies = varies or bits[k] > UNKNOWN
    if not varies or s.apart[place]:
        return APART
    size = key_of(bits, p.sign[place], sums, elements, known)
    if size < 0:
        return APART
    slot = find(known, size)
    if known.slots[slot] < 0:
        known.key[-1] = size
        return MISS
    recipe = known.recipe_at[known.slots[slot]]
    if known.recipes[recipe] < 0:
        return APART
    at = prepare(recipe, sums, elements, known, known.made)
    if at < 0:
        return APART
    for k in range(p.width[place]):
        given[k] = bit_of(known.recipes[at + 1 + k], known, known.made)
    s.added[place] = 1
    last = place + p.detail[place]
    if p.kind[last] == SUM:
        note_sum(s, sums, elements, known, last, p.width[place], given)
    return DONE


@compiled(bare=True)
def settle(
    p: Program, s: State, sums: Sums, elements: Elements, known: Known, given: Longs, result: Longs
) -> int:
    """Evaluate all operations whose operands changed; `result[0]` is where it ended early."""
    for place in range(len(p.kind)):
        if not s.dirty[place]:
            continue
        result[0] = place
        if p.kind[place] == WATCH:
            found = watch(p, s, sums, elements, known, place)
            if found != DONE:
                return found
            s.dirty[place] = 0
            continue
        if p.kind[place] == CONE:
            found = whole(p, s, sums, elements, known, place, given)
            if found == MISS:
                return MISS
            if found == APART:
                s.dirty[place : place + p.detail[place] + 1] = 1
                s.dirty[place] = 0
                continue
        elif not evaluate(p, s, sums, elements, known, place, given):
            return MISS
        s.dirty[place] = 0
        changed, out = False, p.out[place]
        for k in range(p.width[place]):
            if s.wires[out + k] != given[k]:
                s.wires[out + k] = given[k]
                changed = True
        if changed:
            mark(p, s, place + p.detail[place] if p.kind[place] == CONE else place)
    return DONE


@compiled(bare=True)
def load(p: Program, s: State) -> None:
    """Load all registers."""
    for k in range(len(p.held)):
        s.next[k] = s.wires[p.loads[k]]
    for k in range(len(p.held)):
        if s.wires[p.held[k]] != s.next[k]:
            s.wires[p.held[k]] = s.next[k]
            mark(p, s, p.held_word[k])


@compiled(bare=True)
def write(p: Program, s: State, port: int) -> int:
    """Write a memory through a port: -2 where nothing is written, -1 all places, or the place."""
    memory, width = p.write_memory[port], p.memory_width[p.write_memory[port]]
    start, end = p.write_at[port], p.write_at[port + 1]
    split = start + p.write_bits[port]
    data, enable = p.write_ports[split : split + width], p.write_ports[split + width : end]
    writes = False
    for wire in enable:
        writes = writes or s.wires[wire] != 0
    if not writes:
        return -2
    first, words = p.memory_first[memory], p.memory_words[memory]
    place = number_of(s, p.write_ports[start:split])
    at = p.memory_at[memory]
    if place < 0:
        s.cells[at : at + words * width] = UNKNOWN
        s.written[first : first + words] = 1
    elif place < words:
        s.written[first + place] = 1
        at += place * width
        for k in range(width):
            e = s.wires[enable[k]]
            if e == 1:
                s.cells[at + k] = s.wires[data[k]]
            elif e != 0:
                s.cells[at + k] = UNKNOWN
    for k in range(p.reads_at[memory], p.reads_at[memory + 1]):
        s.dirty[p.reads[k]] = 1
    return place


@compiled(bare=True)
def clock(p: Program, s: State, places: Longs, result: Longs) -> int:
    """Write all memories and load all registers; KEPT where a word may be written that never is."""
    for port in range(len(p.write_memory)):
        places[port] = write(p, s, port)
        memory = p.write_memory[port]
        first, words = p.memory_first[memory], p.memory_words[memory]
        hit = False
        if places[port] == -1:
            for word in range(first, first + words):
                hit = hit or s.kept[word] != 0
        elif 0 <= places[port] < words:
            hit = s.kept[first + places[port]] != 0
        if hit:
            result[0] = port
            return KEPT
    for a in range(len(p.write_memory)):
        for b in range(a):
            memory = p.write_memory[a]
            if p.write_memory[b] != memory or places[a] == -2 or places[b] == -2:
                continue
            width, at = p.memory_width[memory], p.memory_at[memory]
            if places[a] == -1 or places[b] == -1:
                s.cells[at : at + p.memory_words[memory] * width] = UNKNOWN
            elif places[a] == places[b] and places[a] < p.memory_words[memory]:
                at += places[a] * width
                s.cells[at : at + width] = UNKNOWN
    load(p, s)
    return DONE
