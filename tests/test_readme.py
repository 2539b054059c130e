"""What README promises: its program runs as printed, and its links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_the_table_of_pages_has_every_page():
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.*") if path.suffix != ".svg"}
    lines = re.findall(r"^\| (\[.+?) \| .+ \|$", README, re.MULTILINE)
    listed = [target for line in lines for target in re.findall(r"\]\(([^)]+)\)", line)]
    assert {target for target in listed if target.startswith("docs/")} == pages
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.stem)
def test_links_between_pages_lead_to_their_headings(page):
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(#[^)\s]+)?\)", page.read_text()):
        goal = page.parent / target if target else page
        assert goal.exists(), target
        assert not anchor or anchor[1:] in anchors(goal), f"{target}{anchor}"


def anchors(page):
    """Headings as GitHub names them in links."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
