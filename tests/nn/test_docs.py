"""The example of docs/training.md that ends in sums and signs runs as printed."""

import re
import runpy
from pathlib import Path

import numpy as np
import torch

from hwgen.reference import outputs

TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text()


def test_the_example_of_sums_and_signs(tmp_path):
    section = TEXT.split("## Sums, signs, and weights of -1 and +1\n")[1].split("\n## ")[0]
    torch.manual_seed(0)
    program = tmp_path / "example.py"
    program.write_text(re.search(r"```python\n(.*?)```", section, flags=re.DOTALL)[1])
    names = runpy.run_path(str(program))
    x = np.random.default_rng(0).integers(0, 2, (200, 16))
    with torch.no_grad():
        wanted = names["net"].double()(torch.from_numpy(2.0 * x - 1)).numpy()
    real = names["levels"].dequantization
    values = np.array(real.scale) * outputs(names["levels"], x) + np.array(real.offset)
    assert np.allclose(values, wanted, rtol=1e-12, atol=1e-12)
    assert np.array_equal(outputs(names["labels"], x), wanted >= 0)
    levels = 2.0 * x.reshape(200, 2, 8).sum(2) - 8
    assert np.corrcoef(values[:, 0], levels[:, 0])[0, 1] > 0.8
