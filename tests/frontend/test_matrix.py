"""One matrix as a network, and files that are none."""

import io
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from hwgen.errors import ModelError
from hwgen.frontend.matrix import load_matrix, matrix_graph
from hwgen.numeric import IntType, Range
from hwgen.reference import outputs

U4 = IntType(bits=4, signed=False)
MATRIX = np.array([[3, -2, 1], [0, 0, 0], [-8, -8, 7]])


def saved(tmp_path, weight, name="weights.npy", **options):
    path = tmp_path / name
    np.save(path, weight, **options)
    return path


def refusal(path):
    with pytest.raises(ModelError) as caught:
        load_matrix(path, U4)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int64, np.float16, np.float32, np.float64])
def test_a_matrix_of_integers_of_any_type(tmp_path, kind):
    graph = load_matrix(saved(tmp_path, MATRIX.astype(kind)), U4)
    assert graph.name == "weights"
    assert graph.input.shape == (3,)
    dense = graph.node(graph.output)
    assert dense.weight.dtype == np.int64
    assert dense.weight_bits == 4
    assert [a.bits for a in dense.accumulators] == [7, 1, 9]
    assert graph.tensors["dense"].range == Range(-240, 105)
    x = np.random.default_rng(1).integers(0, 16, (20, 3))
    assert outputs(graph, x).tolist() == (x @ MATRIX.T).tolist()


def test_bits_of_zeros_and_ones(tmp_path):
    graph = load_matrix(saved(tmp_path, np.array([[True, False]])), U4)
    assert graph.node("dense").weight_bits == 2
    graph = load_matrix(saved(tmp_path, np.zeros((1, 1), np.uint64)), U4)
    assert graph.node("dense").weight_bits == 1


@pytest.mark.parametrize(("value", "bits"), [(-8, 4), (-9, 5), (7, 4), (8, 5), (-1, 1)])
def test_the_width_of_equal_weights(value, bits):
    graph = matrix_graph("m", np.full((2, 3), value), U4)
    assert graph.node("dense").weight_bits == bits


def test_byte_order_and_layout_do_not_matter(tmp_path):
    path = saved(tmp_path, np.asfortranarray(MATRIX).astype(">i4"))
    assert load_matrix(path, U4).node("dense").weight.tolist() == MATRIX.tolist()


@pytest.mark.parametrize("value", [-(1 << 31), (1 << 31) - 1])
def test_the_widest_weights(tmp_path, value):
    graph = load_matrix(saved(tmp_path, np.array([[value]])), U4)
    assert graph.node("dense").weight_bits == 32


@pytest.mark.parametrize(
    ("weight", "reason"),
    [
        ([[0.5]], "every weight must be a finite integer; round the matrix before saving it"),
        ([[np.nan]], "every weight must be a finite integer; round the matrix before saving it"),
        ([[np.inf]], "every weight must be a finite integer; round the matrix before saving it"),
        ([[1j]], "weights must be integers, not complex128"),
        ([["1"]], "weights must be integers, not <U1"),
        ([[b"1"]], "weights must be integers, not |S1"),
        ([[np.datetime64("2020")]], "weights must be integers, not datetime64[Y]"),
        (
            [[1 << 31]],
            "weights must fit 32 bits, not reach from 2147483648 to 2147483648",
        ),
        (
            [[-(1 << 31) - 1, 0]],
            "weights must fit 32 bits, not reach from -2147483649 to 0",
        ),
        ([[1e300]], "weights must fit 32 bits, not reach from 1e+300 to 1e+300"),
        (
            np.array([[(1 << 64) - 1]], np.uint64),
            "weights must fit 32 bits, not reach from 18446744073709551615 to 18446744073709551615",
        ),
        *(
            (
                weight,
                "must be a matrix (out_features, in_features) with at least one element, "
                f"not {np.shape(weight)}",
            )
            for weight in (5, [1, 2], [[]], np.zeros((0, 3)), np.zeros((2, 2, 2)))
        ),
    ],
)
def test_matrices_that_are_refused(tmp_path, weight, reason):
    path = saved(tmp_path, np.array(weight))
    assert refusal(path) == f"{path}: {reason}"


