"""Design folders for the tests of the prover, each built once."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from tests.tiny_nets import network


def built(folder, seed, *, target="xc7", pipeline="auto", accumulator="offset", **net):
    """Build an unrolled design."""
    options = BuildOptions(
        style="unrolled", target=target, pipeline=pipeline, accumulator=accumulator, effort="low"
    )
    return build(network(seed, **net), options, folder)


@cache
def shared(target="xc7", pipeline="auto"):
    """Give a design folder that tests read and copy but do not change."""
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    return folder, built(folder, 1, target=target, pipeline=pipeline)


def folded(
    folder,
    seed,
    *,
    target="xc7",
    pe=None,
    simd=None,
    skip=True,
    accumulator="offset",
    luts_per_bram=None,
    **net,
):
    """Build a folded design."""
    options = BuildOptions(
        style="folded",
        target=target,
        pe=pe,
        simd=simd,
        skip=skip,
        accumulator=accumulator,
        luts_per_bram=luts_per_bram,
        effort="low",
    )
    return build(network(seed, **net), options, folder)


@cache
def shared_folded():
    """Give a folded design that tests read and copy but do not change."""
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    return folder, folded(folder, 3, pe=2, simd=2, widths=(6, 5, 3))
