"""The top of a report: what was built, and the figures that a user looks for first."""

from __future__ import annotations

from hwgen.report.check_cards import (
    alarm,
    board_cards,
    card,
    cpp_cards,
    float_run_cards,
    overflow_card,
    proof_card,
    simulation_card,
    unknown_card,
)
from hwgen.report.contents import Report
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
from hwgen.report.standing import State

NOT_BUILT = "The files are not those of one build, and no check of them passed."


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
        overflow_card(report),
        simulation_card(report),
        proof_card(report),
        *cpp_cards(report),
        *float_run_cards(report),
        *board_cards(report),
        _accuracy(report),
        _luts(report),
        _clock(report),
        _latency(report),
        _throughput(report),
    ]
    if report.weighted:
        cards.append(_accumulators(report))
    title = tag("header", tag("h1", design.model_name), tag("p.intro", intro))
    return join([alarm(report), title, tag("div.cards", *cards)])


def _accuracy(report: Report) -> Markup:
    integer, real = report.accuracy("integer"), report.accuracy("float")
    unit = "\N{NO-BREAK SPACE}%"
    notes: list[Content] = []
    if real is not None:
        notes.append(f"Float model: {real:.4g}{unit}.")
    if integer is not None:
        notes.append("Integer model, on the test set, as the model's metadata records it.")
        return card("Accuracy", f"{integer:.4g}{unit}", *notes)
    if report.measured_accuracies:
        (percent_right, what), *others = report.measured_accuracies
        notes.append(f"Integer model, on {what}; the model's metadata has no accuracy_integer.")
        notes += [f"{other:.1f}{unit} on {on}." for other, on in others]
        return card("Accuracy", f"{percent_right:.1f}{unit}", *notes)
    notes.append(
        join(
            [
                "Models that ",
                command(report.missing["accuracy"]),
                " trains carry it; so do models exported with samples and their labels, or with "
                "accuracy_integer and accuracy_float, in percent, in their metadata.",
            ]
        )
    )
    return card("Accuracy", "not known yet", *notes, state="unknown")


def _luts(report: Report) -> Markup:
    if not report.syntheses:
        return unknown_card(report, "LUTs", "synthesis")
    first, *others = report.syntheses
    notes: list[Content] = [
        f"on {first.target}; {count(first.total.ffs)} flip-flops, {count(first.total.brams)} block "
        f"RAMs, {count(first.total.dsps)} DSP blocks."
    ]
    notes += [f"{count(s.total.luts)} on {s.target}." for s in others]
    if "synthesis" in report.missing:
        again = command(report.missing["synthesis"])
        notes.append(join([f"Not yet on {report.design.target}: ", again, "."]))
    return card("LUTs", count(first.total.luts), *notes)


def _clock(report: Report) -> Markup:
    placed = report.placed
    if placed is None or placed.fmax_mhz is None:
        reasons = [s.note for s in report.syntheses if s.note is not None]
        if report.placed_target != report.design.target:
            reasons.append(f"There is no open place and route from pip for {report.design.target}.")
        return unknown_card(report, "Clock", "clock", *reasons)
    others = [
        f"{megahertz(s.fmax_mhz)} on {s.target}."
        for s in report.syntheses
        if s.fmax_mhz is not None and s is not placed
    ]
    part = f", {placed.part}" if placed.part else ""
    return card(
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
        return _planned(report, "Latency", _cycles(cycles), f"{note}.")
    time = duration(1e3 * cycles / placed.fmax_mhz)
    return _planned(report, "Latency", time, f"{_cycles(cycles)} {note}, at {_at(report)}.")


def _throughput(report: Report) -> Markup:
    interval = report.design.interval_cycles
    every = "every cycle" if interval == 1 else f"every {_cycles(interval)}"
    placed = report.placed
    if placed is None or placed.fmax_mhz is None:
        return _planned(report, "Throughput", f"a sample {every}")
    speed = rate(1e6 * placed.fmax_mhz / interval)
    return _planned(report, "Throughput", f"{speed}/s", f"samples: one {every}, at {_at(report)}.")


def _planned(report: Report, name: str, value: str, *notes: str) -> Markup:
    """Make a card of a figure that the simulation measures, or that the build promised."""
    if report.is_as_built or report.check("simulation").state is State.passed:
        return card(name, value, *notes)
    return card(name, "not known", NOT_BUILT, state="unknown")


def _at(report: Report) -> str:
    placed = report.placed
    assert placed is not None
    assert placed.fmax_mhz is not None
    return f"{megahertz(placed.fmax_mhz)} on {placed.target}"


def _cycles(number: int) -> str:
    return f"{count(number)}\N{NO-BREAK SPACE}{'cycle' if number == 1 else 'cycles'}"


def _accumulators(report: Report) -> Markup:
    totals = report.totals
    weights = [figures for _, figures in report.weighted.values()]
    share = 1 - sum(w.nonzero for w in weights) / sum(w.count for w in weights)
    if not report.is_as_built and report.check("proof").state is not State.passed:
        return card("Accumulator bits", "not known", NOT_BUILT, state="unknown")
    return card(
        "Accumulator bits",
        f"{totals['built'] / report.channels:.1f} on average",
        f"{change(totals['built'], totals['standard'])} against 32 bits, "
        f"{change(totals['built'], totals['data_type'])} against the bound by data types.",
        f"{percent(share)} of the weights are zero.",
    )
