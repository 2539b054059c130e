"""Section of a report with pictures: what went into the simulated design and what came out."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from hwgen.numeric import IntArray, IntType
from hwgen.report.contents import Report
from hwgen.report.layer_sections import section
from hwgen.report.markup import Markup, count, tag
from hwgen.report.simulated_maps import SimulatedMaps

NOTE = (
    "The last pictures of a row left the simulated Verilog beat by beat. Integers from the least "
    "to the largest of their type are shown from black to white."
)


def pictures_section(report: Report) -> Markup:
    """Show each frame: input, its bicubic enlargement where it is enlarged, reference, design."""
    maps = report.maps_simulated
    if maps is None:
        return Markup("")
    pictures = [_row(maps, frame) for frame in range(len(maps.inputs))]
    wrong = maps.differing
    whole = f"All {count(maps.reference.size)} elements are equal to the integer reference."
    verdict = f"{count(wrong)} of {count(maps.reference.size)} elements differ." if wrong else whole
    return section("pictures", "Pictures", tag("p", verdict), *pictures, tag("p.note", NOTE))


def _row(maps: SimulatedMaps, frame: int) -> Markup:
    given = _image(maps.inputs[frame], maps.input_type)
    reference = _image(maps.reference[frame], maps.output_type)
    simulated = _image(maps.simulated[frame], maps.output_type)
    size = reference.size
    shown = [("input", given.resize(size, Image.Resampling.NEAREST))]
    if size != given.size:
        shown.append(("bicubic", given.resize(size, Image.Resampling.BICUBIC)))
    shown += [("integer reference", reference), ("simulated design", simulated)]
    return tag("div.pictures", *(_figure(name, image) for name, image in shown))


def _figure(name: str, image: Image.Image) -> Markup:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    source = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    picture = tag("img", attributes={"src": source, "alt": name})
    return tag("figure", picture, tag("figcaption", name))


def _image(values: IntArray, kind: IntType) -> Image.Image:
    """Make a picture of (channels, H, W)."""
    low, high = kind.range.lo, kind.range.hi
    shares = (values.clip(low, high) - low) / (high - low)
    grey = np.rint(255 * shares).astype(np.uint8)
    return Image.fromarray(grey[0] if len(grey) == 1 else np.moveaxis(grey, 0, 2))
