"""The path of the data as a handful of calls: load, plan, emit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hwgen.emit import emit
from hwgen.errors import ModelError, PlanError
from hwgen.files import MARK, ROOM_BYTES, as_path, check_file, check_folder, write_beside
from hwgen.frontend.matrix import load_matrix
from hwgen.frontend.model_options import ModelOptions
from hwgen.ir import Graph, Weighted
from hwgen.network_file import load_arrays, load_network
from hwgen.numeric import IntType
from hwgen.plan.design import Plan
from hwgen.plan.identifier import top_name
from hwgen.plan.options import BuildOptions, Progress
from hwgen.plan.plan_file import plan_from_file, read_plan
from hwgen.plan.planner import plan_design
from hwgen.plan.vectors.design import affordable_random, design_vectors
from hwgen.plan.vectors.frame_size import check_frame

if TYPE_CHECKING:
    from hwgen.float_check import Check

MOST_SAMPLES = 100_000  # of a simulation; more take hours
MOST_SEED = 2**32 - 1
WEIGHT_BYTES = 200  # of a design folder for each weight that is not zero: 65 folded, more unrolled
NO_OPTIONS = ModelOptions()
Planner = Callable[[Graph, BuildOptions, Progress], Plan]
PLAN_SHARE = 0.6  # of the time of a build, as the progress bar shows it


def load(
    path: Path | str, inputs: IntType | None = None, options: ModelOptions = NO_OPTIONS
) -> Graph:
    """Read a model file (.pt), another tool's network (.onnx) or an integer matrix (.npy).

    Parameters
    ----------
    path
        The file.
    inputs
        Type of the inputs of a matrix, or of an .onnx file that has no quantizer at its input; a
        model file brings its own.
    options
        What else is asked of an .onnx file.

    Raises
    ------
    ModelError
        Where the file cannot be read, does not hold together, or is of another kind.
    """
    path = as_path(path)
    if inputs is not None and not isinstance(inputs, IntType):
        raise ModelError(f"inputs: must be a type such as IntType.parse('u4'), not {inputs!r}")
    if path.suffix == ".onnx":
        from hwgen.frontend.onnx.read import imported

        found = imported(path, inputs, options)
        if options.data is None:
            return found.graph
        from hwgen.float_check.golden import with_samples

        return with_samples(found, options.data, options.labels)
    if options != NO_OPTIONS:
        raise ModelError(f"{path}: {options.first_name} is for .onnx files; leave it out")
    if path.suffix == ".npy":
        if inputs is None:
            raise ModelError(f"{path}: a matrix needs the type of its inputs; add --input u4")
        return load_matrix(path, inputs)
    if path.suffix != ".pt":
        raise ModelError(
            f"{path}: must be a model file .pt, a network .onnx or a matrix .npy, "
            f"not {path.suffix!r}"
        )
    if inputs is not None:
        raise ModelError(f"{path}: a model file has the type of its inputs; leave --input out")
    from hwgen.nn.model_file import load_model

    return load_model(path)


def as_input_type(text: str | None) -> IntType | None:
    """Read the type of inputs as the command line has it.

    Raises
    ------
    ModelError
        Where it is none.
    """
    try:
        return None if text is None else IntType.parse(text)
    except ValueError as error:
        raise ModelError(f"--input: {error}") from None


def check_model(
    path: Path | str,
    inputs: IntType | None = None,
    options: ModelOptions = NO_OPTIONS,
    samples: int = 16,
    data: Path | None = None,
    labels: Path | None = None,
    design: Path | None = None,
) -> Check:
    """Compare the float run of an .onnx file with its integer network.

    Where `design` is the folder that was built of it, what is found is written there.

    Raises
    ------
    ModelError, ToolError
        Where the file or the data cannot be read, onnxruntime does not run it, or the folder is of
        another network.
    """
    path = as_path(path)
    if path.suffix != ".onnx":
        raise ModelError(f"{path}: must be a network .onnx, not {path.suffix!r}; name one")
    from hwgen.float_check import check_file
    from hwgen.kept_check import check_is_of, keep_check

    if design is not None:
        check_is_of(load(path, inputs, options), design)
    found = check_file(path, inputs, options, samples, data, labels)
    if design is not None:
        keep_check(found, design)
    return found


def default_folder(graph: Graph) -> Path:
    """Give the folder of a network's design where none is named.

    Raises
    ------
    PlanError
        Where the design of another network, whose name is the same for a file, is there.
    """
    folder = Path("rtl_out") / top_name(graph.name)
    try:
        built = json.loads((folder / MARK).read_text())["model"]["name"]
    except (OSError, ValueError, LookupError, TypeError):
        return folder
    if built != graph.name:
        raise PlanError(
            f"{folder}: must be free or hold a design of {graph.name!r}, and holds one of "
            f"{built!r}; name another folder with -o"
        )
    return folder


def build(
    graph: Graph,
    options: BuildOptions,
    folder: Path | str,
    plan_file: Path | str | None = None,
    progress: Progress = lambda _, __: None,
    planner: Planner = plan_design,
    *,
    hls: bool = False,
) -> Plan:
    """Plan a network, or take a given plan, and write its design folder, with `hls` C++ too.

    `planner` plans in place of `plan_design`: for a board, `hwgen.board.fit.planner_for`.

    Raises
    ------
    PlanError
        Where the network, the options or the given plan cannot be built.
    VerifyError
        Where the plan does not give what the reference gives.
    """
    folder = as_path(folder)
    for what, value, kind in (("graph", graph, Graph), ("options", options, BuildOptions)):
        if not isinstance(value, kind):
            raise PlanError(f"{what}: must be a {kind.__name__}, not {value!r}; see hwgen.flow")
    if plan_file is not None and options != BuildOptions():
        raise PlanError(
            f"{as_path(plan_file).name}: a plan holds every choice; leave the other options out, "
            "or edit its choices"
        )
    check_frame(graph)
    check_folder(folder, _room_bytes(graph))

    def planning(step: str, share: float) -> None:
        progress(step, PLAN_SHARE * share)

    def emitting(step: str, share: float) -> None:
        progress(step, PLAN_SHARE + (1 - PLAN_SHARE) * share)

    if plan_file is None:
        plan = planner(graph, options, planning)
    else:
        plan = plan_from_file(graph, as_path(plan_file), planning)
    emit(plan, graph, folder, emitting, hls=hls)
    return plan


def _room_bytes(graph: Graph) -> int:
    """Estimate the size of a design folder from its weights."""
    weights = sum(int((n.weight != 0).sum()) for n in graph.nodes if isinstance(n, Weighted))
    return ROOM_BYTES + WEIGHT_BYTES * weights


def check_count(name: str, value: int, most: int = MOST_SAMPLES) -> None:
    """Refuse a number that is not 0 to `most`.

    Raises
    ------
    PlanError
        With the name of the option.
    """
    if not 0 <= value <= most:
        raise PlanError(f"{name}: must be 0 to {most}, not {value}; choose another number")


def chosen_vectors(folder: Path | str, seed: int, samples: int) -> Path | None:
    """Give the file of the vectors that a simulation asks for, None for the folder's own.

    With a seed they are written anew.

    Raises
    ------
    ModelError, PlanError
        Where the folder holds no whole design, or there are not so many vectors.
    VerifyError
        Where the plan does not give what the reference gives.
    """
    folder = as_path(folder)
    check_count("seed", seed, MOST_SEED)
    check_count("samples", samples, MOST_SAMPLES)
    if seed:
        return fresh_vectors(folder, seed, samples)
    if samples:
        path = folder / "vectors.npz"
        have = len(load_arrays(path)["x"])
        if samples > have:
            raise PlanError(
                f"samples: must be at most the {have} vectors of {path}, not {samples}; "
                "add --seed 1 for others"
            )
    return None


def fresh_vectors(folder: Path, seed: int, samples: int) -> Path:
    """Write other random vectors for a design folder, with the reference's outputs.

    Raises
    ------
    ModelError, PlanError
        Where the folder holds no whole design.
    VerifyError
        Where the plan does not give what the reference gives.
    """
    path = folder / "sim" / f"vectors-{seed}.npz"
    check_file(path)
    graph = load_network(folder / "network.npz")
    plan = read_plan(folder / "plan.json")
    random = max(samples, affordable_random(plan, graph))
    vectors = design_vectors(plan, graph, seed=seed, random=random)
    with write_beside(path) as partial:
        vectors.save(partial)
    return path
