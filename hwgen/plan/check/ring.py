"""Shows that a folded convolution, perhaps edited, reads the windows of its layer."""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.plan.layer import Layer
from hwgen.plan.stages.positions import at_one_pixel
from hwgen.plan.stages.stage import PADDING, FoldedDense
from hwgen.plan.windows import lines_of


def check_ring(stage: FoldedDense, layer: Layer, where: str) -> None:
    """Compare what a unit reads of a map, and how neighbours leave, with its layer.

    Raises
    ------
    PlanError
        With the place that is wrong, and what must hold there.
    """
    lines, wanted = stage.lines, lines_of(layer.window, stage.inputs.image)
    if lines is None or wanted is None or stage.outputs.image != layer.positions:
        raise PlanError(f"{where}.lines: must be the windows of {layer.name}; undo the edit")
    for name in ("kernel", "stride", "origin", "taps", "beside"):
        if getattr(lines, name) != getattr(wanted, name):
            raise PlanError(
                f"{where}.lines.{name}: must be that of {layer.name}'s windows, "
                f"{_shown(getattr(wanted, name))}; undo the edit"
            )
    if stage.counted:
        raise PlanError(f"{where}.counted: must be false for windows of a map; undo the edit")
    if not 0 <= lines.spare <= stage.inputs.image[0]:
        raise PlanError(
            f"{where}.lines.spare: must be 0 to the map's {stage.inputs.image[0]} rows, not "
            f"{lines.spare}"
        )
    if layer.window is None or stage.inputs.image != layer.window.image:
        raise PlanError(f"{where}.inputs.image: must be the map of {layer.name}; undo the edit")
    _check_channels(stage, layer, where)
    _check_neighbours(stage, where)


def _shown(value: tuple[object, ...] | int) -> str:
    text = str(value if isinstance(value, int) else list(value))
    return text if len(text) <= 60 else f"{text[:60]}..."


def _check_channels(stage: FoldedDense, layer: Layer, where: str) -> None:
    """Every channel that a tap reads must come, none twice, in a lane that holds it."""
    stream, lines = stage.inputs, stage.lines
    assert lines is not None
    order, lanes, pixels = stream.order, stream.lanes, stream.pixels
    if stream.beside > 1 and (lines.stride[1] > 1 or stage.pixels % stream.beside):
        raise PlanError(
            f"{where}.inputs.beside: must be 1, or divide the {stage.pixels} windows side by side "
            f"where no stride cuts columns, not {stream.beside}"
        )
    elements = [element for element in order if element != PADDING]
    read = {tap.lane for tap in layer.window.taps} if layer.window is not None else set()
    come = {element // pixels for element in elements}
    if len(set(elements)) < len(elements) or not read <= come or len(set(lanes)) > 1:
        raise PlanError(
            f"{where}.inputs.order: must hold each channel that {layer.name} reads once, in lanes "
            "of one type"
        )
    for slot, element in enumerate(order):
        beat, place = slot // len(lanes) % stream.copies, slot % len(lanes) // stream.channels
        first = order[slot - beat * len(lanes) - place * stream.channels]
        neighbour = beat * stream.beside + place
        if element != (PADDING if first == PADDING else first + neighbour):
            raise PlanError(
                f"{where}.inputs.order[{slot}]: must be neighbour {neighbour} of what the beats "
                "before carry"
            )
    for channel in read:
        limits, lane = layer.channels[channel], lanes[0]
        if limits.lo < lane.lo or limits.hi > lane.hi:
            raise PlanError(
                f"{where}.inputs.lanes: must hold [{limits.lo}, {limits.hi}] of channel {channel}, "
                f"not {lane}; widen them"
            )


def _check_neighbours(stage: FoldedDense, where: str) -> None:
    """Neighbours leave beat after beat, all of a set and a row together."""
    pixels, one = stage.pixels, at_one_pixel(stage)
    assert isinstance(one, FoldedDense)
    turns = tuple(
        tuple(s * stage.copies + copy for s in together)
        for together in one.turns
        for copy in range(stage.copies)
    )
    if stage.turns != turns:
        raise PlanError(
            f"{where}.turns: must hold the {stage.copies} copies of each set one after another"
        )
    rows = tuple(
        PADDING if row == PADDING else row * pixels + first + neighbour
        for beat in range(stage.groups)
        for first in [beat % stage.copies * stage.beside]
        for neighbour in range(stage.beside)
        for row in stage.rows[beat * stage.width : (beat + 1) * stage.width]
    )
    if stage.outputs.order != rows:
        raise PlanError(
            f"{where}.outputs.order: must be rows times the {pixels} neighbours, and the neighbour"
        )
