"""A network on a board, without the board: digits on an iCEBreaker, asked over its serial port.

    python bench/demos/board.py [--json]

Trains a net on scikit-learn's digits with 7-bit accumulators, builds it for the board, makes the
bitstream, and runs ten images through the simulated pins with the driver that talks to a real
board. Every step is a command that a user would type; the commands are printed. Results lie in
rtl_out/.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = Path("rtl_out")
MODEL, FOLDER = OUT / "digits.pt", OUT / "digits_icebreaker"
NARROW = ["--weight-bits", "2", "--first-last-bits", "2", "--act-bits", "2", "--acc-bits", "7"]
IMAGES = 10
STEPS = (
    ("-m", "training", "digits", *NARROW, "--out", str(MODEL)),
    ("-m", "hwgen.cli", "build", str(MODEL), "--board", "icebreaker", "-o", str(FOLDER)),
    ("-m", "hwgen.cli", "board", str(FOLDER), "--board", "icebreaker"),
    ("-m", "hwgen.cli", "run", str(FOLDER), "--simulated", "--bench", str(IMAGES), "--json"),
)


def said(step: tuple[str, ...]) -> str:
    """A step as a user types it."""
    words = ["hwgen", *step[2:]] if step[1] == "hwgen.cli" else ["python", *step]
    return " ".join(words)


def main() -> None:
    """Run everything and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    args = parser.parse_args()
    start, output = time.perf_counter(), ""
    for step in STEPS:
        print(said(step), file=sys.stderr)
        done = subprocess.run(
            (sys.executable, *step), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
        )
        output = done.stdout
        if done.returncode:
            sys.exit(f"board-demo: failed with exit status {done.returncode}: {said(step)}")
        if step is not STEPS[-1]:
            print(output, end="", file=sys.stderr)
    found = json.loads(output)
    seconds = round(time.perf_counter() - start, 1)
    row = {"case": "digits on icebreaker", **found}
    if args.json:
        print(json.dumps({"rows": [row], "seconds": seconds}, indent=1))
        return
    print(
        f"{found['equal']} of {found['vectors']} images equal to the reference through the "
        f"simulated pins, {found['accuracy_percent']} % right; self test passed in "
        f"{found['self_test']['cycles']:,} cycles, as planned; no board was touched"
    )
    print(f"bitstream: {FOLDER}/board/icebreaker/digits.bin; all in {seconds:.0f} s")


if __name__ == "__main__":
    main()
