"""Figures as tables for people."""

from __future__ import annotations

from rich.table import Table

from training.run import Figures, LayerFigures


def figures_table(figures: Figures) -> Table:
    """One training: a line for each layer, accuracies in the title."""
    recipe = figures.recipe
    unit = "% of the test set" if figures.metric == "accuracy" else "dB, mean of the test sets"
    table = Table(
        title=(
            f"{recipe.name}, {recipe.method}: integer network {figures.score_integer:.2f}, "
            f"float {figures.score_float:.2f} {unit}"
        ),
        caption=(
            f"l1 norm of all weights {figures.l1_norm}, "
            f"codes lowered by the exact check {figures.repairs}"
        ),
    )
    table.add_column("layer", overflow="fold")  # names that begin alike must not be cut short
    for heading in ("shape", "weights", "zeros %", "l1 norm", "accumulator", "target"):
        table.add_column(heading, justify="right")
    for layer in figures.layers:
        table.add_row(
            layer.name,
            _shape(layer.shape),
            f"{layer.weight_bits} bits",
            f"{layer.zeros_percent:.1f}",
            str(layer.l1_norm),
            f"{layer.accumulator_bits} bits {layer.method}",
            _target(layer),
        )
    return table


def _target(layer: LayerFigures) -> str:
    said = [] if layer.target_bits is None else [f"{layer.target_bits} bits"]
    said += [] if layer.target_units is None else [f"u{layer.target_units}"]
    return ", ".join(said) or "none"


def _shape(shape: tuple[int, ...]) -> str:
    """Inputs and outputs of a layer, and the kernel of a convolution."""
    kernel = "x".join(map(str, shape[2:]))
    return f"{shape[1]} to {shape[0]} {kernel}".rstrip()
