"""Imports point down only (docs/architecture.md), and the heavy packages stay where they belong."""

import ast
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "hwgen"
FLOORS = [  # from the top; one line may not import its own neighbours
    {"cli", "__main__"},
    {"cli_board"},
    {"cli_options", "console"},
    {"interface"},
    {"flow"},
    {"board", "package"},
    {"simulate", "synth", "prove", "report", "kept_check"},
    {"emit"},
    {"design_json"},
    {"rtl", "hls"},
    {"plan"},
    {"network_file", "float_check"},
    {"reference", "nn", "frontend"},
    {"ir"},
    {"manifest", "earlier", "rhythm"},
    {"json_fields"},
    {"bounds", "compiled", "numeric", "errors", "files", "tool_failure", "digests", "json_file"},
    {"packaged_verilator"},  # copied to benches, as digests is
    {"host"},  # copied to boards' folders: it imports nothing of hwgen
]
NEIGHBOURS = {  # what may be imported on its own floor
    "nn": {"frontend", "reference"},
    "bounds": {"numeric"},
    "files": {"errors"},
    "tool_failure": {"errors"},
    "prove": {"synth"},
    "__main__": {"cli"},
}
ROOMS = {  # of the large parts, from the top: a room imports only those that stand after it
    "plan": (
        *("link", "self_test", "prepare", "plan_file", "codec", "vectors", "planner", "assembly"),
        *("choose", "folded", "estimate", "check", "unrolled", "requantize", "streams", "cost"),
        *(
            "planned_layer",
            "layers",
            "fronts",
            "layer",
            "matrix",
            "identifier",
            "options",
            "option_kinds",
        ),
        *("execute", "windows", "adders", "design", "stages"),
    ),
    "prove": (
        *(
            "run",
            "branches",
            "chain",
            "maps",
            "ends",
            "certificate",
            "queues",
            "frames",
            "units",
            "control",
            "compiled",
            "machine",
        ),
        *("cpp", "layers", "views", "forms", "netlist"),
    ),
    "frontend.onnx": (
        *("host", "read", "nodes"),
        *("leaving", "operators", "rewriting", "quantizing", "tensors", "folding"),
        *("writing", "file", "arithmetic"),
    ),
}
ALONE = {  # copied into every design folder, where there may be no hwgen
    "design_bench",
    "board_bench",
}
HOMES = {
    "torch": {"nn"},
    "numba": {"compiled", "nn"},
    "amaranth": {"rtl"},
    "onnx": {"frontend"},
    "onnxruntime": {"float_check"},
    "brevitas": {"nn"},
}
ALLOWED = {
    "amaranth",
    "PIL",
    "brevitas",
    "cocotb",
    "cocotb_tools",
    "google",
    "hwgen",
    "numba",
    "numpy",
    "onnx",
    "onnxruntime",
    "rich",
    "serial",
    "scipy",
    "torch",
    "typer",
}


def part_of(module):
    """`hwgen.plan.adders.sharing` belongs to `plan`."""
    return module.split(".")[1] if "." in module else None


def floor_of(part):
    return next(level for level, parts in enumerate(FLOORS) if part in parts)


def sources():
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        yield module.removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))


def imports():
    """Every import statement as (module, what it imports, how many dots it starts with)."""
    for module, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((module, alias.name, 0) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module == "hwgen":
                yield from ((module, f"hwgen.{alias.name}", node.level) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield module, node.module or "", node.level


def allowed(importer, imported):
    if importer == imported:
        return True
    if importer in ALONE or imported in ALONE:
        return False
    if imported in NEIGHBOURS.get(importer, set()):
        return True
    return floor_of(importer) < floor_of(imported)


def test_every_part_has_a_floor():
    parts = {part_of(module) for module, _ in sources()} - {None}
    assert parts <= set().union(*FLOORS, ALONE)


def test_imports_point_down():
    own = {module for module, _ in sources()}
    wrong = [
        f"{module} imports {target}"
        for module, target, _ in imports()
        if target.startswith("hwgen.")
        and part_of(module) is not None
        and (target in own or target.rpartition(".")[0] in own)
        and f"hwgen.{part_of(target)}" in own
        and not allowed(part_of(module), part_of(target))
    ]
    assert wrong == []


@pytest.mark.parametrize("part", ROOMS)
def test_imports_between_rooms_point_down(part):
    rooms = ROOMS[part]
    within, depth = f"hwgen.{part}.", part.count(".") + 2
    steps = [
        (module.split(".")[depth], target.split(".")[depth], module)
        for module, target, _ in imports()
        if module.startswith(within) and target.startswith(within)
    ]
    assert {room for step in steps for room in step[:2]} <= set(rooms)
    up = [
        f"{module} imports {lower}"
        for room, lower, module in steps
        if rooms.index(room) > rooms.index(lower)
    ]
    assert up == []


def listed(text):
    """`a > (b, c)` as [{a}, {b, c}]."""
    return [set(re.findall(r"[\w.]+", step)) for step in text.split(">")]


def test_the_document_lists_floors_and_rooms_as_they_are():
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    floors = re.search(r"^    (cli > .+)$", page, re.MULTILINE)[1]
    assert listed(floors) == [parts - {"__main__"} for parts in FLOORS]
    for part, rooms in ROOMS.items():
        name = re.escape(part.replace(".", "/"))
        text = re.search(rf"^    {name}: +((?:.+\n)+?)(?=    \S+: |\n)", page, re.MULTILINE)[1]
        steps = listed(text)
        assert set().union(*steps) == set(rooms)
        assert all(
            rooms.index(upper) < rooms.index(lower)
            for above, below in pairwise(steps)
            for upper in above
            for lower in below
        ), part


def test_the_package_itself_imports_nothing_of_its_own():
    assert [target for module, target, _ in imports() if module == "hwgen"] == ["importlib"]


def test_imports_are_absolute():
    assert [f"{module}: {'.' * dots}{target}" for module, target, dots in imports() if dots] == []


def test_the_prover_knows_nothing_of_the_generator():
    """A proof must not rest on what it proves."""
    below = {"bounds", "digests", "errors", "files", "ir", "json_fields", "json_file"}
    below |= {"compiled", "network_file", "numeric", "prove", "reference", "rhythm"}
    found = {
        target
        for module, target, _ in imports()
        if part_of(module) == "prove" and target.startswith("hwgen.")
    }
    assert {target for target in found if part_of(target) not in below} == {"hwgen.synth.tools"}


@pytest.mark.parametrize("package", HOMES)
def test_heavy_packages_stay_at_home(package):
    found = {part_of(module) for module, target, _ in imports() if target.split(".")[0] == package}
    assert found <= HOMES[package]


def test_only_declared_packages_are_imported():
    """Nothing from training, sim or bench, which are not installed, and no hidden dependency."""
    found = {
        (module, target)
        for module, target, _ in imports()
        if target.split(".")[0] not in ALLOWED | set(sys.stdlib_module_names)
        and part_of(module) not in ALONE
    }
    assert found == set()


def test_the_command_line_starts_without_the_heavy_packages():
    code = f"import sys, hwgen.cli; print(*sorted({set(HOMES)!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("importer", "imported", "expected"),
    [
        ("cli", "ir", True),
        ("ir", "cli", False),
        ("synth", "prove", False),
        ("nn", "frontend", True),
        ("frontend", "nn", False),
        ("plan", "plan", True),
        ("rtl", "plan", True),
        ("plan", "rtl", False),
        ("report", "design_bench", False),
        ("design_bench", "errors", False),
    ],
)
def test_the_rule_itself(importer, imported, expected):
    assert allowed(importer, imported) is expected