def test_records_are_refused(tmp_path):
    path = saved(tmp_path, np.zeros((1, 1), [("a", int)]))
    assert refusal(path) == f"{path}: weights must be integers, not [('a', '<i8')]"


class Hostile:
    """An object whose unpickling would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_objects_are_never_unpickled(tmp_path):
    proof = tmp_path / "executed"
    weight = np.empty((1, 1), object)
    weight[0, 0] = Hostile(proof)
    path = saved(tmp_path, weight, allow_pickle=True)
    text = refusal(path)
    assert text.startswith(f"{path}: must be a .npy file with an integer matrix (Object arrays")
    assert not proof.exists()


def unreadable(path):
    text = refusal(path)
    assert text.startswith(f"{path}: must be a .npy file with an integer matrix (")
    assert text.endswith("); write it with numpy.save")


def test_a_missing_file(tmp_path):
    unreadable(tmp_path / "missing.npy")
    unreadable(tmp_path)


def test_a_file_cut_at_any_place(tmp_path):
    whole = saved(tmp_path, MATRIX).read_bytes()
    path = tmp_path / "cut.npy"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        unreadable(path)


def test_a_file_with_any_byte_changed(tmp_path):
    """Either it still is a matrix of integers or it is refused; nothing else is ever raised."""
    whole = saved(tmp_path, MATRIX).read_bytes()
    path = tmp_path / "changed.npy"
    rng = np.random.default_rng(1)
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        with suppress(ModelError):
            load_matrix(path, U4)


HEADERS = [
    "{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000, 1000000), }",
    "{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999999999999, 3), }",
    "{'descr': '<i8', 'fortran_order': False, 'shape': (-1, -3), }",
    "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 'x'), }",
    "{'descr': '<i8', 'fortran_order': False, 'shape': 7, }",
    "{'descr': 'no such type', 'fortran_order': False, 'shape': (1, 1), }",
    "{'descr': ('<i8', (1000000000000,)), 'fortran_order': False, 'shape': (1, 1), }",
    "{'descr': '<i8', 'fortran_order': 3, 'shape': (1, 1), }",
    "{'descr': '<i8'}",
    "{'descr': '''",
    "[1, 2",
    "(" * 5000,
    "-" * 9000 + "1",
    "__import__('os').system('true')",
    "\x00",
    "",
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
@pytest.mark.parametrize("version", [1, 2, 3])
def test_headers_that_lie(tmp_path, header, version):
    text = header.encode("latin1")
    size = len(text).to_bytes(2 if version == 1 else 4, "little")
    path = tmp_path / "lies.npy"
    path.write_bytes(b"\x93NUMPY" + bytes([version, 0]) + size + text + bytes(64))
    assert refusal(path).startswith(f"{path}: must be a ")


def test_other_files(tmp_path):
    path = tmp_path / "weights.npy"
    for content in (b"", b"1 2 3\n", b"PK\x03\x04 not a zip", b"\x80\x04K\x01.", b"\x93NUMPY"):
        path.write_bytes(content)
        unreadable(path)


def test_an_archive_of_arrays(tmp_path):
    path = tmp_path / "weights.npz"
    np.savez(path, a=MATRIX)
    assert refusal(path) == (
        f"{path}: must be a matrix (out_features, in_features) with at least one element, "
        "not several arrays"
    )
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w") as archive:
        archive.writestr("hello.txt", "hello")
    path.write_bytes(text.getvalue())
    assert "not several arrays" in refusal(path)


def test_inputs_that_are_too_wide(tmp_path):
    with pytest.raises(ModelError) as caught:
        load_matrix(saved(tmp_path, MATRIX), IntType(bits=33, signed=True))
    assert str(caught.value) == "weights: input must have 1 to 32 bits, not s33"


def test_sums_that_are_too_wide(tmp_path):
    path = saved(tmp_path, np.full((1, 1 << 16), (1 << 31) - 1))
    with pytest.raises(ModelError) as caught:
        load_matrix(path, IntType(bits=16, signed=False))
    assert str(caught.value).splitlines() == [
        "weights: dense: channel 0: accumulator must have at most 62 bits, not 64",
        "weights: dense: channel 0: sums must fit 62 bits",
    ]
