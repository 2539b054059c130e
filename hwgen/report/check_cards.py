"""What was checked of a design, at the top of its report: failures first, then a card a check."""

from __future__ import annotations

from hwgen.manifest import changes
from hwgen.report.board_results import NAME as BOARD
from hwgen.report.board_results import BoardReport
from hwgen.report.contents import Report
from hwgen.report.cpp_results import PROOF as CPP_PROOF
from hwgen.report.cpp_results import SIMULATION as CPP_SIMULATION
from hwgen.report.float_run import NAME as FLOAT_RUN
from hwgen.report.float_run import FloatRun
from hwgen.report.layer_report import LayerReport
from hwgen.report.markup import Content, Markup, command, count, join, megahertz, tag
from hwgen.report.results import Simulation
from hwgen.report.standing import Check, State

PASS, FAIL, OLD = "\N{CHECK MARK}", "\N{BALLOT X}", "\N{WARNING SIGN}"
TESTS = {
    "every_vector": "every vector without stalls; latency and interval as planned",
    "random_stalls": "source and sink stalling at random",
    "reset_in_mid_stream": "reset in mid-stream",
    "every_unit": "each unit alone, every channel at its exact minimum and maximum",
}


def alarm(report: Report) -> Markup:
    """Everything that is wrong, failures first; nothing where all holds."""
    lines = [_line(FAIL, f"{c.name} failed", _reason(c)) for c in report.in_state(State.failed)]
    if report.is_too_narrow:
        lines.append(_line(FAIL, "accumulators can overflow", _narrow(report)))
    changed = changes(report.changed)
    if changed is not None:
        lines.append(_line(OLD, "changed since the build", f"{changed}."))
    for check in report.in_state(State.stale):
        again = join(["Run ", command(check.command), " again."])
        lines.append(_line(OLD, f"{check.name} is stale", f"{_reason(check)}. ", again))
    if not lines:
        return join([])
    return tag("div.alarm", *lines, attributes={"role": "alert"})


def _line(mark: str, what: str, *why: Content) -> Markup:
    return tag("p", tag("strong", f"{mark} {what}: "), *why)


def _reason(check: Check) -> str:
    return check.reason or "no reason given"


def card(name: str, value: Content, *notes: Content, state: str = "plain") -> Markup:
    """Make a card: a name, one figure, notes."""
    lines = [tag("p.note", note) for note in notes]
    return tag(f"div.card.{state}", tag("h2", name), tag("p.value", value), *lines)


def unknown_card(
    report: Report, name: str, part: str, *notes: Content, state: str = "unknown"
) -> Markup:
    """Make a card of something that nobody has measured yet, with the command that does."""
    how = join(["Find out with ", command(report.missing[part]), "."])
    return card(name, "not known yet", how, *notes, state=state)


def overflow_card(report: Report) -> Markup:
    """Whether an accumulator can overflow, and why."""
    name = "Accumulator overflow"
    if report.is_too_narrow:
        why = f"Registers have fewer bits than their sums need: {_narrow(report)}"
        return card(name, f"{FAIL} possible", why, state="bad")
    if report.overflow_impossible is None:
        why = "The widths of the plan suffice, but nothing shows that this Verilog has them."
        return card(name, f"{OLD} not known", why, state="unknown")
    why = (
        f"No accumulator can overflow: each of the {count(report.channels)} channels has a "
        "register at least as wide as the exact range of its sums over all possible inputs, "
        "computed from the integer weights."
    )
    return card(name, f"{PASS} impossible", why, state="good")


def _narrow(report: Report) -> str:
    found = "; ".join(_layer_narrow(layer) for layer in report.layers if layer.widths.too_narrow)
    return f"{found}. Build the design again."


def _layer_narrow(layer: LayerReport) -> str:
    row = layer.widths.too_narrow[0]
    more = len(layer.widths.too_narrow) - 1
    also = f" and {more} more" if more else ""
    built, needed = layer.widths.built[row], layer.widths.needed[row]
    return f"{layer.built.name} channel {row} has {built} of {needed} bits{also}"


def simulation_card(report: Report) -> Markup:
    """Show what the simulation of this Verilog found."""
    name, run = "Simulation", report.simulation
    if run is None:
        return _open_card(report, name, report.check("simulation"))
    failed = sum(reason is not None for reason in run.tests.values())
    outcome = f"{len(run.tests) - failed} of {len(run.tests)} tests passed in {run.simulator}"
    vectors = "" if run.vectors is None else f", {count(run.vectors)} vectors of the whole design"
    notes: list[Content] = [f"{outcome}{vectors}.", _tests(run)]
    if report.check("simulation").state is State.passed:
        return card(name, f"{PASS} equal, bit for bit", *notes, state="good")
    return card(name, f"{FAIL} failed", *notes, state="bad")


