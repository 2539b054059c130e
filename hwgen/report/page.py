"""report.html, one page that needs nothing else, and report.json with the same numbers."""

from __future__ import annotations

import json
from contextlib import suppress
from importlib import resources
from pathlib import Path

from hwgen.errors import HwgenError
from hwgen.files import MARK, write_beside
from hwgen.report.balance_section import balance_section
from hwgen.report.contents import Report
from hwgen.report.cost_section import cost_section
from hwgen.report.gather import read_report
from hwgen.report.headline import headline
from hwgen.report.layer_sections import layers_section, weights_section, widths_section
from hwgen.report.map_section import maps_section
from hwgen.report.markup import Markup, join, tag
from hwgen.report.picture_section import pictures_section
from hwgen.report.use_sections import interface_section, provenance_section

FILES = ("report.json", "report.html")
SECTIONS = (
    ("layers", "Layers", layers_section),
    ("pictures", "Pictures", pictures_section),
    ("maps", "Feature maps", maps_section),
    ("balance", "Balance", balance_section),
    ("widths", "Accumulator widths", widths_section),
    ("cost", "Resources", cost_section),
    ("weights", "Weights", weights_section),
    ("interface", "Interface", interface_section),
    ("provenance", "Provenance", provenance_section),
)


def make_report(folder: Path) -> Path:
    """Write report.json and report.html into a design folder; the path of the page.

    Equal folders give equal bytes. What has not been run yet is named with its command. Where no
    report can be made, the one before is removed: it says what may no longer be true.

    Raises
    ------
    ModelError
        Where the folder holds no whole design.
    ToolError
        Where the folder cannot be written.
    """
    try:
        report = read_report(folder)
        page = render(report)
        document = json.dumps(report.to_json(), indent=1) + "\n"
        for name, text in zip(FILES, (document, page), strict=True):
            with write_beside(folder / name) as partial:
                partial.write_bytes(text.encode("utf-8", "xmlcharrefreplace"))  # half surrogates
    except HwgenError:
        _remove_earlier(folder)
        raise
    return folder / "report.html"


def _remove_earlier(folder: Path) -> None:
    """Remove an earlier report from a design folder, where the disk allows it."""
    if (folder / MARK).exists():
        with suppress(OSError):
            for name in FILES:
                (folder / name).unlink(missing_ok=True)


def render(report: Report) -> str:
    """Write the page as text."""
    style = (resources.files("hwgen.report") / "page.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", attributes={"charset": "utf-8"}),
        tag(
            "meta",
            attributes={"name": "viewport", "content": "width=device-width, initial-scale=1"},
        ),
        tag("meta", attributes={"name": "color-scheme", "content": "light dark"}),
        tag("title", f"{report.design.model_name}: hwgen report"),
        tag("style", Markup(style)),
    )
    empty = set() if report.maps else {"maps"}
    empty |= set() if report.maps_simulated else {"pictures"}
    empty |= set() if report.weighted else {"widths", "weights"}
    shown = [item for item in SECTIONS if item[0] not in empty]
    links = [tag("a", title, attributes={"href": f"#{ident}"}) for ident, title, _ in shown]
    body = tag(
        "body",
        tag(
            "main",
            headline(report),
            tag("nav", *links, attributes={"aria-label": "Contents"}),
            *(section(report) for _, _, section in shown),
        ),
    )
    page = tag("html", head, join(["\n", body]), attributes={"lang": "en"})
    return f"<!DOCTYPE html>\n{page}\n"
