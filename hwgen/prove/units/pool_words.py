"""What the words of a pooling are pooled of, under one setting of the nets that steer them.

A word of a channel is the pixel that comes (number 0), a register, or what a memory gives; `Parts`
are the numbers of those that a word is pooled of, each once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hwgen.numeric import Range
from hwgen.prove.forms.forms import Form, LinearBit, bit
from hwgen.prove.forms.linear import LinearAlgebra
from hwgen.prove.forms.words import read_word
from hwgen.prove.netlist.netlist import Module, Net, Word
from hwgen.prove.netlist.walk import Walk
from hwgen.prove.units.largest import Above, Largest, Name, Value, Words
from hwgen.prove.views import Channel

Kind = Literal["max", "sum"]
Parts = frozenset[int]
UNKNOWN_BIT = Above(frozenset(), frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWords:
    """The words of a pooling: for each channel, nets of words and of what is to be told of.

    `pixels` are those of a window; the first target of a channel is as wide as its result.
    """

    module: Module
    channels: Sequence[Channel]
    pixels: int
    words: Sequence[Sequence[Word]]
    targets: Sequence[Sequence[Word]]

    def largest(self, steering: Mapping[Net, int]) -> list[list[Parts | None]]:
        """Give what each target is the largest of, by channel; None where that is unknown.

        Raises
        ------
        NotProvedError
            Where a cell does something else.
        """
        kinds = [(channel.bits, channel.limits.lo < 0) for channel in self.channels]
        algebra = Largest(self.module, kinds)
        leaves: dict[Net, Value] = {**steering, "x": UNKNOWN_BIT}
        for channel, words in enumerate(self.words):
            for number, nets in enumerate(words):
                bits = algebra.word(Name(channel, number))
                if len(nets) != len(bits):
                    raise self.module.problem(nets[0], f"must be of {len(bits)} bits")
                leaves |= zip(nets, bits, strict=True)
        walk: Walk[Value] = Walk(self.module, {}, leaves, (0, 1), algebra.rule)
        return [
            [self._parts(channel, algebra.read(walk.word(nets, 0))) for nets in targets]
            for channel, targets in enumerate(self.targets)
        ]

    def _parts(self, channel: int, words: Words | None) -> Parts | None:
        """Leave out constants that no pixel is below."""
        found = set()
        for word in words or ():
            if isinstance(word, Name):
                found.add(word.number)
                if word.channel != channel:
                    return None
            elif self._value(channel, word) > self.channels[channel].limits.lo:
                return None
        return None if words is None else frozenset(found)

    def _value(self, channel: int, word: str) -> int:
        negative = self.channels[channel].limits.lo < 0 and word[-1] == "1"
        return int(word[::-1], 2) - (negative << len(word))

    def sums(self, steering: Mapping[Net, int]) -> list[list[Parts | None]]:
        """Give what each target is the sum of, by channel; None where that is unknown.

        Raises
        ------
        NotProvedError
            Where a cell does something else.
        """
        count = len(self.words[0])
        unknown = count * len(self.words)
        inputs = {unknown: Range(0, 1)}
        for channel, each in enumerate(self.channels):
            pixel = _varying(each.limits)
            partial = Range(min(0, self.pixels * pixel.lo), max(0, self.pixels * pixel.hi))
            inputs |= {channel * count + number: partial for number in range(count)}
            inputs[channel * count] = pixel
        forms = {column: Form({column: 1}, 0, limits) for column, limits in inputs.items()}
        leaves: dict[Net, LinearBit] = {**steering, "x": bit(forms[unknown], 0)}
        for channel, words in enumerate(self.words):
            for number, nets in enumerate(words):
                form = forms[channel * count + number]
                leaves |= {net: bit(form, place) for place, net in enumerate(nets)}
        algebra = LinearAlgebra(self.module, inputs)
        walk: Walk[LinearBit] = Walk(self.module, {}, leaves, (0, 1), algebra.rule)
        return [
            [
                _terms(walk.word(nets, 0), inputs, range(channel * count, (channel + 1) * count))
                for nets in targets
            ]
            for channel, targets in enumerate(self.targets)
        ]


def _terms(word: list[LinearBit], inputs: Mapping[int, Range], own: range) -> Parts | None:
    """Give the words that a word is the sum of, modulo its width."""
    reading, mask = read_word(word, inputs), (1 << len(word)) - 1
    if isinstance(reading, int) or reading.dropped or reading.form.constant & mask:
        return None
    factors = {c: v & mask for c, v in reading.form.coefficients.items() if v & mask}
    known = all(factor == 1 and column in own for column, factor in factors.items())
    return frozenset(column - own.start for column in factors) if known else None


def _varying(limits: Range) -> Range:
    """Give a range that can vary, so that a sum can be told by its terms."""
    if limits.span:
        return limits
    return Range(min(limits.lo, 0), max(limits.hi, 0)) if limits.lo else Range(0, 1)
