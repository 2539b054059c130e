"""Proves the C++ of a design folder, and writes hls/proof.json."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hwgen.digests import digests, proved_cpp_files
from hwgen.errors import ModelError, ToolError
from hwgen.files import check_file, write_beside
from hwgen.json_file import load_json
from hwgen.network_file import load_network
from hwgen.prove.cpp.proof import CppProof, prove_cpp


def has_cpp(folder: Path) -> bool:
    """Whether a design folder has C++."""
    return (folder / "hls").is_dir()


def prove_cpp_folder(folder: Path) -> CppProof:
    """Prove that the C++ of a design folder is its network, and write hls/proof.json.

    Raises
    ------
    ModelError
        Where a file is missing or damaged.
    ToolError
        Where there is no C++ compiler, files change meanwhile, or the folder cannot be written.
    """
    path = folder / "hls" / "proof.json"
    check_file(path)
    try:
        document = load_json(folder / "design.json")
        name = str(document["hls"]["top"])
    except (OSError, ValueError, LookupError, TypeError):
        raise ModelError(
            f"{folder / 'design.json'}: must name the C++ of hls/; build the design again"
        ) from None
    names = (*proved_cpp_files(name), "network.npz", "design.json")
    made_from = digests(folder, names)
    proof = prove_cpp(folder, load_network(folder / "network.npz"), document)
    if digests(folder, names) != made_from:
        raise ToolError(f"{folder}: must not change while it is proved; prove it again")
    proof = replace(proof, made_from=made_from)
    with write_beside(path) as partial:
        partial.write_text(json.dumps(proof.to_json()) + "\n")
    return proof
