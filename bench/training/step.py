"""Time and memory of a training step, ours and Brevitas', against the float network.

    python bench/training/step.py [--json] [--nets dense small_cnn resnet18] [--steps 40]
                                  [--threads 2] [--spin 20000]

Every network is trained beside its float twin in one process with one optimizer setting. The steps
of all of them take turns, so that a change of the machine's speed hits all alike; the figure is
the median of the rounds' ratios to the float step: of its duration, and of the processor time
that it took, which other programs on the machine disturb less. Ours include the norm penalty,
Brevitas' leave it out. Memory is what parameters, optimizer and the largest moment of a step hold
together. `--spin` is how long waiting threads of OpenMP spin, in all three alike: its default is
that of `python -m training`; 0 leaves them as the library has them. The first step is told in
processor time: it compiles or loads the loops of its method.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from bench.training.brevitas_nets import brevitas_twin
from hwgen.nn import QuantActivation, QuantInput, QuantLinear, WeightQuant, penalty
from hwgen.nn.weight_quant import Method
from training.nets.bits import NetBits
from training.nets.float_twin import float_twin
from training.nets.resnet18 import ResNet18
from training.nets.small_cnn import SmallCnn

METHODS: tuple[Method, ...] = ("qat", "a2q", "a2q_plus", "a2q_ip")
PEER_METHODS = ("qat", "a2q", "a2q_plus")
WIDTHS = (784, 256, 256, 10)
CALIBRATION_STEPS = 2
WARM_ROUNDS = 5  # calibration, first steps of the optimizer; not counted
SEED = 0
WALL, PROCESSOR = 0, 1  # the two clocks of a step


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A network to be measured: how it is built for a method, and one batch for it."""

    build: Callable[[Method], nn.Module]
    batch: tuple[int, ...]


def dense(method: Method) -> nn.Module:
    """Build 784-256-256-10 with 4-bit weights and activations and 12-bit accumulators."""
    quant = WeightQuant(method=method, bits=4, accumulator_bits=None if method == "qat" else 12)
    source: QuantInput | QuantActivation = QuantInput(4, scale=1 / 15)
    layers: list[nn.Module] = [source]
    for i in range(len(WIDTHS) - 1):
        layers.append(QuantLinear(WIDTHS[i], WIDTHS[i + 1], quant=quant, source=source))
        if i < len(WIDTHS) - 2:
            source = QuantActivation(4, calibration_steps=CALIBRATION_STEPS)
            layers += [nn.BatchNorm1d(WIDTHS[i + 1]), source]
    return nn.Sequential(*layers)


def net_bits(method: Method) -> NetBits:
    """Give 4-bit hidden layers that keep 14-bit accumulators, and 8-bit ends."""
    return NetBits(method=method, accumulator_bits=14, calibration_steps=CALIBRATION_STEPS)


CASES = {
    "dense": Case(build=dense, batch=(256, 784)),
    "small_cnn": Case(build=lambda method: SmallCnn(net_bits(method)), batch=(64, 3, 32, 32)),
    "resnet18": Case(
        build=lambda method: ResNet18(net_bits(method), width=0.25), batch=(32, 3, 32, 32)
    ),
}


class Training:
    """A network, its optimizer and its batch."""

    def __init__(self, net: nn.Module, x: Tensor, y: Tensor, *, with_penalty: bool) -> None:
        self.net, self.x, self.y, self.with_penalty = net.train(), x, y, with_penalty
        self.optimizer = torch.optim.Adam(net.parameters(), 1e-3)

    def step(self) -> None:
        """Train on the batch once."""
        self.optimizer.zero_grad()
        logits = self.net(self.x)
        loss = nn.functional.cross_entropy(getattr(logits, "value", logits), self.y)
        if self.with_penalty:
            loss = loss + 1e-3 * penalty(self.net)
        loss.backward()
        self.optimizer.step()

    def seconds(self) -> tuple[float, float]:
        """Time one step: its duration, and the processor time of all threads."""
        start, start_of_process = time.perf_counter(), time.process_time()
        self.step()
        return time.perf_counter() - start, time.process_time() - start_of_process

    def peak_bytes(self) -> int:
        """Give the most that parameters, optimizer and one step hold at a time."""
        self.optimizer.zero_grad()
        held = [*self.net.parameters(), *self.net.buffers()]
        for state in self.optimizer.state.values():
            held += [value for value in state.values() if isinstance(value, Tensor)]
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
            self.step()
            self.optimizer.zero_grad()
        now = most = 0
        for event in record.profiler.kineto_results.events():
            if event.name() == "[memory]":
                now += event.nbytes()
                most = max(most, now)
        return most + sum(tensor.nbytes for tensor in held)


