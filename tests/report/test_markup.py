"""Escaping and the writing of numbers."""

import pytest

from hwgen.report.markup import Column, change, count, duration, join, percent, rate, table, tag


def test_plain_strings_are_escaped_and_markup_is_not():
    assert tag("p.a.b", "<&>", tag("b", '"')) == '<p class="a b">&lt;&amp;&gt;<b>&quot;</b></p>'
    assert join(["<", tag("br")]) == "&lt;<br/>"
    assert tag("a", attributes={"title": '"><x'}) == '<a title="&quot;&gt;&lt;x"></a>'


def test_a_joined_string_is_no_markup_by_accident():
    assert tag("p", tag("b", "x") + "<") == "<p>&lt;b&gt;x&lt;/b&gt;&lt;</p>"


def test_table():
    columns = [Column(title="name", number=False), Column(title="n")]
    found = table("numbers", columns, [["<one>", "1"]])
    assert '<th class="word" scope="row">&lt;one&gt;</th><td class="number">1</td>' in found
    assert "<caption>numbers</caption>" in found


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="zip"):
        table("numbers", [Column(title="n")], [["1", "2"]])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (count(1234567), "1,234,567"),
        (count(-90), "\N{MINUS SIGN}90"),
        (percent(0.5648), "56.5 %"),
        (change(9, 32), "\N{MINUS SIGN}72 %"),
        (change(40, 32), "+25 %"),
        (change(32, 32), "\N{PLUS-MINUS SIGN}0 %"),
        (duration(63.7), "63.7 ns"),
        (duration(1234), "1.23 µs"),
        (duration(5e6), "5 ms"),
        (duration(2.5e9), "2.5 s"),
        (rate(141.3e6), "141 million"),
        (rate(2500), "2.5 thousand"),
    ],
)
def test_numbers(written, expected):
    assert written.replace("\N{NO-BREAK SPACE}", " ") == expected
