"""What simulation and proof of the C++ left in `hls/`, where a design has C++."""

from __future__ import annotations

from hwgen.digests import MADE_FROM, cpp_files, proved_cpp_files
from hwgen.json_fields import read_json
from hwgen.manifest import MANIFEST
from hwgen.report.results import Reading
from hwgen.report.standing import Check, State, stale_because, unlike_built

SIMULATION, PROOF = "C++ simulation", "C++ proof"


def read_cpp(reading: Reading) -> tuple[Check, ...]:
    """Judge hls/result.json and hls/proof.json; nothing where there is no C++.

    Raises
    ------
    ModelError
        Where one is damaged.
    """
    if not (reading.folder / "hls").is_dir():
        return ()
    name, word = reading.design.name, reading.word
    code = proved_cpp_files(name)
    reference = ("network.npz", "design.json")
    simulate = f"hwgen sim {word} --simulator cpp"
    return (
        _read(reading, SIMULATION, "result.json", simulate, cpp_files(name), "passed"),
        _read(reading, PROOF, "proof.json", f"hwgen prove {word}", (*code, *reference), "proved"),
    )


def _read(
    reading: Reading, name: str, file: str, command: str, needed: tuple[str, ...], verdict: str
) -> Check:
    """Judge a result, whose reference is all that it is of but the code."""
    path = reading.folder / "hls" / file
    if not path.exists():
        return Check(name=name, state=State.not_run, command=command)
    fields = read_json(path, command.replace(f" {reading.word}", "", 1))
    reason = stale_because(fields, reading.folder, needed)
    if reason is not None:
        return Check(name=name, state=State.stale, command=command, reason=reason)
    if not fields.truth(verdict):
        reason = fields.optional_text("problem") or "outputs differ"
        return Check(name=name, state=State.failed, command=command, reason=reason)
    code = {*proved_cpp_files(reading.design.name)} - {"hls/hwgen_types.h"}
    reference = [other for other in fields.child(MADE_FROM).document if other not in code]
    reason = unlike_built(reading.changed, (MANIFEST, *reference))
    if reason is not None:
        return Check(name=name, state=State.stale, command=command, reason=reason)
    return Check(name=name, state=State.passed, command=command)
