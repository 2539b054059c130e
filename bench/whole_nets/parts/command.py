"""The command of the benches of whole convolutional nets: options, rows, what is printed."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench.shared.row_file import Row, RowFile
from bench.whole_nets.parts.cnns import Cnn, Measure
from bench.whole_nets.parts.rows import MOST_LUTS, Place
from hwgen.synth.tools import find_nextpnr, find_yosys

LIMITS = {"most_luts": MOST_LUTS, "most_placed": MOST_LUTS}


def run_command(
    words: str, cases: tuple[Cnn, ...], *, work: Path, markdown: Callable[[list[Row]], str]
) -> None:
    """Measure what the command line asks for, and print it.

    Parameters
    ----------
    words
        The program's docstring.
    cases
        All designs; nets and designs are kept in `work`.
    markdown
        The tables of the documents.
    """
    parser = argparse.ArgumentParser(
        description=words, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print one JSON document")
    shown.add_argument("--markdown", action="store_true", help="print the tables of the documents")
    parser.add_argument("--out", type=Path, default=work / "rows.json", help="rows, as they come")
    parser.add_argument("--match", default="", help="only designs whose name has this expression")
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--checks", action="store_true", help="simulate, prove, write reports")
    for limit, usual in LIMITS.items():
        words = f"planned LUTs of a design; default {usual}"
        parser.add_argument(f"--{limit.replace('_', '-')}", type=int, default=usual, help=words)
    args = parser.parse_args()
    todo = [case for case in cases if re.search(args.match, f"{case.case}, {case.target}")]
    if args.checks:
        todo = [case for case in todo if case.target == "xc7" and not case.baseline]
    tools = {"yosys": find_yosys().version, "nextpnr": find_nextpnr("ecp5").version}
    limits = {limit: getattr(args, limit) for limit in LIMITS}
    place = Place(work=work, data=args.data, say=lambda _: None, **limits)
    work.mkdir(parents=True, exist_ok=True)
    rows = _run(todo, "checks" if args.checks else "design", RowFile(args.out, tools), place)
    if args.markdown:
        print(markdown(rows))
    else:
        print(json.dumps({"seed": 0, "rows": rows}, indent=1))


def _run(todo: list[Cnn], measure: Measure, kept: RowFile, place: Place) -> list[Row]:
    """Give the rows, and measure those that the file does not hold yet."""
    rows = []
    columns = (BarColumn(bar_width=20), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(todo))
        for case in todo:

            def say(step: str, name: str = f"{case.case}, {case.target}") -> None:
                bar.update(task, description=f"{name}: {step}")

            found = kept.find(case.key(measure))
            if found is None or _lacks_counts(found, place):
                steps = {"design": case.design, "checks": case.checks}
                found = kept.add(steps[measure](replace(place, say=say)))
            rows.append(found)
            bar.advance(task)
    return rows


def _lacks_counts(row: Row, place: Place) -> bool:
    """Whether a design was only planned, under a lower limit than now."""
    planned = row.get("planned_luts")  # none of a row of checks
    return "luts" not in row and planned is not None and int(str(planned)) <= place.most_luts
