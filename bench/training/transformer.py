"""A transformer block with bounded accumulators: accuracy against P on a sequence task.

    python bench/training/transformer.py [--data DIR] [--seeds 0 1] [--bits 10 9 8 7 6] [--out DIR]
                                         [--json]

The task is the spoken digits (FSDD): 40 frames of 20 log-mel bands are the tokens, ten classes. The
net is one pre-norm block of 32 channels: query, key, value and output projections of four heads, a
feed-forward part of 64 neurons, a residual stream and layer norms in floats. Every linear layer in
the block has weights and inputs of 4 bits and keeps P; embedding and head have 8 bits and none. The
score is that of evaluation mode, in which every layer sums its certified integers in float64.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from rich.console import Console
from torch import Tensor, nn

from bench.shared.row_file import Row, RowFile
from hwgen.bounds import offset_bits, row_ranges
from hwgen.nn import QuantActivation, QuantInput, QuantLinear, WeightQuant
from hwgen.nn.weight_quant import Method
from training.data.dataset import Dataset
from training.data.files import data_folder
from training.data.spoken_digits import spoken_digits

FRAMES, BANDS, WIDTH, HEADS, INNER = 40, 20, 32, 4, 64
EPOCHS, BATCH, RATE, STEPS = 12, 64, 4e-3, 40
METHODS: tuple[Method, ...] = ("a2q", "a2q_plus", "a2q_ip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What every linear layer of the block keeps."""

    method: Method
    bits: int | None = None
    units: int | None = None

    def __str__(self) -> str:
        bits = "" if self.bits is None else f" P = {self.bits}"
        return self.method + bits + ("" if self.units is None else f" units {self.units}")

    def quant(self) -> WeightQuant:
        """Give the settings of a layer."""
        return WeightQuant(method=self.method, bits=4, accumulator_bits=self.bits, units=self.units)


class Projection(nn.Module):
    """A quantizer of tokens and the linear layer that reads it."""

    def __init__(self, inputs: int, outputs: int, bound: Bound, *, signed: bool = True) -> None:
        super().__init__()
        self.act = QuantActivation(4, signed, calibration_steps=STEPS)
        self.linear = QuantLinear(inputs, outputs, quant=bound.quant(), source=self.act)
        self.bias = nn.Parameter(torch.zeros(outputs))  # in the residual stream, not in the sums

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.act(x)) + self.bias


