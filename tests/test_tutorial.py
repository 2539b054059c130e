"""docs/tutorial.ipynb runs from its first cell to its last, and ends with a design that holds."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial.ipynb"


def printed(cell):
    return "".join(output.get("text", "") for output in cell["outputs"])


def test_the_tutorial_runs(tmp_path):
    notebook = nbformat.read(TUTORIAL, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    texts = [printed(cell) for cell in notebook.cells if cell["cell_type"] == "code"]
    assert any(text.startswith("PROVED: digits equals") for text in texts)
    assert any("passed in verilator" in text for text in texts)
    assert "synthesis ecp5 passed" in texts[-1]
    assert (tmp_path / "rtl_out" / "tutorial" / "report.html").exists()
