"""What the integers at the ports stand for, so that a driver can turn them into numbers."""

from __future__ import annotations

from hwgen.report.design_folder import Port
from hwgen.report.markup import Column, Content, Markup, join, table, tag

MOST_CHANNELS = 16  # whose scales are shown; design.json has all
MEANINGS = {
    "class": "the index of the class",
    "bits": "1 where the model's number is 0 or more, else 0",
    "sums": "the integer sums of the last layer",
    "codes": "quantized values",
}


def port_values(ports: tuple[Port, ...]) -> Markup:
    """Say what each port carries, with a scale and an offset where it carries numbers."""
    words = [
        f"{port.name}: {MEANINGS.get(port.meaning, port.meaning)}."
        for port in ports
        if port.meaning is not None
    ]
    scaled = [port for port in ports if port.scale]
    rows = [row for port in scaled for row in _rows(port)]
    if not words:
        return join([])
    parts: list[Content] = [tag("h3", "What the integers stand for")]
    parts.append(tag("ul", *(tag("li", word) for word in words)))
    if rows:
        columns = [
            Column(title="port", number=False),
            Column(title="channel", number=False),
            Column(title="scale"),
            Column(title="offset"),
        ]
        parts.append(table("value = scale * integer + offset", columns, rows))
    hidden = [port for port in scaled if _channels(port) > MOST_CHANNELS]
    parts += [
        tag(
            "p.note",
            f"{port.name} has {_channels(port)} channels; the scales and offsets of all of them "
            "are in design.json.",
        )
        for port in hidden
    ]
    return join(parts)


def _rows(port: Port) -> list[list[Content]]:
    count = _channels(port)
    scales, offsets = (
        numbers * count if len(numbers) == 1 else numbers for numbers in (port.scale, port.offset)
    )
    pairs = list(zip(scales, offsets, strict=True))[:MOST_CHANNELS]
    return [
        [port.name, "all" if count == 1 else str(channel), f"{scale:.9g}", f"{offset:.9g}"]
        for channel, (scale, offset) in enumerate(pairs)
    ]


def _channels(port: Port) -> int:
    return max(len(port.scale), len(port.offset))