class Block(nn.Module):
    """Embedding, one block, the mean over tokens, and the head."""

    def __init__(self, bound: Bound) -> None:
        super().__init__()
        end = WeightQuant(bits=8)
        self.pixels = QuantInput(8, scale=1 / 255)
        self.embed = QuantLinear(BANDS, WIDTH, quant=end, source=self.pixels, bias=True)
        self.place = nn.Parameter(torch.randn(FRAMES, WIDTH) * 0.1)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3))
        self.query = Projection(WIDTH, WIDTH, bound)
        self.key = Projection(WIDTH, WIDTH, bound)
        self.value = Projection(WIDTH, WIDTH, bound)
        self.out = Projection(WIDTH, WIDTH, bound)
        self.up = Projection(WIDTH, INNER, bound)
        self.down = Projection(INNER, WIDTH, bound, signed=False)
        self.last = QuantActivation(8, True, calibration_steps=STEPS)
        self.head = QuantLinear(WIDTH, 10, quant=end, source=self.last, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """Give logits of frames (batch, tokens, bands)."""
        stream = self.embed(self.pixels(x)) + self.place
        normed = self.norms[0](stream)
        heads = [self._heads(part(normed)) for part in (self.query, self.key, self.value)]
        mixed = nn.functional.scaled_dot_product_attention(*heads)
        stream = stream + self.out(mixed.transpose(1, 2).flatten(2))
        stream = stream + self.down(self.up(self.norms[1](stream)))
        return self.head(self.last(self.norms[2](stream).mean(dim=1)))

    @staticmethod
    def _heads(x: Tensor) -> Tensor:
        return x.unflatten(2, (HEADS, WIDTH // HEADS)).transpose(1, 2)


def trained(bound: Bound, dataset: Dataset, seed: int) -> Block:
    """Train from scratch, Adam with a cosine; scales learn five times as fast, as in recipes."""
    torch.manual_seed(seed)
    torch.set_flush_denormal(True)
    net = Block(bound).train()
    x, y = frames(dataset, dataset.train_x), torch.from_numpy(dataset.train_y)
    logs = [p for name, p in net.named_parameters() if ".log2_" in f".{name}"]
    ids = {id(p) for p in logs}
    rest = [p for p in net.parameters() if id(p) not in ids]
    groups = [{"params": rest}, {"params": logs, "lr": 5 * RATE}]
    optimizer = torch.optim.Adam(groups, lr=RATE)
    steps = EPOCHS * (len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    layers = [m for m in net.modules() if isinstance(m, QuantLinear)]
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x))[: len(x) // BATCH * BATCH].split(BATCH):
            loss = nn.functional.cross_entropy(net(x[batch]), y[batch])
            loss = loss + 1e-3 * sum(layer.quantizer.penalty().sum() for layer in layers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def frames(dataset: Dataset, x: np.ndarray) -> Tensor:
    """Give samples as tokens, shape (samples, frames, bands)."""
    return dataset.real(x).reshape(-1, FRAMES, BANDS)


def measured(bound: Bound, dataset: Dataset, seed: int) -> Row:
    """Train, score the certified integers, and measure the widest accumulator of the block."""
    net = trained(bound, dataset, seed).double()
    with torch.no_grad():
        logits = net(frames(dataset, dataset.test_x).double())
    right = (logits.argmax(1).numpy() == dataset.test_y).mean()
    layers = [m.linear for m in net.modules() if isinstance(m, Projection)]
    widths, repairs, zeros, weights = [], 0, 0, 0
    for layer in layers:
        weight, lowered = layer.certified()
        totals = row_ranges(weight, layer.inputs.range, np.zeros(len(weight), np.int64))
        widths.append(max(offset_bits(total) for total in totals))
        repairs += lowered
        zeros, weights = zeros + int((weight == 0).sum()), weights + weight.size
    return {
        "accuracy": round(100 * float(right), 3),
        "widest": max(widths),
        "zeros_percent": round(100 * zeros / weights, 1),
        "repairs": repairs,
    }


def markdown(rows: Sequence[Row]) -> str:
    """Give the means over seeds, a line a bound."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["bound"]), []).append(row)
    lines = [
        "| linear layers of the block | accuracy % | seeds | zeros | widest |",
        "|---" * 5 + "|",
    ]
    for bound, same in found.items():
        zeros = fmean(row["zeros_percent"] for row in same)
        lines.append(
            f"| {bound} | {fmean(row['accuracy'] for row in same):.2f} | "
            f"{' '.join(format(row['accuracy'], '.1f') for row in same)} | {zeros:.0f} % | "
            f"{max(row['widest'] for row in same)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure what has no row, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1))
    parser.add_argument("--bits", type=int, nargs="+", default=(10, 9, 8, 7, 6))
    parser.add_argument("--units", type=int, nargs="+", default=(4, 8))
    parser.add_argument("--out", type=Path, help="folder of the rows, transformer.json")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    say = Console(stderr=True, highlight=False)
    path = None if asked.out is None else asked.out / "transformer.json"
    kept = RowFile(path, {"torch": torch.__version__})
    dataset = spoken_digits(data_folder(asked.data))
    bounds = [Bound(method="qat"), *(Bound(method="a2q_ip", units=u) for u in asked.units)]
    bounds += [Bound(method=method, bits=bits) for bits in asked.bits for method in METHODS]
    rows = []
    for seed in asked.seeds:
        for bound in bounds:
            wanted = {"measure": "transformer", "case": f"{bound}, seed {seed}", "target": "none"}
            row = kept.find(wanted)
            if row is None:
                row = wanted | {"bound": str(bound), "seed": seed}
                row = kept.add(row | measured(bound, dataset, seed))
                say.print(f"{row['case']}: {row['accuracy']:.2f} %")
            rows.append(row)
    tools = {"torch": torch.__version__, "seeds": list(asked.seeds)}
    print(json.dumps({**tools, "rows": rows}, indent=2) if asked.json else markdown(rows))


if __name__ == "__main__":
    main()
