"""build.py of a board's folder: the commands that made its bitstream, without hwgen."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pprint import pformat

_SCRIPT = '''\
"""Makes {bitstream} again, with the programs that made it: `python build.py`.

The programs come with the Python packages {packages}; they are looked for beside this Python, then
on PATH. The same versions give the same bytes.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERILOG = {verilog}
OTHERS = {others}
COMMANDS = {commands}


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "verilog").mkdir()
        for file in VERILOG:
            shutil.copyfile(HERE / file, folder / "verilog" / Path(file).name)
        for file in OTHERS:
            shutil.copyfile(HERE / file, folder / file)
        for program, *arguments in COMMANDS:
            beside = Path(sys.executable).parent / program
            print(program)
            subprocess.run(
                [beside if beside.exists() else program, *arguments], cwd=folder, check=True
            )
        shutil.copyfile(folder / COMMANDS[-1][{output}], HERE / "{bitstream}")


main()
'''


def build_script(
    commands: Sequence[str],
    packages: Sequence[str],
    verilog: Sequence[str],
    others: Sequence[str],
    bitstream: str,
) -> str:
    """Give the program.

    Parameters
    ----------
    commands
        What was run, the packer last.
    packages
        That bring the programs.
    verilog, others
        Files that they read, as they lie from the script.
    bitstream
        What is made, beside the script.
    """
    split = [shlex.split(command) for command in commands]
    output = next(place for place, word in enumerate(split[-1]) if word.startswith("packed."))
    return _SCRIPT.format(
        bitstream=bitstream,
        packages=", ".join(packages),
        verilog=pformat(list(verilog), width=96),
        others=pformat(list(others), width=96),
        commands=pformat(split, width=96),
        output=output,
    )
