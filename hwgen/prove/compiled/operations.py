"""Compiled: what an operation gives for the bits that it reads."""

from __future__ import annotations

from hwgen.compiled import compiled
from hwgen.prove.compiled.layout import (
    ADD,
    AND,
    AND_ALL,
    BOTH,
    COMPARE,
    COPY,
    EQ,
    GATE,
    GE,
    GT,
    LARGEST,
    LE,
    LETTER_BITS,
    LETTERS,
    LONG,
    LT,
    NE,
    NEG,
    NONE,
    NOT,
    OR,
    OR_ALL,
    READ,
    SUB,
    SUM,
    UNKNOWN,
    XOR,
    Elements,
    Known,
    Longs,
    Program,
    State,
    Sums,
)
from hwgen.prove.compiled.lookup import bit_of, ends_of, find, key_of, prepare

NOWHERE = 1 << 62


@compiled(bare=True)
def moved_by(low: int, high: int, width: int) -> int:
    """Give the multiple of 2**width by which a range is above one that fits, or NOWHERE."""
    moved = low >> width << width
    if high - moved < 1 << width:
        return moved
    half = 1 << width >> 1
    if low - moved < half or high - moved >= half + (1 << width):
        return NOWHERE
    return moved + (1 << width)


@compiled(bare=True)
def move(bits: Longs, start: int, given: Longs, width: int) -> None:
    """Give some of the bits."""
    for place in range(width):
        given[place] = bits[start + place]


@compiled(bare=True)
def number_of(s: State, wires: Longs) -> int:
    """Give bits as a number, or -1 where one is not certain."""
    found = 0
    for place in range(len(wires)):
        code = s.wires[wires[place]]
        if code > 1:
            return -1
        found |= code << place
    return found


@compiled(bare=True)
def gate(kind: int, a: int, b: int, known: Known) -> int:
    """Give a gate of which an operand is certain or unknown, -1 where it must be looked up."""
    if kind == NOT:
        kind, b = XOR, 1
    if a > 1:
        a, b = b, a
    if a <= 1:
        if kind == AND:
            return b if a else 0
        if kind == OR:
            return 1 if a else b
        if a == (1 if kind == XOR else 0):
            if b <= 1:
                return 1 - b
            if b == UNKNOWN:
                return UNKNOWN
            other = known.complement[b & (LETTERS - 1)]
            return -1 if other < 0 else (b >> LETTER_BITS) << LETTER_BITS | other
        return b
    if a == UNKNOWN or b == UNKNOWN or a >> LETTER_BITS != b >> LETTER_BITS:
        return UNKNOWN
    return -1


@compiled(bare=True)
def extended(bits: Longs, start: int, size: int, place: int, signed: int) -> int:
    """Give a bit of an operand that is extended."""
    if place < size:
        return bits[start + place]
    return bits[start + size - 1] if signed and size else 0


@compiled(bare=True)
def number_in(bits: Longs, start: int, size: int, signed: int, width: int) -> int:
    """Give an operand that is certain as a number of `width` bits, extended by its sign or by 0."""
    found = 0
    for place in range(min(size, width)):
        found |= bits[start + place] << place
    if signed and 0 < size < width and bits[start + size - 1]:
        found -= 1 << size
    return found


@compiled(bare=True)
def compare(kind: int, bits: Longs, size: int) -> int:
    """Give a comparison of numbers without signs that are certain."""
    a = number_in(bits, 0, size, 0, LONG)
    b = number_in(bits, size, len(bits) - size, 0, LONG)
    if kind == EQ:
        return a == b
    if kind == NE:
        return a != b
    if kind == LT:
        return a < b
    if kind == LE:
        return a <= b
    if kind == GT:
        return a > b
    if kind == GE:
        return a >= b
    if kind == OR_ALL:
        return a != 0
    if kind == AND_ALL:
        return a == (1 << size) - 1
    if kind == NONE:
        return a == 0
    if kind == BOTH:
        return a != 0 and b != 0
    return a != 0 or b != 0


@compiled(bare=True)
def copied(bits: Longs, selects: int, width: int, given: Longs) -> bool:
    """Choose a word, or what both have alike; tells whether the choice must be looked up."""
    chosen, count = -1, 0
    for place in range(selects):
        if bits[place] != 0:
            count += 1
            chosen = place if chosen < 0 else chosen
    if not count:
        move(bits, selects, given, width)
        return False
    start = selects + width * (1 + chosen)
    if count == 1 and bits[chosen] == 1:
        move(bits, start, given, width)
        return False
    if bits[chosen] > UNKNOWN:
        return True
    for place in range(width):
        a, b = bits[selects + place], bits[start + place]
        given[place] = a if a == b and count == 1 else UNKNOWN
    return False


