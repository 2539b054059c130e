"""Elements of a network by the functions that they are: names of largest values, and of sums."""

import itertools
import random

import numpy as np
import pytest

from hwgen.numeric import Range
from hwgen.prove.cpp.arithmetic import added
from hwgen.prove.cpp.casts import cast
from hwgen.prove.cpp.choices import index_of
from hwgen.prove.cpp.elements import Elements
from hwgen.prove.cpp.functions import Functions
from hwgen.prove.cpp.values import Choice, Table, Variables
from hwgen.prove.netlist.netlist import NotProvedError

LIMITS = (Range(0, 1), Range(0, 1), Range(-2, 3))
INPUTS = list(itertools.product(*(range(r.lo, r.hi + 1) for r in LIMITS)))


@pytest.fixture
def functions():
    variables = Variables()
    for k, limits in enumerate(LIMITS):
        variables.new(limits, f"x[{k}]")
    return Functions(variables)


def form(functions, weights, constant=0):
    return functions.variables.form({k: w for k, w in enumerate(weights) if w}, constant)


def of_inputs(form):
    return [sum(w * x[v] for v, w in form.coefficients.items()) + form.constant for x in INPUTS]


def largest(forms):
    return np.max([of_inputs(form) for form in forms], axis=0).tolist()


def random_forms(functions, rng, lone):
    forms = []
    for _ in range(rng.randint(1, 4)):
        weights = [rng.randint(-2, 2) for _ in LIMITS]
        if lone:
            one = rng.randrange(3)
            weights = [w * (k == one) for k, w in enumerate(weights)]
        forms.append(form(functions, weights, rng.randint(-3, 3)))
    return forms


@pytest.mark.parametrize("lone", [True, False])
def test_largest_values_have_one_name(functions, lone):
    """Forms of one variable each have the same name where they are the same, and only there."""
    rng, equal = random.Random(lone), 0
    for _ in range(2000):
        some = random_forms(functions, rng, lone)
        others = [*some, *random_forms(functions, rng, lone)]
        rng.shuffle(others)
        others = others[: rng.randint(1, len(others))]
        same = largest(some) == largest(others)
        named = functions.same_largest(some, others)
        assert named == same if lone else not named or same
        equal += named
    assert equal > 50


def test_what_another_always_reaches_has_no_part(functions):
    x, y = (form(functions, weights) for weights in ((1, 0, 0), (0, 1, 0)))
    one, two = form(functions, (), 1), form(functions, (-1, 0, 0), 1)
    assert functions.same_largest([x, two], [one])
    assert functions.largest([x, two]).constant == 1
    assert functions.same_largest([x, y], [y, x, form(functions, (), 0)])
    assert not functions.same_largest([x, y], [x])
    assert functions.largest([x, y]) is None


def test_a_pooling_of_poolings_is_one_of_all_pixels(functions):
    x, y, z = (form(functions, weights) for weights in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    inner = functions.pooled([x, y], "inner")
    outer = functions.pooled([inner, z], "outer")
    assert functions.largest([z, y, x]).same(outer)
    assert functions.largest([y, x]).same(inner)


def test_functions_of_one_sum_have_one_name(functions):
    """Two codes of the same sum, added: an element, whatever it was added up from."""
    variables = functions.variables
    codes = [
        functions.defined(Table(((2, 1),), -2, np.array(values)), name)
        for name, values in (("a", [0, 0, 1, 1, 2, 3]), ("b", [5, 3, 3, 0, 0, 0]))
    ]
    total = functions.normal(variables.added(*codes))
    assert functions.code(Table(((2, 1),), -2, np.array([5, 3, 4, 1, 2, 3]))).same(total)
    again = functions.normal(variables.added(total, form(functions, (1, 0, 0))))
    assert again.coefficients == {0: 1, **total.coefficients}
    z = form(functions, (0, 0, 1))
    falls = functions.defined(Table(((2, 1),), -2, np.array([4, 4, 3, 3, 2, 1])), "4 - a")
    assert falls.same(variables.added(form(functions, (), 4), codes[0], -1))
    assert functions.over(variables.added(codes[0], z), ((2, 1),)).values.tolist() == [
        -2,
        -1,
        1,
        2,
        4,
        6,
    ]


def test_values_that_a_code_never_takes_do_not_count(functions):
    a = functions.defined(Table(((2, 1),), -2, np.array([0, 0, 3, 3, 3, 1])), "a")
    base = tuple(a.coefficients.items())
    five = form(functions, (), 5)
    found = functions.code(Table(base, 0, np.array([5, 6, 99, 8])))
    assert found.same(functions.variables.added(a, five))
    assert functions.code(Table(base, 0, np.array([5, 5, 0, 5]))).same(five)
    assert functions.code(Table(base, 0, np.array([5, 5, 5, 6]))) is None
    assert functions.code(Table(base, 0, np.array([5, 7, 7, 8]))) is None


def test_a_sum_that_wraps_on_its_way_is_what_was_added_up(functions):
    """Another code is a function of the wrapped table too, and would leave the type."""
    e = Elements(functions)
    base, rare = ((2, 1),), np.array([1, 0, 0, 0, 0, 0])
    a, b = (functions.defined(Table(base, -2, k * rare), f"{k}") for k in (3, 1))
    assert not a.same(b)
    negative = cast(e, functions.variables.scaled(a, -1), 6, False)
    total = added(e, Table(base, -2, 30 + 6 * rare), negative, 1)
    assert total.values.tolist() == [36 + 61, 30, 30, 30, 30, 30]
    wanted = functions.variables.added(a, form(functions, (), 30))
    assert cast(e, total, 6, False).same(wanted)


def test_keys_that_never_win_need_no_index(functions):
    keys = form(functions, (0, 0, 4), 12 + 3), form(functions, (4,), 8)
    for first, has_part in ((0, False), (4, False), (8, True)):
        forms = (form(functions, (), first), *keys)
        if has_part:
            with pytest.raises(NotProvedError, match="must have an index each"):
                index_of(Elements(functions), Choice(forms, forms), 2)
        else:
            found = index_of(Elements(functions), Choice(forms, forms), 2)
            assert [result.constant for result in found.results] == [3, 0]
            assert found.forms[0].same(form(functions, (0, 0, 1), 3))
            assert found.forms[1].same(form(functions, (1,), 2))
