"""What `hwgen check` left in a design folder: the float run of the file that was built."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hwgen.json_fields import JsonFields, read_json
from hwgen.report.results import Reading
from hwgen.report.standing import Check, State, stale_because

NAME = "float run"
KEPT, NETWORK = "float_check.json", "network.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatRun:
    """Codes of all quantizers that were compared, and shares of equal outputs and labels."""

    file: str
    samples: int
    samples_in_data: int | None
    codes: int
    differing: int
    ties: int
    near_ties: int
    unexplained: int
    identical: float | None
    same_label: float | None
    accuracy_float: float | None
    accuracy_integer: float | None


def read_float_run(
    reading: Reading, metadata: Mapping[str, object]
) -> tuple[tuple[Check, ...], FloatRun | None]:
    """Judge float_check.json; nothing where the network is of no other tool.

    Raises
    ------
    ModelError
        Where it is damaged.
    """
    notes = metadata.get("onnx")
    if not isinstance(notes, Mapping):
        return (), None
    file = shlex.quote(str(notes.get("file", "model.onnx")))
    command = f"hwgen check {file} --design {reading.word}"
    path = reading.folder / KEPT
    if not path.exists():
        return (Check(name=NAME, state=State.not_run, command=command),), None
    fields = read_json(path, "hwgen check")
    reason = stale_because(fields, reading.folder, (NETWORK,))
    if reason is not None:
        return (Check(name=NAME, state=State.stale, command=command, reason=reason),), None
    found = _figures(fields)
    if not fields.truth("passed"):
        reason = f"{found.unexplained} codes differ without explanation"
        return (Check(name=NAME, state=State.failed, command=command, reason=reason),), found
    return (Check(name=NAME, state=State.passed, command=command),), found


def _figures(fields: JsonFields) -> FloatRun:
    rows, outputs = fields.children("quantizers"), fields.child("outputs")
    total: dict[str, Any] = {
        name: sum(row.count(key) for row in rows)
        for name, key in (
            ("codes", "elements"),
            ("differing", "differing"),
            ("ties", "ties"),
            ("near_ties", "near_ties"),
            ("unexplained", "unexplained"),
        )
    }
    return FloatRun(
        file=fields.text("file"),
        samples=fields.count("samples"),
        samples_in_data=fields.optional_count("samples_in_data"),
        identical=outputs.optional_share("identical"),
        same_label=outputs.optional_share("same_label"),
        accuracy_float=outputs.optional_share("accuracy_float"),
        accuracy_integer=outputs.optional_share("accuracy_integer"),
        **total,
    )
