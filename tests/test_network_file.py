import numpy as np
import pytest

from hwgen.errors import HwgenError, ModelError
from hwgen.network_file import load_network, save_network
from hwgen.reference import outputs
from tests.tiny_nets import network, random_inputs


@pytest.fixture
def path(tmp_path):
    save_network(network(1), tmp_path / "network.npz")
    return tmp_path / "network.npz"


def test_a_network_survives(path):
    x = random_inputs(network(1), 50)
    assert np.array_equal(outputs(load_network(path), x), outputs(network(1), x))


def test_a_truncated_file_is_refused(path):
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError, match="must be a whole network file"):
            load_network(path)


def test_a_flipped_byte_is_read_or_refused_and_nothing_else(path):
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole), 23):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        try:
            load_network(path)
        except HwgenError:
            refused += 1
    assert refused > 10
