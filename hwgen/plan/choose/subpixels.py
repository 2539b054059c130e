"""Chooses whether convolutions behind an enlargement are computed in front of it (`ir/subpixel`).

Folded, a convolution spends cycles on products, of which there are fewer in front. Unrolled it
would have an adder graph for each phase there, each at work in one of `r * r` cycles, so that it
never is.
"""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.ir.subpixel import subpixel_candidates, with_subpixels
from hwgen.plan.choose.budget import cost_of
from hwgen.plan.design import Budget, LayerChoice, Plan, Throughput
from hwgen.plan.options import BuildOptions


def subpixel_ways(graph: Graph, options: BuildOptions) -> tuple[tuple[str, ...], ...]:
    """Give the sets of convolutions to plan with; the best plan is taken."""
    names = subpixel_candidates(graph)
    if not names or options.subpixel == "never":
        return ((),)
    if options.subpixel == "always":
        return (names,)
    return ((),) if options.style == "unrolled" else ((), names)


def check_all_folded(
    subpixel: tuple[str, ...], choices: tuple[LayerChoice, ...], where: str
) -> None:
    """Refuse a convolution in front of its enlargement that is unrolled.

    Raises
    ------
    PlanError
        Where there is one.
    """
    for choice in choices:
        if choice.name in subpixel and choice.style != "folded":
            raise PlanError(
                f"{where}: {choice.name} must be folded to be computed in front of the enlargement "
                f"that it reads, not {choice.style}; choose --style folded or --subpixel never"
            )


def worth(plan: Plan, options: BuildOptions) -> tuple[int, int]:
    """Give what is to be least of a plan, and what decides among equal ones."""
    luts = cost_of(plan).priced(options.bram_price)
    match options.goal:
        case Throughput():
            return luts, plan.interval_cycles
        case Budget():
            return plan.interval_cycles, luts
        case None:
            return luts * plan.interval_cycles, luts


def network_of(graph: Graph, subpixel: tuple[str, ...], where: str) -> Graph:
    """Give the network that a plan is of, as `with_subpixels` does.

    Raises
    ------
    PlanError
        Where one of the names is not such a convolution's.
    """
    allowed = subpixel_candidates(graph)
    wrong = [name for name in subpixel if name not in allowed]
    if wrong or len(set(subpixel)) != len(subpixel):
        raise PlanError(
            f"{where}: must name convolutions of stride 1 that keep the size of the nearest "
            f"upsampling that they read, each once ({', '.join(allowed) or 'none here'}), not "
            f"{(wrong or list(subpixel))[0]!r}"
        )
    return with_subpixels(graph, subpixel)
