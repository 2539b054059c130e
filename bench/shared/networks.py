"""Networks with random weights for the benchmarks: chains of dense layers with thresholds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hwgen.ir import Accumulator, Argmax, Dense, Graph, Input, Threshold
from hwgen.numeric import IntType


def random_network(
    *,
    seed: int,
    widths: tuple[int, ...],
    inputs: int,
    codes: int,
    weight_bits: int,
    density: float,
) -> Graph:
    """Give a classifier whose weights are nonzero with a probability, inputs and codes unsigned.

    `widths` holds the number of inputs, then the rows of each layer; thresholds lie evenly over
    the middle of what each row can reach.
    """
    rng = np.random.default_rng(seed)
    source, kind = "input", IntType(bits=inputs, signed=False)
    code = IntType(bits=codes, signed=False)
    nodes: list[Dense | Threshold | Argmax] = []
    top = 2 ** (weight_bits - 1)
    for index, (columns, rows) in enumerate(pairwise(widths)):
        values = rng.integers(1, top, (rows, columns)) * rng.choice([-1, 1], (rows, columns))
        weight = values * (rng.random((rows, columns)) < density)
        bare = Dense(
            name=f"dense{index}",
            inputs=(source,),
            weight=weight,
            weight_bits=weight_bits,
            bias=np.zeros(rows, np.int64),
            accumulators=(),
        )
        totals = bare.totals(kind.range)
        accumulators = tuple(
            Accumulator.exact(total, bare.divisor(row), "offset")
            for row, total in enumerate(totals)
        )
        nodes.append(
            Dense(
                name=bare.name,
                inputs=bare.inputs,
                weight=weight,
                weight_bits=weight_bits,
                bias=bare.bias,
                accumulators=accumulators,
            )
        )
        source = bare.name
        if index < len(widths) - 2:
            quarters = [(t.lo + t.span // 4, t.lo + 3 * t.span // 4) for t in totals]
            steps = [np.linspace(lo, hi, 2**codes - 1).astype(np.int64) for lo, hi in quarters]
            nodes.append(
                Threshold(
                    name=f"act{index}",
                    inputs=(source,),
                    thresholds=np.stack(steps),
                    output=code,
                )
            )
            source, kind = f"act{index}", code
    nodes.append(Argmax(name="argmax", inputs=(source,)))
    return Graph(
        name="random",
        input=Input(shape=(widths[0],), type=IntType(bits=inputs, signed=False)),
        nodes=tuple(nodes),
        output="argmax",
    )
