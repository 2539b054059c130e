"""Reports of designs on maps: sizes, what stands in front of a matrix, what has no sums."""

import json
import re
from html import unescape

import pytest

from hwgen.errors import ModelError
from hwgen.report.inspection import inspection, inspection_table
from hwgen.report.markup import TIMES, UNIT_SPACE
from hwgen.report.page import make_report
from hwgen.report.synthesis import report_text
from tests.report.designs import add_synthesis, build, counts, edit
from tests.report.test_tables import row, shown
from tests.tiny_maps import MapNet, small_cnn

SIZE = (6, 8)


@pytest.fixture
def folder(tmp_path):
    return build(tmp_path / "d", small_cnn(size=SIZE), style="unrolled", effort="low")


def document(folder):
    return json.loads(make_report(folder).with_suffix(".json").read_text())


def section(folder, name):
    """The cells of a section's table, line by line."""
    page = make_report(folder).read_text()
    body = re.search(rf'<section id="{name}">.*?</section>', page, flags=re.DOTALL)[0]
    lines = re.findall(r"<tr>(.*?)</tr>", body, flags=re.DOTALL)[1:]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, flags=re.DOTALL) for line in lines]
    found = {}
    for line in cells:
        text = [unescape(cell).replace(UNIT_SPACE, " ").replace(TIMES, "x") for cell in line]
        found.setdefault(text[0], text)
    return found


def test_maps_are_followed_through_windows_and_poolings(folder):
    found = section(folder, "maps")
    assert list(found) == [
        "1. conv0__window",
        "1. conv0",
        "2. pool2",
        "2. conv3__window",
        "2. conv3",
        "3. pool5",
        "3. act6_in",
        "4. dense8",
    ]
    assert found["1. conv0"][1:6] == ["conv2d, unrolled", "", "4 x 6 x 8", "48", "9"]
    assert found["2. pool2"][1:5] == ["max_pool2d", "2 x 2, 2 x 2", "4 x 3 x 4", "12"]
    assert found["2. pool2"][6].startswith("4 words of 12 bits in ")
    kind, windows, image = found["2. conv3__window"][1:4]
    assert (kind, windows) == ("windows", "3 x 3, 1 x 1")
    assert re.fullmatch(r"\d+ pixels x 3 x 4", image)
    assert found["3. pool5"][1:5] == ["sum_pool2d", "3 x 4, 3 x 4", "3 x 1 x 1", "1"]


def test_a_folded_convolution_says_what_it_reads_and_holds(tmp_path):
    folder = build(tmp_path / "d", small_cnn(size=SIZE), style="folded", pe=1, pixels=2)
    found = section(folder, "maps")["1. conv0"]
    assert found[1:6] == ["conv2d, folded", "3 x 3, 1 x 1", "4 x 6 x 8", "48", "9"]
    # of 3 bits: four rows of four groups of two channels; the three columns before the last
    assert found[6] == "32 words of 12 bits in LUTs; 2 words of 9 bits in LUTs"
    page = (folder / "report.html").read_text()
    assert "has a copy of them. A smaller memory holds columns until a word of them" in page
    assert section(folder, "layers")["1. conv0"][3] == "1 x 1 x 2"
    assert row(shown(report_text(document(folder), folder)), "conv0")[4] == "1x1x2"


def test_what_stands_in_front_is_counted_apart(folder):
    names = [stage["name"] for stage in json.loads((folder / "design.json").read_text())["stages"]]
    luts = {name: number for number, name in enumerate(names, 1)}
    units = {name: counts(number).to_json() for name, number in luts.items()}
    add_synthesis(folder, "xc7", per_layer=units)
    layers = {layer["name"]: layer["luts"]["xc7"] for layer in document(folder)["layers"]}
    assert layers["conv0"]["front"] == luts["conv0__window"]
    assert layers["conv3"]["front"] == luts["pool2"] + luts["conv3__window"]
    assert layers["conv3"]["matrix"] == luts["conv3"]
    found = section(folder, "maps")
    assert found["2. pool2"][7] == str(luts["pool2"])
    assert found["2. conv3"][7] == str(luts["conv3"] + luts["act4"])


def test_a_layer_without_weights_has_no_accumulators(folder):
    report = document(folder)
    layers = {layer["name"]: layer for layer in report["layers"]}
    assert layers["act6_in"]["weights"] is layers["act6_in"]["accumulator_bits"] is None
    summed = [layer["accumulator_bits"]["built"] for n, layer in layers.items() if n != "act6_in"]
    assert report["accumulator_bits"]["built"] == sum(map(sum, summed))
    assert report["accumulator_bits"]["standard"] == 32 * (4 + 3 + 4)
    page = make_report(folder).read_text()
    assert "act6_in</strong>" not in page  # no plot of weights or widths
    line = row(shown(report_text(report, folder)), "act6_in")
    assert line[1:] == ["threshold", "1x1", "-", "-", "-", "12", "-", "-", "-"]
    assert row(shown(report_text(report, folder)), "conv0")[1:4] == ["conv2d", "6x8", "4x18"]


def test_ports_say_the_size_of_their_maps(folder):
    found = document(folder)
    source, sink = found["design"]["ports"]
    assert source["image"] == list(SIZE)
    assert sink["image"] == [1, 1]
    assert section(folder, "interface")["s_axis"][5:] == ["6 x 8", "48", "96"]
    assert [layer["position_classes"] for layer in found["layers"]] == [9, 9, 1, 1]


def test_a_design_of_an_earlier_release_has_vectors_only(folder):
    def forget(design):
        for port in design["ports"].values():
            del port["image"]
        for stage in design["stages"]:
            for key in ("image", "lanes", "channels", "kernel", "stride", "memories"):
                stage.pop(key, None)

    edit(folder, "design.json", forget)
    assert document(folder)["design"]["ports"][0]["image"] == [1, 1]


@pytest.mark.parametrize("image", [[3], [3, 0], "3x3"])
def test_a_wrong_size_is_refused(folder, image):
    edit(folder, "design.json", lambda design: design["ports"]["s_axis"].update(image=image))
    with pytest.raises(ModelError, match=r"ports: s_axis: image must be a list of two integers"):
        make_report(folder)


def test_a_pooling_alone_has_a_report(tmp_path):
    graph = MapNet(0, (2, 4, 4)).pool("max", (2, 2)).graph()
    folder = build(tmp_path / "d", graph, style="unrolled")
    assert document(folder)["accumulator_bits"]["built"] == 0
    assert "1. pool0" in section(folder, "maps")


def test_an_inspection_shows_kernels_and_strides():
    net = MapNet(0, (2, 8, 8)).conv(2, (3, 3), stride=(2, 1)).act().pool("max", (1, 2))
    found = inspection(net.pool("sum", (2, 1), (1, 1)).graph())
    assert found["nodes"][2]["kernel_size"] == found["nodes"][2]["stride"] == [1, 2]
    words = shown(inspection_table(found))
    assert "conv2d, stride 2x1" in words
    assert "max_pool2d 1x2 " in words
    assert "sum_pool2d 2x1, stride 1x1" in words
