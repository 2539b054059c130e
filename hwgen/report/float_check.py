"""What `hwgen check` shows: each quantizer of a file, and how its codes differ from float32."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def check_table(document: dict[str, Any]) -> Table:
    """Give a check as a table for the terminal."""
    table = Table(
        title=f"{document['file']}: {_samples(document)}; each quantizer is given the float run's "
        "codes",
        title_justify="left",
        caption=_caption(document),
        caption_justify="left",
    )
    table.add_column("quantizer", no_wrap=True)
    for name in ("codes", "equal", "ties", "near ties", "unexplained"):
        table.add_column(name, justify="right")
    for row in document["quantizers"]:
        equal = 1 - row["differing"] / row["elements"]
        cells = [f"{row[name]:,}" for name in ("ties", "near_ties", "unexplained")]
        table.add_row(row["tensor"], f"{row['elements']:,}", _percent(equal), *cells)
    return table


def _samples(document: dict[str, Any]) -> str:
    """Say what was run, and that it was not all."""
    samples, given = document["samples"], document["samples_in_data"]
    if given is None:
        return f"{samples:,} random samples"
    if samples < given:
        return f"the first {samples:,} of {given:,} samples (--samples {given} takes all)"
    return f"all {given:,} samples"


def _caption(document: dict[str, Any]) -> str:
    outputs = document["outputs"]
    text = f"outputs: {_percent(outputs['identical'])} identical"
    if outputs["same_label"] is not None:
        text += f", {_percent(outputs['same_label'])} the same label"
    if outputs["accuracy_float"] is not None:
        text += f"; accuracy {_percent(outputs['accuracy_float'])} in floats, "
        text += f"{_percent(outputs['accuracy_integer'])} in integers"
    verdict = "passed" if document["passed"] else "FAILED: differences without explanation"
    return f"{text}; {verdict}"


def _percent(share: float) -> str:
    """Give a share so that only what is whole reads 100 %."""
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    return f"{min(max(100 * share, 0.001), 99.999):.3f} %"
