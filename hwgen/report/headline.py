"""The top of a report: what was built, and the figures that a user looks for first."""

from __future__ import annotations

from hwgen.report.contents import LayerReport, Report
from hwgen.report.design_folder import Simulation
from hwgen.report.markup import (
    Content,
    Markup,
    change,
    command,
    count,
    duration,
    join,
    megahertz,
    percent,
    rate,
    tag,
)

TESTS = {
    "every_vector": "every vector without stalls; latency and interval as planned",
    "random_stalls": "source and sink stalling at random",
    "reset_in_mid_stream": "reset in mid-stream",
    "every_unit": "each unit alone, every channel at its exact minimum and maximum",
}


def headline(report: Report) -> Markup:
    """Title and cards."""
    design = report.design
    styles = " and ".join(dict.fromkeys(layer.style for layer in design.layers))
    kinds = {"offset": "offset accumulators", "signed": "signed accumulators"}
    kinds["mixed"] = "accumulators of several kinds"
    registers = kinds.get(design.accumulator, f"{design.accumulator}-bit accumulators")
    many = len(design.layers)
    layers = f"{many} {'layer' if many == 1 else 'layers'}"
    intro = f"{layers}, {styles}, {registers}, planned for {design.target}."
    cards = [
        _overflow(report),
        _simulation(report),
        _accuracy(report),
        _luts(report),
        _clock(report),
        _latency(report),
        _throughput(report),
        _accumulators(report),
    ]
    title = tag("header", tag("h1", design.model_name), tag("p.intro", intro))
    return join([title, tag("div.cards", *cards)])


def _card(name: str, value: Content, *notes: Content, state: str = "plain") -> Markup:
    lines = [tag("p.note", note) for note in notes]
    return tag(f"div.card.{state}", tag("h2", name), tag("p.value", value), *lines)


def _unknown(
    report: Report, name: str, part: str, *notes: Content, state: str = "unknown"
) -> Markup:
    """Make a card of something that nobody has measured yet, with the command that does."""
    how = join(["Find out with ", command(report.missing[part]), "."])
    return _card(name, "not known yet", how, *notes, state=state)


def _overflow(report: Report) -> Markup:
    name = "Accumulator overflow"
    if report.certified:
        channels = sum(layer.widths.channels for layer in report.layers)
        why = (
            f"No accumulator can overflow: each of the {count(channels)} channels has a register "
            "at least as wide as the exact range of its sums over all possible inputs, computed "
            "from the integer weights."
        )
        return _card(name, "\N{CHECK MARK} impossible", why, state="good.wide")
    narrow = "; ".join(_narrow(layer) for layer in report.layers if layer.widths.too_narrow)
    why = f"Registers have fewer bits than their sums need: {narrow}. Build the design again."
    return _card(name, "\N{BALLOT X} possible", why, state="bad.wide")


def _narrow(layer: LayerReport) -> str:
    row = layer.widths.too_narrow[0]
    more = len(layer.widths.too_narrow) - 1
    also = f" and {more} more" if more else ""
    built, needed = layer.widths.built[row], layer.widths.needed[row]
    return f"{layer.built.name} channel {row} has {built} of {needed} bits{also}"


def _simulation(report: Report) -> Markup:
    name, run = "Simulation", report.simulation
    if run is None:
        return _unknown(report, name, "simulation", state="unknown.wide")
    failed = sum(reason is not None for reason in run.tests.values())
    agrees = run.passed and not failed
    outcome = f"{len(run.tests) - failed} of {len(run.tests)} tests passed in {run.simulator}"
    vectors = "" if run.vectors is None else f", {count(run.vectors)} vectors of the whole design"
    notes: list[Content] = [f"{outcome}{vectors}.", _tests(run)]
    if _differs(report, run):
        agrees = False
        notes.append("Latency or interval differ from the design's: simulate again.")
    value = "\N{CHECK MARK} equal, bit for bit" if agrees else "\N{BALLOT X} failed"
    return _card(name, value, *notes, state="good.wide" if agrees else "bad.wide")


def _differs(report: Report, run: Simulation) -> bool:
    pairs = (
        (run.latency_cycles, report.design.latency_cycles),
        (run.interval_cycles, report.design.interval_cycles),
    )
    return any(measured not in (None, planned) for measured, planned in pairs)


def _tests(run: Simulation) -> Content:
    lines = []
    for name, reason in run.tests.items():
        shown = TESTS.get(name, name)
        mark = "\N{CHECK MARK}" if reason is None else "\N{BALLOT X}"
        lines.append(tag("span.test", f"{mark} {shown}{'' if reason is None else f': {reason}'}"))
    return join(lines)


