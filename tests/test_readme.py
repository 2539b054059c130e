"""What README promises: its program runs as printed, and its links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

from hwgen.flow import load

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


BATCHES = """
import torch
torch.manual_seed(0)
batches = [(torch.rand(32, 64), torch.randint(0, 10, (32,))) for _ in range(20)]
"""


def test_the_example_trains_and_saves_a_model(tmp_path):
    program = re.search(r"```python\n(.*?)```", README, flags=re.DOTALL)[1]
    subprocess.run([sys.executable, "-c", BATCHES + program], cwd=tmp_path, check=True)
    graph = load(tmp_path / "model.pt")
    assert all(a.bits <= 7 for a in graph.node("1").accumulators)


def test_every_link_leads_to_a_file():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
