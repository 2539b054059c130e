"""What a net can carry in a symbolic run, beside 0, 1 and a bit of a linear form.

All of these state a fact about the net that holds on every input; `UNKNOWN` states nothing, so that
a rule may always give it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hwgen.prove.forms.forms import Bit
from hwgen.prove.forms.steps import Step


class Source(NamedTuple):
    """A lane of a beat of a vector, counted from the first after reset."""

    vector: int
    beat: int
    lane: int


@dataclass(frozen=True, slots=True)
class CaseBit:
    """A bit that is a function of one sum: bit s of `mask` is its value at the s-th of `count`."""

    source: Source
    mask: int
    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """Bit `place` of a lane of the input, or its complement."""

    source: Source
    place: int
    inverted: bool = False


Candidate = tuple["Part | int", ...]  # a word, lowest bit first, without the zeros on top
Candidates = frozenset[Candidate]


@dataclass(frozen=True, slots=True)
class BestBit:
    """Bit `place` of the largest of some words as unsigned numbers, or its complement."""

    words: Candidates
    place: int
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Above:
    """Whether the largest of some words is above the largest of others."""

    greater: Candidates
    less: Candidates


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any value."""


UNKNOWN = Unknown()

Value = int | Bit | Step | CaseBit | Part | BestBit | Above | Unknown


def aged(value: Value, vectors: int, columns: int) -> object:
    """Describe a value so that those of a later vector are equal to those of an earlier one.

    Vectors count from `vectors` on, and `columns` is how many inputs a vector has.
    """
    if isinstance(value, int | Unknown):
        return value
    if isinstance(value, Bit):
        before = vectors * columns
        factors = frozenset((c - before, v) for c, v in value.form.coefficients.items())
        return value.index, value.form.constant, factors
    if isinstance(value, Step):
        return value.key(vectors * columns)
    if isinstance(value, CaseBit):
        return _later(value.source, vectors), value.mask
    if isinstance(value, Part):
        return _later(value.source, vectors), value.place, value.inverted
    if isinstance(value, BestBit):
        return _aged_words(value.words, vectors), value.place, value.inverted
    return _aged_words(value.greater, vectors), _aged_words(value.less, vectors)


def _later(source: Source, vectors: int) -> Source:
    return source._replace(vector=source.vector - vectors)


def _aged_words(words: Candidates, vectors: int) -> object:
    return frozenset(tuple(aged(part, vectors, 0) for part in word) for word in words)
