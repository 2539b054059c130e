"""Every row of `bench/whole_nets/dense.py`, in the order in which they are measured."""

from __future__ import annotations

from bench.whole_nets.parts.folded import GOALS, Folded
from bench.whole_nets.parts.unrolled import Part, Unrolled

Case = Unrolled | Part | Folded
PARTS = (
    Part(model="fashion_mnist qat", layer=0, rows=32, columns=28),
    Part(model="fashion_mnist qat", layer=1, rows=32, columns=64),
)


def cases() -> tuple[Case, ...]:
    """Give every row, the quick ones first."""
    small = ("digits", "digits wider", "digits qat")
    large = ("fashion_mnist", "fashion_mnist qat", "fashion_mnist qat W4", "fashion_mnist hidden")
    folded = [
        Folded(model=f"{net}{' qat' if dense else ''}", target=target, fps=fps, dense=dense)
        for net in ("nsl_kdd", "fashion_mnist")
        for fps in GOALS[net]
        for dense in (False, True)
        for target in ("xc7", "ecp5")
    ]
    return (
        *(Unrolled(model=model) for model in small),
        Unrolled(model="digits qat", wide=True),
        *folded,
        *PARTS,
        *(Unrolled(model=model) for model in large),
    )