def proof_card(report: Report) -> Markup:
    """Show what the proof of this Verilog found."""
    name, proof = "Proof", report.proof
    if proof is None:
        return _open_card(report, name, report.check("proof"))
    if proof.problem is not None:
        return card(name, f"{FAIL} not proved", proof.problem, state="bad")
    rest = "What it leaves open is listed under Provenance."
    return card(name, f"{PASS} proved", f"{proof.verdict}.", rest, state="good")


def cpp_cards(report: Report) -> list[Markup]:
    """Show what is known of the C++, where there is some."""
    checks = [check for check in report.checks if check.name in (CPP_SIMULATION, CPP_PROOF)]
    if not checks:
        return []
    marks = {State.passed: PASS, State.failed: FAIL, State.stale: OLD, State.not_run: OLD}
    notes: list[Content] = []
    for check in checks:
        reason = f": {check.reason}" if check.reason else ""
        notes.append(f"{marks[check.state]} {check.name} {check.state.value}{reason}")
    notes.append("No tool for high-level synthesis was run on it.")
    states = {check.state for check in checks}
    state = "good" if states == {State.passed} else "unknown"
    state = "bad" if State.failed in states else state
    return [card("HLS C++", "of the same plan", *notes, state=state)]


def float_run_cards(report: Report) -> list[Markup]:
    """Show how the file that was built differs from its float run, where another tool wrote it."""
    if not any(check.name == FLOAT_RUN for check in report.checks):
        return []
    found, name = report.float_run, "Float run of the file"
    if found is None:
        check = report.check(FLOAT_RUN)
        if check.state is State.stale:
            again = join(["Run ", command(check.command), " again."])
            return [card(name, f"{OLD} stale", f"{_reason(check)}.", again, state="unknown")]
        how = join(["Find out with ", command(check.command), "."])
        return [card(name, "not compared yet", how, state="unknown")]
    notes: list[Content] = [
        f"{count(found.differing)} of {count(found.codes)} codes of quantizers differ: "
        f"{count(found.ties)} ties, {count(found.near_ties)} near ties, "
        f"{count(found.unexplained)} unexplained, on {_samples(found)}."
    ]
    if found.accuracy_float is not None and found.accuracy_integer is not None:
        notes.append(
            f"Accuracy {100 * found.accuracy_float:.4g} % in floats, "
            f"{100 * found.accuracy_integer:.4g} % in integers."
        )
    if report.check(FLOAT_RUN).state is State.passed:
        return [card(name, f"{PASS} explained", *notes, state="good")]
    return [card(name, f"{FAIL} differs", *notes, state="bad")]


def board_cards(report: Report) -> list[Markup]:
    """Show every bitstream, and what became of one that is not of these files any more."""
    cards = []
    for check in report.checks:
        if not check.name.startswith(f"{BOARD} "):
            continue
        name = f"Board {check.name.removeprefix(f'{BOARD} ')}"
        if check.state is State.stale:
            again = join(["Run ", command(check.command), " again."])
            notes = f"{_reason(check)}.", again
            cards.append(card(name, f"{OLD} stale", *notes, state="unknown"))
        elif check.state is State.not_run:
            how = join(["Make it with ", command(check.command), "."])
            cards.append(card(name, "no bitstream yet", how, state="unknown"))
    return [*cards, *map(_bitstream, report.boards)]


def _bitstream(board: BoardReport) -> Markup:
    fmax = "" if board.fmax_mhz is None else f", {megahertz(board.fmax_mhz)} reached"
    cells = "" if board.cells is None else f"{count(board.cells)} cells and "
    return card(
        f"Board {board.name}",
        join([tag("code", board.file)]),
        f"{count(board.size)} bytes for {board.part}, with a serial link.",
        f"{board.clock_mhz:g} MHz{fmax}; {cells}{count(board.brams)} block RAMs.",
    )


def _samples(found: FloatRun) -> str:
    some, given = count(found.samples), found.samples_in_data
    if given is None:
        return f"{some} random samples"
    return f"{some} of {count(given)} samples" if found.samples < given else f"all {some} samples"


def _open_card(report: Report, name: str, check: Check) -> Markup:
    if check.state is State.stale:
        again = join(["Run ", command(check.command), " again."])
        return card(name, f"{OLD} stale", f"{_reason(check)}.", again, state="unknown")
    return unknown_card(report, name, check.name, state="unknown")


def _tests(run: Simulation) -> Content:
    lines = []
    for name, reason in run.tests.items():
        shown = TESTS.get(name, name)
        mark = PASS if reason is None else FAIL
        lines.append(tag("span.test", f"{mark} {shown}{'' if reason is None else f': {reason}'}"))
    return join(lines)
