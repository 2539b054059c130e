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
    """The words of a pooling: for each channel, nets of words and of what is to be told of."""

    module: Module
    channels: Sequence[Channel]
    words: Sequence[Sequence[Word]]
    targets: Sequence[Sequence[Word]]

    def largest(self, steering: Mapping[Net, int]) -> list[list[Parts | None]]:
        """Give what each target is the largest of, by channel; None where that is unknown.

        Raises
        ------
        NotProvedError
            Where a cell does something else.
        """
        algebra = Largest(self.module, [channel.limits for channel in self.channels])
        leaves: dict[Net, Value] = {**steering, "x": UNKNOWN_BIT}
        for channel, words in enumerate(self.words):
            for number, nets in enumerate(words):
                bits = algebra.word(Name(channel, number), len(nets))
                leaves |= zip(nets, bits, strict=True)
        walk: Walk[Value] = Walk(self.module, {}, leaves, (0, 1), algebra.rule)
        return [
            [_numbers(channel, algebra.read(walk.word(nets, 0))) for nets in targets]
            for channel, targets in enumerate(self.targets)
        ]

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
            for number, nets in enumerate(self.words[channel]):  # modulo its width is enough
                inputs[channel * count + number] = Range(0, (1 << len(nets)) - 1)
            inputs[channel * count] = _varying(each.limits)
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


def _numbers(channel: int, words: Words | None) -> Parts | None:
    """Give the numbers of words, which must be of one channel."""
    if words is None or any(word.channel != channel for word in words):
        return None
    return frozenset(word.number for word in words)


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
