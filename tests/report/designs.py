"""Design folders for the report's tests: real plans and emissions, results written by hand."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hwgen import reference
from hwgen.design_json import design_json
from hwgen.digests import SEAL, digests, proved_files, sealed, simulated_files, synthesised_files
from hwgen.emit import emit
from hwgen.ir import Accumulator, Argmax, Dense, Graph, Input, Samples, Threshold
from hwgen.manifest import MANIFEST, write_manifest
from hwgen.network_file import save_network
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.prove.certificate.certificate import Certificate
from hwgen.simulate import SimResult
from hwgen.synth.count import Counts
from hwgen.synth.place import Placement
from hwgen.synth.run import Breakdown, SynthResult

U4 = IntType(4, False)


def dense(name, source, weight, inputs, method="offset", target_bits=None, bias=None):
    """A dense node of 4-bit weights with exact accumulators."""
    fields = {
        "name": name,
        "inputs": (source,),
        "weight": np.array(weight, np.int64),
        "weight_bits": 4,
        "bias": np.zeros(len(weight), np.int64) if bias is None else np.array(bias, np.int64),
    }
    node = Dense(**fields, accumulators=())
    exact = (
        Accumulator.exact(total, node.divisor(row), method, target_bits)
        for row, total in enumerate(node.totals(inputs.range))
    )
    return Dense(**fields, accumulators=tuple(exact))


def small_net(name="sample", metadata=None, labels=False):
    """Three inputs, four hidden channels trained for 7 bits, three classes."""
    first = dense("fc0", "input", [[3, -2, 1], [3, 2, 1], [0, 0, 2], [-4, 0, 0]], U4, target_bits=7)
    thresholds = np.array([[-20, 0, 20], [10, 40, 70], [2, 8, 20], [-50, -30, -10]], np.int64)
    codes = IntType(2, False)
    steps = Threshold(name="act0", inputs=("fc0",), thresholds=thresholds, output=codes)
    weight = [[1, 0, -1, 2], [0, 3, 0, 0], [-2, 1, 1, 0]]
    last = dense("fc1", "act0", weight, codes, method="signed", bias=[1, -4, 0])
    nodes = (first, steps, last, Argmax(name="best", inputs=("fc1",)))
    fields = {
        "name": name,
        "input": Input(shape=(3,), type=U4),
        "nodes": nodes,
        "output": "best",
        "metadata": metadata or {},
    }
    graph = Graph(**fields)
    if not labels:
        return graph
    x = np.random.default_rng(0).integers(0, 16, (8, 3))
    y = reference.outputs(graph, x)
    wrong = np.arange(8) < 2
    return Graph(**fields, samples=Samples(x=x, y=y, labels=(y[:, 0] + wrong) % 3))


def build(folder, graph=None, **options):
    """A design folder as `hwgen build` writes it; Verilog of equal plans is written once."""
    graph = graph or small_net()
    plan = plan_design(graph, BuildOptions(**options))
    if plan not in _emitted:
        _emitted[plan] = Path(_templates.name) / str(len(_emitted))
        emit(plan, graph, _emitted[plan], lambda _, __: None)
    shutil.copytree(_emitted[plan], folder)
    (folder / "design.json").write_text(json.dumps(design_json(plan, graph), indent=1) + "\n")
    save_network(graph, folder / "network.npz")
    (folder / MANIFEST).unlink()
    write_manifest(folder)
    return folder


_emitted = {}
_templates = TemporaryDirectory()


def add_simulation(folder, reason=None, **changes):
    """A result as `hwgen sim` leaves it; `reason` fails one of the two tests."""
    design = json.loads((folder / "design.json").read_text())
    result = SimResult(
        simulator="icarus",
        tests={"every_vector": None, "random_stalls": reason},
        vectors=69,
        latency_cycles=design["latency_cycles"],
        interval_cycles=design["interval_cycles"],
        made_from=digests(folder, simulated_files(design["name"])),
    )
    write_sealed(folder / "sim" / "result.json", result.to_json() | changes)


def add_proof(folder, problem=None, **changes):
    """A proof as `hwgen prove` leaves it."""
    name = json.loads((folder / "design.json").read_text())["name"]
    made_from = digests(folder, proved_files(name))
    proof = Certificate(
        name=name, tool="yosys 9.9", layers=(), latency=3, problem=problem, made_from=made_from
    )
    write_sealed(folder / "proof.json", proof.to_json() | changes)


def write_sealed(path, document):
    """Write a result that is what its step wrote."""
    rest = {key: value for key, value in document.items() if key != SEAL}
    path.write_text(json.dumps(sealed(rest)))


def counts(luts):
    return Counts(luts=luts, ffs=luts // 2, carries=luts // 10)


def add_synthesis(folder, target="xc7", fmax_mhz=None, note=None, **changes):
    """A result as `hwgen synth` leaves it: 100, 40, 60 and 20 LUTs, 3 of glue, 9 saved."""
    design = json.loads((folder / "design.json").read_text())
    units = [stage["name"] for stage in design["stages"]]
    layers = {name: counts(n) for name, n in zip(units, (100, 40, 60, 20), strict=False)}
    apart = sum(item.luts for item in layers.values()) + 3
    result = SynthResult(
        target=target,
        top=design["top"],
        total=counts(apart - 9),
        breakdown=Breakdown(layers=layers, glue=counts(3), boundary=Counts(luts=-9)),
        placement=Placement(fmax_mhz=fmax_mhz, part="a-part" if fmax_mhz else None, note=note),
        alu_map=True,
        tools={"yosys": "yosys 9.9"},
        commands=("yosys -p 'synth <all>'",),
        made_from=digests(folder, synthesised_files(design["name"])),
    )
    (folder / "synth").mkdir(exist_ok=True)
    write_sealed(folder / "synth" / f"{target}.json", result.to_json() | changes)


def edit(folder, name, change):
    """Change a JSON file of the folder as a person might."""
    path = folder / name
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
