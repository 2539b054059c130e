"""The page: whole, self-contained, escaped, the same bytes every time."""

import json
import re
from html.parser import HTMLParser

import pytest

from hwgen.report.page import make_report
from tests.report.designs import add_simulation, add_synthesis, build, edit, small_net

VOID = {"meta", "br"}


class Outline(HTMLParser):
    """Checks that elements are closed in order, and keeps what the tests ask for."""

    def __init__(self):
        super().__init__()
        self.open, self.elements = [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def outline(page):
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser.elements


def full(folder, graph=None, **options):
    """A folder with everything in it."""
    graph = graph or small_net(metadata={"accuracy_integer": 97.5, "accuracy_float": 98.25})
    build(folder, graph, **options)
    add_simulation(folder)
    add_synthesis(folder, "xc7")
    add_synthesis(folder, "ecp5", fmax_mhz=125.0)
    return folder


@pytest.fixture(params=["unrolled", "folded"])
def folder(request, tmp_path):
    return full(tmp_path / "design", style=request.param)


def test_both_files_are_written(folder):
    assert make_report(folder) == folder / "report.html"
    assert json.loads((folder / "report.json").read_text())["design"]["name"] == "sample"


def test_elements_are_closed_in_order_and_ids_are_unique(folder):
    elements = outline(make_report(folder).read_text())
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for tag, attributes in elements if tag == "a"]
    assert links
    assert all(link.removeprefix("#") in ids for link in links)


def test_the_page_needs_nothing_else(folder):
    page = make_report(folder).read_text()
    for word in ("http", "url(", "@import", "<script", "<link", "<img", "src="):
        assert word not in page, word


def test_tables_have_headers_and_plots_have_descriptions(folder):
    page = make_report(folder).read_text()
    tables = re.findall(r"<table>.*?</table>", page, re.DOTALL)
    assert len(tables) >= 7
    for table in tables:
        assert "<caption>" in table
        columns = table.count('scope="col"')
        rows = re.findall(r"<tr>.*?</tr>", table.split("<tbody>")[1], re.DOTALL)
        assert all(row.count('scope="row"') == 1 for row in rows)
        assert all(row.count("<td") == columns - 1 for row in rows)
    plots = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(plots) == 1 + 2 + 1 + 1 + 2  # balance, widths, their sums, LUTs, weights
    for plot in plots:
        named = re.search(r'aria-labelledby="(\S+) (\S+)"', plot)
        assert f'<title id="{named[1]}">' in plot
        assert f'<desc id="{named[2]}">' in plot


def test_shapes_lie_inside_their_plots(folder):
    page = make_report(folder).read_text()
    for plot in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', plot).groups())
        for box in re.findall(r"<rect[^>]*>", plot):
            sides = ("x", "y", "width", "height")
            x, y, w, h = (float(re.search(rf' {side}="([^"]+)"', box)[1]) for side in sides)
            assert x >= 0
            assert y >= 0
            assert x + w <= width
            assert y + h <= height


def test_headline(folder):
    page = make_report(folder).read_text()
    for words in (
        "97.5\xa0%",
        "98.25\xa0%",
        "125.0\xa0MHz",
        "equal, bit for bit",
        "69 vectors",
        "No accumulator can overflow: each of the 7 channels",
    ):
        assert words in page, words


def test_equal_folders_give_equal_bytes_without_paths(tmp_path):
    pages = []
    for place in ("a", "b"):
        page = make_report(full(tmp_path / place / "design"))
        pages.append((page.read_bytes(), page.with_suffix(".json").read_bytes()))
    assert pages[0] == pages[1]
    assert str(tmp_path).encode() not in b"".join(pages[0])
    assert make_report(tmp_path / "a" / "design").read_bytes() == pages[0][0]


def test_hostile_names_are_text(tmp_path):
    name = '<script>alert("x")</script>'
    metadata = {"<b>": "</td><img src=x onerror=y>", "deep": {"a": ["<i>", 1]}, "long": "w" * 300}
    folder = full(tmp_path / "<u>&", small_net(name, metadata))
    add_simulation(folder, reason="<em>late</em>")
    page = make_report(folder).read_text()
    outline(page)
    for hostile in ("<script", "<b>", "<img", "<i>", "<u>", "<em>", "<all>"):
        assert hostile not in page, hostile
    assert "<h1>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;</h1>" in page
    assert "&lt;img src=x onerror=y&gt;" in page
    assert "w" * 200 + "…" in page
    assert "w" * 201 not in page


def test_half_a_surrogate_pair_can_be_written(tmp_path):
    folder = build(tmp_path / "design")
    edit(folder, "design.json", lambda document: document["model"].update(name="\ud800"))
    assert "<h1>&#55296;</h1>" in make_report(folder).read_text()


def test_a_failed_simulation_says_why(folder):
    add_simulation(folder, reason="4 beats differ")
    page = make_report(folder).read_text()
    assert "equal, bit for bit" not in page
    assert "1 of 2 tests passed in icarus" in page
    assert "source and sink stalling at random: 4 beats differ" in page


def test_a_simulation_of_another_latency_is_no_success(folder):
    add_simulation(folder, latency_cycles=1000)
    page = make_report(folder).read_text()
    assert "equal, bit for bit" not in page
    assert "latency or interval are not those of design.json" in page


def test_missing_parts_are_stated_with_their_commands(tmp_path):
    page = make_report(build(tmp_path / "bare")).read_text()
    outline(page)
    assert page.count("not known yet") >= 4
    for command in (
        "hwgen sim bare",
        "hwgen synth bare --target xc7",
        "hwgen synth bare --target ecp5 --pnr",
        "python -m training RECIPE, or hwgen check FILE.onnx --data X.npy --labels Y.npy "
        "--design bare",
    ):
        assert f"<code>{command}</code>" in page, command
    assert "There is no open place and route from pip for xc7." in page
    assert "The model carries no metadata" in page


def test_a_synthesis_without_layers_has_totals_only(tmp_path):
    folder = build(tmp_path / "design")
    add_synthesis(folder, "xc7", per_layer={}, glue=None, boundary=None)
    page = make_report(folder).read_text()
    outline(page)
    assert "not kept apart" in page
    assert "LUTs by layer" not in page
    assert "Resources of the whole design, by target" in page


def test_a_placement_that_failed_says_why(tmp_path):
    folder = build(tmp_path / "design", target="ecp5")
    add_synthesis(folder, "ecp5", note="the largest part is too sample")
    assert "ecp5: the largest part is too sample" in make_report(folder).read_text()


def test_finn_is_named_as_an_estimate_of_another_tool(tmp_path):
    page = make_report(full(tmp_path / "design", style="folded")).read_text()
    assert "analytic estimate of another tool, not a measurement" in page
