"""Rows as tables and plots."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

from training.recipes import RECIPES, with_method
from training.sweep.plot import write_plots
from training.sweep.rows import failed_row, settings_of
from training.sweep.summary import markdown, networks

MNIST = RECIPES["mnist"]


def row(method, bits, score, seed=0, recipe=MNIST):
    settings = settings_of(replace(with_method(recipe, method, bits), seed=seed))
    measured = {"metric": "accuracy", "score_float": 91.0, "score_integer": score}
    widths = {"certified_bits": 14, "data_type_bits": 17}
    return {**settings, **measured, **widths, "zeros_percent": 50.0}


ROWS = [
    row("qat", None, 90.0),
    row("a2q", 10, 88.0),
    row("a2q", 12, 89.2),
    row("a2q_ip", 8, 89.0, seed=0),
    row("a2q_ip", 8, 89.4, seed=1),
    row("a2q_ip", 10, 90.5),
    failed_row(with_method(MNIST, "a2q", 9), "mnist: lost"),
]
TABLE = """\
### mnist (%)

| P | a2q | zeros | a2q_ip | zeros |
|---|---|---|---|---|
| 12 | 89.20 | 50 % | - | - |
| 10 | 88.00 | 50 % | 90.50 | 50 % |
| 8 | - | - | 89.20 | 50 % |

qat, unconstrained: 90.00, 50 % zeros, accumulators 14 bits as certified, \
17 bits by the data types. Float: 91.00.
Smallest P that keeps 99 % of qat: a2q 12, a2q_ip 8.
Failed trainings, not counted: 1."""


def test_one_table_of_means():
    assert markdown(networks(ROWS)) == TABLE


def test_settings_that_differ_make_tables_of_their_own():
    narrow = replace(MNIST, weight_bits=3, widths=(16, 8))
    found = networks([*ROWS, row("a2q_ip", 8, 70.0, recipe=narrow)])
    assert [network.title for network in found] == [
        "mnist, widths 128-64, weight bits 4",
        "mnist, widths 16-8, weight bits 3",
    ]
    text = markdown(found[1:])
    assert "qat was not trained" in text
    assert "Smallest P" not in text


def test_a_plot_for_each_network(tmp_path):
    (path,) = write_plots(
        networks([*ROWS, row("qat", None, 9.0, recipe=RECIPES["digits"])]), tmp_path / "rows.jsonl"
    )
    assert path.name == "rows-mnist.svg"
    root = ElementTree.parse(path).getroot()
    marks = [element.text for element in root.iter() if element.tag.endswith("title")]
    assert marks[0] == "mnist"
    assert "a2q_ip, P = 8: 89.20 %, 50 % zeros" in marks
    assert len(marks) == 1 + 4
    heights = {
        mark.find("{*}title").text.split(":")[0]: float(mark.get("y"))
        for mark in root.iter("{http://www.w3.org/2000/svg}rect")
    }
    assert heights["a2q_ip, P = 10"] < heights["a2q, P = 12"] < heights["a2q, P = 10"]
