"""Scalar functions between a sum and a quantizer, and what they make of conditions on it.

A quantizer asks where its input reaches a bound. All functions here are monotone, so each turns
that into where its own input reaches another bound; behind the last one the question is about an
integer. Bounds are kept as runs, arithmetic progressions, since those of a uniform quantizer are
one, whatever affine map they pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import assert_never

from hwgen.frontend.onnx.arithmetic.roots import Bracket, logarithm, root


@dataclass(frozen=True, slots=True)
class Affine:
    """`factor * x + shift`."""

    factor: Fraction
    shift: Fraction


@dataclass(frozen=True, slots=True)
class Norm:
    """Batch normalization: `(x - mean) / sqrt(square) * gamma + beta`."""

    mean: Fraction
    square: Fraction
    gamma: Fraction
    beta: Fraction


@dataclass(frozen=True, slots=True)
class Clip:
    """`min(max(x, lo), hi)`; None is no limit."""

    lo: Fraction | None
    hi: Fraction | None


@dataclass(frozen=True, slots=True)
class Leaky:
    """x where it is positive, else `slope * x`, slope > 0."""

    slope: Fraction


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """`1 / (1 + exp(-x))`."""


@dataclass(frozen=True, slots=True)
class Tanh:
    """The hyperbolic tangent."""


Function = Affine | Norm | Clip | Leaky | Sigmoid | Tanh


@dataclass(frozen=True, slots=True)
class Run:
    """Bounds `first + i * step`, i below `count`; step >= 0.

    `strict` says of even and of odd i whether the bound must be exceeded, not only reached.
    """

    first: Fraction
    step: Fraction
    count: int
    strict: tuple[bool, bool]

    def split(self, at: int) -> tuple[Run, Run]:
        """Give the first `at` bounds and the others."""
        strict = self.strict if at % 2 == 0 else (self.strict[1], self.strict[0])
        rest = Run(self.first + at * self.step, self.step, self.count - at, strict)
        return replace(self, count=at), rest

    def reached_by(self, value: Fraction) -> int:
        """Count the bounds that a value reaches: they are the first ones."""
        if not self.step:  # a single bound, or equal ones
            equal = value == self.first and not self.strict[0]
            return self.count if value > self.first or equal else 0
        below = -((self.first - value) // self.step)  # of those that are less than the value
        below = min(max(int(below), 0), self.count)
        at = self.first + below * self.step
        return below + (below < self.count and at == value and not self.strict[below % 2])


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds in the order of codes, on `sign * x`: `always` reached, `runs`, `never` reached."""

    always: int
    runs: tuple[Run, ...]
    never: int
    sign: int = 1

    @property
    def count(self) -> int:
        """How many steps there are."""
        return self.always + sum(run.count for run in self.runs) + self.never

    def part(self, first: int, count: int) -> Bounds:
        """Give `count` of the steps from the one of number `first` on."""
        last, runs, place = first + count, [], self.always
        for run in self.runs:
            begin, end = (min(max(k - place, 0), run.count) for k in (first, last))
            if begin < end:
                runs.append(run.split(end)[0].split(begin)[1])
            place += run.count
        always = max(min(self.always, last) - first, 0)
        never = count - always - sum(run.count for run in runs)
        return replace(self, always=always, runs=tuple(runs), never=never)

    def reached_by(self, value: Fraction) -> int:
        """Count the steps that `sign * x`, given, reaches."""
        return self.always + sum(run.reached_by(value) for run in self.runs)


def before(function: Function, bounds: Bounds, digits: int, upper: bool) -> Bounds:
    """Turn bounds on what a function gives into bounds on what it reads.

    Parameters
    ----------
    digits, upper
        An irrational number is taken as the upper or the lower end of a bracket of so many digits.
    """
    match function:
        case Affine():
            return _before_affine(function.factor, function.shift, bounds)
        case Norm(mean=mean, square=square, gamma=gamma, beta=beta):
            deviation = root(square, digits)[upper]
            scaled = _before_affine(gamma, beta, bounds)
            return _before_affine(1 / deviation, -mean / deviation, scaled)
        case Clip():
            return _before_clip(function, bounds)
        case Leaky(slope=slope):
            return _before_leaky(slope, bounds)
        case Sigmoid():
            return _before_open(Fraction(0), Fraction(1), _logit, bounds, digits, upper)
        case Tanh():
            return _before_open(Fraction(-1), Fraction(1), _artanh, bounds, digits, upper)
        case _:
            assert_never(function)


