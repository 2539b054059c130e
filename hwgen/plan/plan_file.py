"""plan.json: written with a seal that tells what was edited since, read back, checked.

Two parts can be edited. Where the choices were (style, pe, simd, ... of each layer, target,
pipeline), everything else is planned again from them. Where the stages were (a queue's depth, a
register's range, a table), they are taken as they are, and shown to be the network still.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.json_file import load_json, why_unread
from hwgen.plan.check.plan import check_plan
from hwgen.plan.check.queues import check_queues
from hwgen.plan.choose.choices import check_choices
from hwgen.plan.choose.subpixels import check_all_folded, network_of
from hwgen.plan.codec import check_keys, decode, encode
from hwgen.plan.design import LayerChoice, LayerSummary, Plan
from hwgen.plan.identifier import top_name
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions, Progress
from hwgen.plan.planned_layer import register_bits, summary_of
from hwgen.plan.planner import plan_chosen
from hwgen.plan.stages.stage import FoldedDense, UnrolledDense
from hwgen.plan.streams.timing import timing

CHOICES = ("target", "pipeline", "clock_mhz", "effort", "subpixel", "choices")
STAGES = ("stages", "reads")
DIGITS = 16  # of a digest: against slips, not against forgers


def plan_document(plan: Plan) -> dict[str, Any]:
    """Give a plan as the JSON document that is written."""
    document: dict[str, Any] = encode(plan)
    return document | {"seal": _seal(document)}


def _seal(document: dict[str, Any]) -> dict[str, str]:
    """Give digests of the two parts that can be edited."""
    keys = {"choices": CHOICES, "stages": STAGES}
    parts = {name: [document.get(key) for key in own] for name, own in keys.items()}
    return {
        name: hashlib.sha256(json.dumps(part).encode()).hexdigest()[:DIGITS]
        for name, part in parts.items()
    }


def read_plan(path: Path) -> Plan:
    """Read a plan.json as it is.

    Raises
    ------
    PlanError
        Where it is no plan, or a value in it is of the wrong kind.
    """
    return _decoded(_document(path)[0], path.name)


def plan_from_file(graph: Graph, path: Path, progress: Progress = lambda _, __: None) -> Plan:
    """Give the plan of a plan.json, edited or not, for a network.

    Raises
    ------
    PlanError
        Where the file is no plan, or an edit does not fit the network, with its place and why.
    """
    where = path.name
    document, seal = _document(path)
    graph = _network(graph, document, where)
    layers = layers_of(graph)
    edited = [name for name, digest in _seal(document).items() if seal[name] != digest]
    if len(edited) == 2:
        raise PlanError(
            f"{where}: either choices or stages must be as `hwgen build` wrote them, and both were "
            "edited; edit the choices, build, and then the stages of the new plan.json"
        )
    if edited == ["choices"]:
        return _planned_again(graph, layers, document, where, progress)
    progress("check the plan", 0.0)
    plan = _decoded(document, where)
    if plan.name != top_name(graph.name):
        raise PlanError(f"{where}.name: must be {top_name(graph.name)}, not {plan.name!r}")
    check_choices(layers, plan.choices, f"{where}.choices")
    check_all_folded(plan.subpixel, plan.choices, f"{where}.subpixel")
    check_plan(plan, graph, layers, where)
    if not edited:
        check_queues(plan, where)
    derived = _derived(graph, layers, plan, where)
    if not edited:
        _check_derived(plan, derived, where)
    else:
        check_queues(derived, where)
    return derived


def _network(graph: Graph, document: dict[str, Any], where: str) -> Graph:
    """Give the network that a document is a plan of."""
    check_keys(document, Plan, where)
    names = decode(document["subpixel"], get_type_hints(Plan)["subpixel"], f"{where}.subpixel")
    return network_of(graph, names, f"{where}.subpixel")


def _document(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the plan's document and its seal."""
    try:
        document = load_json(path)
    except (OSError, ValueError) as error:
        raise PlanError(
            f"{path}: must be a plan.json that `hwgen build` wrote, and cannot be read "
            f"({why_unread(error)})"
        ) from None
    seal = document.pop("seal", None) if isinstance(document, dict) else None
    if not isinstance(seal, dict) or set(seal) != {"choices", "stages"}:
        raise PlanError(
            f"{path.name}.seal: must be as `hwgen build` wrote it; it tells which part was edited"
        )
    return document, seal


def _decoded(document: dict[str, Any], where: str) -> Plan:
    plan = decode(document, Plan, where)
    assert isinstance(plan, Plan)
    return plan


def _planned_again(
    graph: Graph,
    layers: tuple[Layer, ...],
    document: dict[str, Any],
    where: str,
    progress: Progress,
) -> Plan:
    """Plan from the choices of a document; its goal stays what it was."""
    hints = get_type_hints(Plan)
    given = {key: decode(document[key], hints[key], f"{where}.{key}") for key in CHOICES}
    choices: tuple[LayerChoice, ...] = given.pop("choices")
    subpixel: tuple[str, ...] = given.pop("subpixel")
    check_choices(layers, choices, f"{where}.choices")
    check_all_folded(subpixel, choices, f"{where}.subpixel")
    goal = decode(document["goal"], hints["goal"], f"{where}.goal")
    try:
        options = BuildOptions(**given)
    except PlanError as error:
        raise PlanError(f"{where}: {error}") from None
    plan = plan_chosen(graph, layers, choices, options, progress)
    return replace(plan, goal=goal, subpixel=subpixel)


def _derived(graph: Graph, layers: tuple[Layer, ...], plan: Plan, where: str) -> Plan:
    """Give the plan with the numbers that follow from its stages."""
    dense = [s for s in plan.stages if isinstance(s, UnrolledDense | FoldedDense)]
    summaries: tuple[LayerSummary, ...] = tuple(
        summary_of(graph, layer, choice.style, register_bits(layer, stage), stage)
        for layer, choice, stage in zip(layers, plan.choices, dense, strict=True)
    )
    for choice, summary in zip(plan.choices, summaries, strict=True):
        for key in ("pe", "simd", "pixels"):
            chosen, found = getattr(choice, key), getattr(summary, key)
            if chosen != found:
                raise PlanError(
                    f"{where}.stages: {choice.name} must have {key} {chosen} as in choices, not "
                    f"{found}; edit the choices instead"
                )
    times = timing(plan.stages, plan.reads)
    return replace(
        plan,
        layers=summaries,
        latency_cycles=times.latency,
        interval_cycles=times.interval,
        rhythm=times.rhythm,
    )


def _check_derived(plan: Plan, derived: Plan, where: str) -> None:
    """Refuse edits of numbers that only follow."""
    for field in fields(Plan):
        given, right = getattr(plan, field.name), getattr(derived, field.name)
        if given != right:
            raise PlanError(
                f"{where}.{field.name}: follows from the stages and must stay as it was; edit "
                "choices or stages instead"
            )