def trainings(case: Case) -> dict[str, Training]:
    """Build the float net, ours by method, and Brevitas'."""
    torch.manual_seed(SEED)
    x, y = torch.rand(case.batch), torch.randint(0, 10, case.batch[:1])
    ours = {method: case.build(method) for method in METHODS}
    nets = {"float": float_twin(ours["qat"])}
    nets |= {f"brevitas {method}": brevitas_twin(ours[method]) for method in PEER_METHODS}
    made = {name: Training(net, x, y, with_penalty=False) for name, net in nets.items()}
    return made | {name: Training(net, x, y, with_penalty=True) for name, net in ours.items()}


def measure(name: str, steps: int) -> list[dict[str, object]]:
    """Measure one network with every method."""
    nets = trainings(CASES[name])
    seconds: dict[str, list[tuple[float, float]]] = {key: [] for key in nets}
    rounds = range(WARM_ROUNDS + steps)
    for _ in track(rounds, description=name, console=Console(stderr=True), transient=True):
        for key, training in nets.items():
            seconds[key].append(training.seconds())
    timed = {key: values[WARM_ROUNDS:] for key, values in seconds.items()}
    bytes_held = {key: training.peak_bytes() for key, training in nets.items()}

    def ratio(key: str, clock: int) -> float | None:
        if key not in timed:
            return None
        pairs = zip(timed[key], timed["float"], strict=True)
        return round(statistics.median(a[clock] / b[clock] for a, b in pairs), 2)

    def milliseconds(key: str) -> float:
        return round(1e3 * statistics.median(wall for wall, _ in timed[key]), 2)

    return [
        {
            "case": f"{name}, {method}",
            "ours": milliseconds(method),
            "baseline": milliseconds("float"),
            "ratio": ratio(method, WALL),
            "processor_ratio": ratio(method, PROCESSOR),
            "brevitas_ratio": ratio(f"brevitas {method}", WALL),
            "brevitas_processor_ratio": ratio(f"brevitas {method}", PROCESSOR),
            "memory_ratio": round(bytes_held[method] / bytes_held["float"], 2),
            "first_step_s": round(seconds[method][0][PROCESSOR], 2),
        }
        for method in METHODS
    ]


def print_table(rows: list[dict[str, object]]) -> None:
    """Print the rows for people."""
    table = Table(title="A training step against the float network's")
    table.add_column("net, method")
    for column in ("ours ms", "float ms"):
        table.add_column(column, justify="right")
    for column in ("ours / float", "Brevitas / float"):
        table.add_column(column, justify="right")
        table.add_column("processor time", justify="right")
    table.add_column("memory, ours / float", justify="right")
    table.add_column("first step, s", justify="right")
    for row in rows:
        table.add_row(*("-" if value is None else str(value) for value in row.values()))
    Console().print(table)


def start_again_with(**settings: str) -> None:
    """Start this program again unless these are its environment: torch reads them as it loads."""
    if any(os.environ.get(name) != value for name, value in settings.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | settings)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--nets", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--steps", type=int, default=40, help="timed rounds (default 40)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (default 2)")
    parser.add_argument("--spin", type=int, default=20000, help="GOMP_SPINCOUNT (default 20000)")
    args = parser.parse_args()
    if args.spin:
        start_again_with(GOMP_SPINCOUNT=str(args.spin))
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)  # as the training loop does
    rows = [row for name in args.nets for row in measure(name, args.steps)]
    if args.json:
        packages = {name: version(name) for name in ("torch", "brevitas", "hwgen")}
        setting = {"seed": SEED, "threads": args.threads, "spin": args.spin, "steps": args.steps}
        versions = {"python": platform.python_version(), **packages}
        print(json.dumps({"rows": rows, **setting, "versions": versions}, indent=1))
        return
    print_table(rows)


if __name__ == "__main__":
    main()
