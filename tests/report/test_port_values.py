"""What the integers at the ports stand for, in design.json, on the page and in `hwgen inspect`."""

import json
from dataclasses import replace

import pytest
from rich.console import Console

from hwgen.errors import ModelError
from hwgen.ir import Dequantization, Samples
from hwgen.report.gather import read_report
from hwgen.report.inspection import inspection, inspection_table
from hwgen.report.page import make_report
from hwgen.report.port_values import MOST_CHANNELS, port_values
from tests.report.designs import build, edit, small_net


def sums_net(scale=(0.5, 0.25, -2.0), offset=(1.0,)):
    """The small net without its argmax."""
    graph = small_net()
    real = Dequantization(scale=scale, offset=offset)
    return replace(graph, nodes=graph.nodes[:-1], output="fc1", dequantization=real)


def ports(folder):
    return json.loads((folder / "design.json").read_text())["ports"]


def test_a_driver_finds_scale_and_offset(tmp_path):
    build(tmp_path / "sums", sums_net())
    build(tmp_path / "classes", small_net())
    found = ports(tmp_path / "sums")
    names = ("meaning", "scale", "offset")
    assert [found["s_axis"][name] for name in names] == ["codes", [1.0], [0.0]]
    assert [found["m_axis"][name] for name in names] == ["sums", [0.5, 0.25, -2.0], [1.0]]
    found = ports(tmp_path / "classes")
    assert [found["m_axis"][name] for name in names] == ["class", None, None]


def test_the_page_and_the_report_show_them(tmp_path):
    folder = build(tmp_path / "design", sums_net())
    page = make_report(folder).read_text()
    assert "m_axis: the integer sums of the last layer." in page
    assert "value = scale * integer + offset" in page
    assert page.count('<th class="word" scope="row">m_axis</th>') == 1 + 3  # ports, channels
    document = json.loads((folder / "report.json").read_text())
    assert document["design"]["ports"][1]["scale"] == [0.5, 0.25, -2.0]


def test_many_channels_are_not_all_shown(tmp_path):
    build(tmp_path / "design", sums_net())
    (_, port) = read_report(tmp_path / "design").design.ports
    many = replace(port, scale=(0.5,) * 40 + (0.25,), offset=(0.0,))
    shown = port_values((many,))
    assert shown.count("<tr>") == 1 + MOST_CHANNELS
    assert "m_axis has 41 channels" in shown


def test_a_folder_of_an_earlier_release_has_none(tmp_path):
    folder = build(tmp_path / "design")

    def older(design):
        for port in design["ports"].values():
            for name in ("meaning", "scale", "offset"):
                del port[name]

    edit(folder, "design.json", older)
    assert "What the integers stand for" not in make_report(folder).read_text()


@pytest.mark.parametrize("scale", [[True], ["1"], 3, [None]])
def test_a_scale_that_is_none_is_refused(tmp_path, scale):
    folder = build(tmp_path / "design")
    edit(folder, "design.json", lambda d: d["ports"]["m_axis"].__setitem__("scale", scale))
    with pytest.raises(ModelError) as caught:
        make_report(folder)
    assert str(caught.value) == (
        f"{folder / 'design.json'}: ports: m_axis: scale must be a list of finite numbers, "
        f"not {json.dumps(scale)}; write the file again with `hwgen build`"
    )


@pytest.mark.parametrize(("scale", "offset"), [([1.0, 2.0], [0.0] * 3), ([1.0], None)])
def test_scales_and_offsets_of_unlike_number_are_refused(tmp_path, scale, offset):
    folder = build(tmp_path / "design", sums_net())
    numbers = {"scale": scale, "offset": offset}
    edit(folder, "design.json", lambda d: d["ports"]["m_axis"].update(numbers))
    with pytest.raises(ModelError) as caught:
        make_report(folder)
    assert str(caught.value) == (
        f"{folder / 'design.json'}: ports: m_axis: scale and offset must have one number or one a "
        f"channel, not {len(scale)} and {len(offset or [])}; write the file again with "
        "`hwgen build`"
    )


def test_sums_are_no_classes(tmp_path):
    """One output that happens to equal the labels is no accuracy."""
    graph = small_net(labels=True)
    assert read_report(build(tmp_path / "classes", graph)).sample_accuracy is not None
    one = replace(graph.nodes[2], weight=graph.nodes[2].weight[:1], bias=graph.nodes[2].bias[:1])
    one = replace(one, accumulators=one.accumulators[:1])
    y = graph.samples.y
    sums = replace(
        graph,
        nodes=(*graph.nodes[:2], one),
        output="fc1",
        samples=Samples(x=graph.samples.x, y=y, labels=y[:, 0]),
    )
    assert read_report(build(tmp_path / "sums", sums)).sample_accuracy is None


@pytest.mark.parametrize(
    ("scale", "offset", "line"),
    [
        ((0.5,), (-1.0,), "result: sums, each 0.5 * integer -1"),
        ((0.5, 0.25, 2.0), (0.0,), "result: sums, with a scale and an offset for each channel"),
    ],
)
def test_inspection(scale, offset, line):
    document = inspection(sums_net(scale, offset))
    assert document["dequantization"] == {"scale": list(scale), "offset": list(offset)}
    console = Console(width=200, record=True)
    console.print(inspection_table(document))
    assert line in console.export_text()
    assert inspection(small_net())["dequantization"] is None
