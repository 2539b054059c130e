"""What objects show: tables as text, and as notebooks have them."""

from __future__ import annotations

import io

from rich.console import Console, RenderableType

WIDTH = 120  # columns of a table in text


def as_text(shown: RenderableType) -> str:
    """Give what is shown as plain text."""
    console = _console(shown)
    return console.export_text(styles=False).rstrip("\n")


def as_bundle(shown: RenderableType) -> dict[str, str]:
    """Give a table as notebooks show it: HTML, and text for where there is none."""
    page = _console(shown).export_html(inline_styles=True, code_format="<pre>{code}</pre>")
    return {"text/html": page, "text/plain": as_text(shown)}


def _console(shown: RenderableType) -> Console:
    """Print to nowhere, also in a notebook, and keep what was printed."""
    console = Console(file=io.StringIO(), width=WIDTH, record=True, force_jupyter=False)
    console.print(shown, markup=False, highlight=False, crop=False)
    return console