def _accuracy(report: Report) -> Markup:
    integer, real = report.accuracy("integer"), report.accuracy("float")
    unit = "\N{NO-BREAK SPACE}%"
    notes: list[Content] = []
    if real is not None:
        notes.append(f"Float model: {real:.4g}{unit}.")
    if integer is not None:
        notes.append("Integer model, on the test set, as the model's metadata records it.")
        return _card("Accuracy", f"{integer:.4g}{unit}", *notes)
    if report.sample_accuracy is not None:
        found = report.sample_accuracy
        notes.append(
            f"Integer model, on the {count(found.samples)} golden samples in the model; its "
            "metadata has no accuracy_integer."
        )
        return _card("Accuracy", f"{found.percent:.1f}{unit}", *notes)
    notes.append(
        join(
            [
                "Models that ",
                command(report.missing["accuracy"]),
                " trains carry it; other models can have accuracy_integer and accuracy_float, in "
                "percent, in their metadata.",
            ]
        )
    )
    return _card("Accuracy", "not known yet", *notes, state="unknown")


def _luts(report: Report) -> Markup:
    if not report.syntheses:
        return _unknown(report, "LUTs", "synthesis")
    first, *others = report.syntheses
    notes: list[Content] = [
        f"on {first.target}; {count(first.total.ffs)} flip-flops, {count(first.total.brams)} block "
        f"RAMs, {count(first.total.dsps)} DSP blocks."
    ]
    notes += [f"{count(s.total.luts)} on {s.target}." for s in others]
    if "synthesis" in report.missing:
        again = command(report.missing["synthesis"])
        notes.append(join([f"Not yet on {report.design.target}: ", again, "."]))
    return _card("LUTs", count(first.total.luts), *notes)


def _clock(report: Report) -> Markup:
    placed = report.placed
    if placed is None or placed.fmax_mhz is None:
        reasons = [s.note for s in report.syntheses if s.note is not None]
        if report.placed_target != report.design.target:
            reasons.append(f"There is no open place and route from pip for {report.design.target}.")
        return _unknown(report, "Clock", "clock", *reasons)
    others = [
        f"{megahertz(s.fmax_mhz)} on {s.target}."
        for s in report.syntheses
        if s.fmax_mhz is not None and s is not placed
    ]
    part = f", {placed.part}" if placed.part else ""
    return _card(
        "Clock",
        megahertz(placed.fmax_mhz),
        f"on {placed.target}{part}, placed and routed.",
        *others,
    )


def _latency(report: Report) -> Markup:
    cycles = report.design.latency_cycles
    note = "from the first beat in to the first beat out"
    placed = report.placed
    if placed is None or placed.fmax_mhz is None:
        return _card("Latency", _cycles(cycles), f"{note}.")
    time = duration(1e3 * cycles / placed.fmax_mhz)
    return _card("Latency", time, f"{_cycles(cycles)} {note}, at {_at(report)}.")


def _throughput(report: Report) -> Markup:
    interval = report.design.interval_cycles
    every = "every cycle" if interval == 1 else f"every {_cycles(interval)}"
    placed = report.placed
    if placed is None or placed.fmax_mhz is None:
        return _card("Throughput", f"a sample {every}")
    speed = rate(1e6 * placed.fmax_mhz / interval)
    return _card("Throughput", f"{speed}/s", f"samples: one {every}, at {_at(report)}.")


def _at(report: Report) -> str:
    placed = report.placed
    assert placed is not None
    assert placed.fmax_mhz is not None
    return f"{megahertz(placed.fmax_mhz)} on {placed.target}"


def _cycles(number: int) -> str:
    return f"{count(number)}\N{NO-BREAK SPACE}{'cycle' if number == 1 else 'cycles'}"


def _accumulators(report: Report) -> Markup:
    totals = report.totals
    channels = sum(layer.widths.channels for layer in report.layers)
    zeros = sum(layer.weights.count - layer.weights.nonzero for layer in report.layers)
    share = zeros / sum(layer.weights.count for layer in report.layers)
    return _card(
        "Accumulator bits",
        f"{totals['built'] / channels:.1f} on average",
        f"{change(totals['built'], totals['standard'])} against 32 bits, "
        f"{change(totals['built'], totals['data_type'])} against the bound by data types.",
        f"{percent(share)} of the weights are zero.",
    )
