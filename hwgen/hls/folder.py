"""Every file of `hls/`, as text: the same plan gives the same bytes."""

from __future__ import annotations

from pathlib import Path

from hwgen.hls.axis import axis_files
from hwgen.hls.bench import bench_text, static_text, vector_files
from hwgen.hls.design import Design
from hwgen.hls.readme import readme_text
from hwgen.hls.scripts import script_files
from hwgen.hls.top import header_text, source_text
from hwgen.plan.vectors.design import VectorSet

STATIC = ("hwgen_types.h", "sim/ap_int.h", "sim/hls_stream.h", "sim/ap_axi_sdata.h")


def code_files(design: Design) -> dict[str, str]:
    """Give the files that do not depend on vectors, by their path in `hls/`."""
    name = design.plan.name
    return {
        f"{name}.h": header_text(design),
        f"{name}.cpp": source_text(design),
        "test.cpp": bench_text(design),
        **axis_files(design),
        **{path: static_text(path) for path in STATIC},
        "Makefile": static_text("makefile.txt"),
        "README.md": readme_text(design),
        **script_files(design),
    }


def write_hls(design: Design, code: dict[str, str], vectors: VectorSet, folder: Path) -> None:
    """Write the folder."""
    for path, text in code.items():
        goal = folder / path
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.write_text(text)
    write_vectors(design, vectors, folder / "vectors")


def write_vectors(design: Design, vectors: VectorSet, folder: Path) -> None:
    """Write the vectors alone."""
    folder.mkdir(parents=True)
    for path, text in vector_files(design, vectors).items():
        (folder / path).write_text(text)