@compiled(bare=True)
def read(p: Program, s: State, place: int, bits: Longs, given: Longs) -> int:
    """Read a memory; 1 where the address must be looked up."""
    memory, width = p.read_memory[place], p.width[place]
    address, certain = 0, True
    for k in range(len(bits)):
        certain = certain and bits[k] <= 1
        address |= bits[k] << k if bits[k] <= 1 else 0
    if not p.has_writes[memory] and not certain:
        return 1
    lost = not certain or address >= p.memory_words[memory]
    if p.unchecked[memory] and not lost:
        for port in range(len(p.write_memory)):
            if p.write_memory[port] != memory:
                continue
            start, end = p.write_at[port], p.write_at[port + 1]
            split = start + p.write_bits[port]
            writes = False
            for wire in p.write_ports[split + width : end]:
                writes = writes or s.wires[wire] != 0
            where = number_of(s, p.write_ports[start:split])
            lost = lost or (writes and (where < 0 or where == address))
    if lost:
        given[:width] = UNKNOWN
        return 0
    word = p.memory_first[memory] + address
    if p.has_writes[memory] and not s.written[word]:
        s.missed[word] = 1
    start = p.memory_at[memory] + address * width
    move(s.cells, start, given, width)
    return 0


@compiled(bare=True)
def looked_up(
    p: Program,
    s: State,
    sums: Sums,
    elements: Elements,
    known: Known,
    place: int,
    bits: Longs,
    given: Longs,
) -> bool:
    """Give what the table says of an operation; False where it is not in it."""
    width = p.width[place]
    size = key_of(bits, p.sign[place], sums, elements, known)
    given[:width] = UNKNOWN
    if size < 0:
        return True
    slot = find(known, size)
    if known.slots[slot] < 0:
        known.key[-1] = size
        return False
    at = prepare(known.recipe_at[known.slots[slot]], sums, elements, known, known.made)
    if at < 0:
        return True
    for k in range(min(width, known.recipes[at])):
        given[k] = bit_of(known.recipes[at + 1 + k], known, known.made)
    return True


@compiled(bare=True)
def note_sum(
    s: State, sums: Sums, elements: Elements, known: Known, place: int, width: int, given: Longs
) -> None:
    """Note whether a sum of atoms fits its width, by the lowest bit that is not certain."""
    s.added[place] = 1
    for k in range(width):
        code = given[k]
        if code <= UNKNOWN:
            continue
        letter = code & (LETTERS - 1)
        a, b = ends_of(code >> LETTER_BITS, sums, elements)
        factor = known.factor[letter]
        if max(abs(a), abs(b)) > LARGEST // abs(factor):
            s.wraps[place] = 1
            return
        a = a * factor + known.constant[letter]
        b = b * factor + known.constant[letter]
        size = width - k + known.bit[letter]
        if moved_by(min(a, b), max(a, b), size) == NOWHERE:
            s.wraps[place] = 1
        return


@compiled(bare=True)
def gates(p: Program, place: int, bits: Longs, known: Known, given: Longs) -> bool:
    """Give gates side by side; tells whether they must be looked up."""
    first, second = p.first[place]
    for k in range(p.width[place]):
        a = extended(bits, 0, first, k, p.signed[place, 0])
        b = extended(bits, first, second, k, p.signed[place, 1])
        given[k] = gate(p.detail[place], a, b, known)
        if given[k] < 0:
            return True
    return False


@compiled(bare=True)
def add(p: Program, place: int, bits: Longs, given: Longs) -> None:
    """Give a sum of numbers that are certain."""
    first, second = p.first[place]
    width, detail = p.width[place], p.detail[place]
    total = number_in(bits, 0, first, p.signed[place, 0], width)
    other = number_in(bits, first, second, p.signed[place, 1], width)
    if detail == ADD:
        total += other
    elif detail == SUB:
        total -= other
    elif detail == NEG:
        total = -total
    for k in range(width):
        given[k] = total >> k & 1


@compiled(bare=True)
def evaluate(
    p: Program, s: State, sums: Sums, elements: Elements, known: Known, place: int, given: Longs
) -> bool:
    """Evaluate an operation; False where what it gives must be learnt first."""
    kind, width = p.kind[place], p.width[place]
    start, end = p.starts[place], p.starts[place + 1]
    if kind == COPY and p.first[place, 0] == 1 and s.wires[p.ports[start]] <= 1:
        chosen = start + 1 + width * s.wires[p.ports[start]]
        for k in range(width):  # most frequent by far
            given[k] = s.wires[p.ports[chosen + k]]
        return True
    bits = s.bits[: end - start]
    certain, lost = True, False
    for k in range(end - start):
        bits[k] = s.wires[p.ports[start + k]]
        certain = certain and bits[k] <= 1
        lost = lost or bits[k] == UNKNOWN
    asks = True
    if kind == COPY:
        asks = copied(bits, p.first[place, 0], width, given)
    elif kind == GATE:
        asks = gates(p, place, bits, known, given)
    elif kind == SUM and lost:
        given[:width] = UNKNOWN
        asks = False
    elif kind == SUM and certain and width < LONG:
        add(p, place, bits, given)
        asks = False
    elif kind == COMPARE and certain:
        given[:width] = 0
        given[0] = compare(p.detail[place], bits, p.first[place, 0])
        asks = False
    elif kind == READ:
        asks = read(p, s, place, bits, given) != 0
    if asks and not looked_up(p, s, sums, elements, known, place, bits, given):
        return False
    if asks and kind == SUM:
        note_sum(s, sums, elements, known, place, width, given)
    return True
