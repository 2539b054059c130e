"""What is chosen for each layer before anything about it is planned."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from hwgen.errors import PlanError
from hwgen.plan.design import LayerChoice
from hwgen.plan.layer import Layer
from hwgen.plan.options import MAX_UNROLLED_NONZERO, BuildOptions
from hwgen.plan.streams.port_width import fits_ports

DEFAULT_PE = 4


def asked_for(layers: tuple[Layer, ...], options: BuildOptions) -> tuple[LayerChoice, ...] | None:
    """Give what the options say of every layer, None where that is to be found out.

    Raises
    ------
    PlanError
        Where the options contradict one another.
    """
    folds = bool(options.pe or options.simd or options.pixels or not options.skip)
    if options.style == "unrolled" and folds:
        given = {"--pe": options.pe, "--simd": options.simd, "--pixels": options.pixels}
        names = [name for name, value in given.items() if value]
        names += [] if options.skip else ["--no-skip"]
        raise PlanError(
            f"style: an unrolled unit has all rows in parallel and never holds a zero weight; "
            f"leave out {' and '.join(names)}, or choose --style folded"
        )
    has_memory = any(layer.input_image or len(layer.sources) > 1 for layer in layers)
    if options.style == "unrolled" and not has_memory:
        _check_no_memories(options)
    if options.goal is not None:
        return None
    small = sum(layer.nonzero for layer in layers) <= MAX_UNROLLED_NONZERO
    small = small and all(fits_ports(layer) for layer in layers)
    if options.style == "unrolled" or (options.style == "auto" and small and not folds):
        return tuple(unrolled(layer, options) for layer in layers)
    if options.style == "folded" or folds or len(layers) == 1:
        _check_folded(options)
        return tuple(_folded_as_asked(layer, options) for layer in layers)
    return None


def _folded_as_asked(layer: Layer, options: BuildOptions) -> LayerChoice:
    """Give the folding of a layer that options name, or a few multipliers where they do not."""
    width = layer.positions[1]
    if not (options.pe or options.simd or options.pixels):
        pixels = neighbours(width, DEFAULT_PE)
        return folded(layer, -(-DEFAULT_PE // pixels), 1, options, pixels)
    pe, simd = options.pe or (1 if options.pixels else DEFAULT_PE), options.simd or 1
    if options.skip:
        pe, simd = _as_many(layer, pe, simd)
    return folded(layer, pe, simd, options, neighbours(width, options.pixels or 1))


def neighbours(width: int, most: int) -> int:
    """Give the largest number of windows, of `most` at most, that divides a row of them."""
    return max(count for count in range(1, min(width, most) + 1) if width % count == 0)


def _as_many(layer: Layer, pe: int, simd: int) -> tuple[int, int]:
    """Give pe and simd within a layer, of as many products a cycle as were asked for if it can be.

    Zeros are skipped, so that only their product counts; of like products that with which a layer
    without zeros, whose rows are not dealt, is done first.
    """
    if pe <= layer.rows and simd <= layer.columns:
        return pe, simd
    fits = [
        (rows, min(pe * simd // rows, layer.columns))
        for rows in range(1, min(layer.rows, pe * simd) + 1)
    ]

    def worth(fit: tuple[int, int]) -> tuple[int, int, int]:
        steps = -(-layer.rows // fit[0]) * -(-layer.columns // fit[1])
        return fit[0] * fit[1], -steps, fit[0]

    return max(fits, key=worth)


def _check_folded(options: BuildOptions) -> None:
    """Refuse a clock that nothing looks at."""
    if options.clock_mhz:
        raise PlanError(
            "clock-mhz: must not be given where all layers are folded, whose registers it does not "
            "change; leave --clock-mhz out, add --fps, or choose --style unrolled"
        )


def _check_no_memories(options: BuildOptions) -> None:
    """Refuse a price that nothing pays; a limit of block RAMs holds."""
    if options.luts_per_bram is not None:
        raise PlanError(
            "luts-per-bram: must not be given where all layers are unrolled and read vectors one "
            "after another, which takes no memory; leave it out, or choose --style folded"
        )


def unrolled(layer: Layer, options: BuildOptions) -> LayerChoice:
    """Give the choice of a unit that takes a vector every cycle."""
    return LayerChoice(
        name=layer.name,
        style="unrolled",
        pe=layer.rows,
        simd=layer.columns,
        skip=True,
        accumulator=options.accumulator,
        luts_per_bram=options.bram_price,  # of its windows, and of the queues in front of it
    )


def folded(layer: Layer, pe: int, simd: int, options: BuildOptions, pixels: int = 1) -> LayerChoice:
    """Give the choice of a folded unit, no larger than the layer."""
    return LayerChoice(
        name=layer.name,
        style="folded",
        pe=min(pe, layer.rows),
        simd=min(simd, layer.columns),
        skip=options.skip,
        accumulator=options.accumulator,
        luts_per_bram=options.bram_price,
        pixels=pixels,
    )


def check_choices(layers: tuple[Layer, ...], choices: tuple[LayerChoice, ...], where: str) -> None:
    """Refuse choices that do not fit the network.

    Raises
    ------
    PlanError
        With the place in `where` and what must hold there.
    """
    names = [layer.name for layer in layers]
    if [choice.name for choice in choices] != names:
        raise PlanError(
            f"{where}: must name the network's layers {', '.join(names)} in this order, not "
            f"{', '.join(choice.name for choice in choices) or 'none'}; build the plan anew for "
            "another network"
        )
    for index, (layer, choice) in enumerate(zip(layers, choices, strict=True)):
        place = f"{where}[{index}]"
        if choice.style == "unrolled" and (choice.pe, choice.simd, choice.skip) != (
            layer.rows,
            layer.columns,
            True,
        ):
            raise PlanError(
                f"{place}: unrolled layer {layer.name} has all rows and columns in parallel and no "
                f"zero weights: pe must be {layer.rows}, simd {layer.columns} and skip true, not "
                f"{choice.pe}, {choice.simd} and {str(choice.skip).lower()}; or set style to folded"
            )
        width = layer.positions[1]
        if (
            choice.pixels < 1
            or width % choice.pixels
            or not (choice.style == "folded" or choice.pixels == 1)
        ):
            raise PlanError(
                f"{place}.pixels: must divide the {width} windows of a row of {layer.name}, and be "
                f"1 where it is unrolled, not {choice.pixels}; choose another"
            )
        try:
            BuildOptions(accumulator=choice.accumulator)
        except PlanError as error:
            raise PlanError(f"{place}.{error}") from None
        if choice.luts_per_bram < 0:
            raise PlanError(f"{place}.luts_per_bram: must be 0 or more, not {choice.luts_per_bram}")
        for key, value, limit, meaning in (
            ("pe", choice.pe, layer.rows, "rows"),
            ("simd", choice.simd, layer.columns, "columns"),
        ):
            if not 1 <= value <= limit:
                raise PlanError(
                    f"{place}.{key}: must be 1 to the {limit} {meaning} of {layer.name}, not "
                    f"{value}; choose another"
                )


def options_for(choice: LayerChoice, options: BuildOptions) -> BuildOptions:
    """Give the build's options as they hold for one layer, for which nothing is to be found out."""
    own = replace(
        options,
        fps=None,
        max_luts=None,
        max_brams=None,
        accumulator=choice.accumulator,
        luts_per_bram=choice.luts_per_bram,
    )
    if choice.style == "unrolled":
        return replace(own, style="unrolled", pe=None, simd=None, pixels=None, skip=True)
    return replace(
        own,
        style="folded",
        pe=choice.pe,
        simd=choice.simd,
        pixels=choice.pixels,
        skip=choice.skip,
    )


def least_cycles(layer: Layer, choice: LayerChoice) -> int:
    """Cycles that a layer takes for a vector at the least, without planning it."""
    if choice.style == "unrolled":
        return layer.cycles
    products = layer.nonzero if choice.skip else layer.products
    steps = max(-(-products // (choice.pe * choice.simd)), 1)
    return max(steps * prod(layer.positions) // choice.pixels, layer.cycles)