def is_irrational(function: Function) -> bool:
    """Say whether bounds before it depend on a bracket."""
    return isinstance(function, Norm | Sigmoid | Tanh)


def image(function: Function, x: Fraction) -> Fraction:
    """Give the value of a function at a point, about where that is irrational."""
    match function:
        case Affine(factor=factor, shift=shift):
            return factor * x + shift
        case Norm(mean=mean, square=square, gamma=gamma, beta=beta):
            return (x - mean) / root(square, 40)[0] * gamma + beta
        case Clip(lo=lo, hi=hi):
            x = x if lo is None else max(x, lo)
            return x if hi is None else min(x, hi)
        case Leaky(slope=slope):
            return x if x > 0 else slope * x
        case Sigmoid():
            return Fraction(1 / (1 + math.exp(-min(max(float(x), -700.0), 700.0))))
        case Tanh():
            return Fraction(math.tanh(float(x)))
        case _:
            assert_never(function)


def direction(function: Function) -> int:
    """Say whether it rises (1), falls (-1) or is constant (0)."""
    match function:
        case Affine(factor=factor) | Norm(gamma=factor):
            return (factor > 0) - (factor < 0)
        case Clip() | Leaky() | Sigmoid() | Tanh():
            return 1
        case _:
            assert_never(function)


def _before_affine(factor: Fraction, shift: Fraction, bounds: Bounds) -> Bounds:
    """Bounds on sign * (a x + b) become bounds on sign' * x, sign' with the sign of a."""
    shift = bounds.sign * shift
    if not factor:
        reached = bounds.reached_by(shift)
        return Bounds(reached, (), bounds.count - reached, bounds.sign)
    scale = abs(factor)
    runs = tuple(
        replace(run, first=(run.first - shift) / scale, step=run.step / scale)
        for run in bounds.runs
    )
    return replace(bounds, runs=runs, sign=bounds.sign if factor > 0 else -bounds.sign)


def _before_clip(clip: Clip, bounds: Bounds) -> Bounds:
    lo, hi = clip.lo, clip.hi
    if bounds.sign < 0:
        lo, hi = (None if hi is None else -hi), (None if lo is None else -lo)
    always, never, runs = bounds.always, bounds.never, []
    for run in bounds.runs:
        first = 0 if lo is None else run.reached_by(lo)
        last = run.count if hi is None else max(first, run.reached_by(hi))
        always, never = always + first, never + run.count - last
        kept = run.split(last)[0].split(first)[1]
        runs += [kept] if kept.count else []
    return Bounds(always, tuple(runs), never, bounds.sign)


def _before_leaky(slope: Fraction, bounds: Bounds) -> Bounds:
    """Divide the bounds of one side of zero by the slope; zero stays where it is."""
    runs = []
    for run in bounds.runs:
        below = replace(run, strict=(True, True)).reached_by(Fraction(0))  # bounds that are < 0
        parts = run.split(below)
        scaled = parts[0] if bounds.sign > 0 else parts[1]
        scaled = replace(scaled, first=scaled.first / slope, step=scaled.step / slope)
        pair = (scaled, parts[1]) if bounds.sign > 0 else (parts[0], scaled)
        runs += [part for part in pair if part.count]
    return replace(bounds, runs=tuple(runs))


def _before_open(
    lo: Fraction,
    hi: Fraction,
    inverse: Callable[[Fraction, int], Bracket],
    bounds: Bounds,
    digits: int,
    upper: bool,
) -> Bounds:
    """Turn bounds on a function with values between lo and hi, neither of which it reaches."""
    always, never, runs = bounds.always, bounds.never, []
    for run in bounds.runs:
        for i in range(run.count):
            bound = bounds.sign * (run.first + i * run.step)  # on the function's own value
            strict = run.strict[i % 2]
            if lo < bound < hi:
                place = bounds.sign * inverse(bound, digits)[upper]
                runs.append(Run(place, Fraction(0), 1, (strict, strict)))
            elif (bound <= lo) == (bounds.sign > 0):
                always += 1
            else:
                never += 1
    return Bounds(always, tuple(runs), never, bounds.sign)


def _logit(value: Fraction, digits: int) -> Bracket:
    return logarithm(value / (1 - value), digits)


def _artanh(value: Fraction, digits: int) -> Bracket:
    low, high = logarithm((1 + value) / (1 - value), digits)
    return low / 2, high / 2
