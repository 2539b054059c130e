"""A sweep that takes seconds."""

import pytest

TINY = """
[[grid]]
recipe = "digits"
method = ["qat", "a2q_ip"]
accumulator_bits = [6, 8]
widths = [4]
epochs = {epochs}
float_epochs = 1
batch = 128
seed = [0, 1]
"""


@pytest.fixture
def write_sweep(tmp_path):
    """Write the file of six trainings and give its path."""

    def write(epochs=1, text=TINY):
        path = tmp_path / "tiny.toml"
        path.write_text(text.replace("{epochs}", str(epochs)))
        return path

    return write
