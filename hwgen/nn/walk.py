"""The integer network while a model is read: what every call has become so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import nn

from hwgen.errors import ModelError
from hwgen.ir import Input, Op, Tensor
from hwgen.ir.infer import infer
from hwgen.nn.activation import Quantizer
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.joining import QuantAdd
from hwgen.nn.linear import QuantLinear
from hwgen.nn.pooling import QuantAvgPool2d

INPUT = "input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """A tensor of integers: the node that makes it, and the quantizer that gives it a meaning."""

    node: str
    quantizer: Quantizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Sums of a layer, and the modules applied to them that are not yet in the integer network."""

    layer: QuantLinear | QuantConv2d
    path: str
    source: Codes
    between: tuple[nn.Module, ...] = ()
    between_path: str = ""  # of the first of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Wide:
    """Exact sums of codes, already in the integer network, that an activation must round."""

    node: str
    module: QuantAdd | QuantAvgPool2d


Value = Codes | Sums | Wide | None  # None: the model's real-valued input


@dataclass(slots=True)
class Walk:
    """The integer network as far as it has been read."""

    name: str
    shape: tuple[int, ...]
    input: Input | None = None
    nodes: list[Op] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    values: dict[str | None, Value] = field(default_factory=lambda: {None: None})
    owners: dict[str, str] = field(default_factory=dict)  # of the nodes' names: paths

    def refusal(self, path: str, text: str) -> ModelError:
        """Say what is wrong with the module at `path`."""
        return ModelError(f"{self.name}: {path}: {text}")

    def start(self, spec: Input) -> None:
        """Take in the network's input."""
        self.input = spec
        self.tensors[INPUT] = Tensor(spec.shape, spec.type.range)

    def append(self, node: Op) -> str:
        """Add a node, checked as the graph will check it, and give its name.

        Raises
        ------
        ModelError
            Where the node does not fit what it reads.
        """
        result = infer(node, [self.tensors[source] for source in node.inputs])
        if not isinstance(result, Tensor):
            raise ModelError.collect([f"{self.name}: {node.name}: {text}" for text in result])
        self.nodes.append(node)
        self.tensors[node.name] = result
        return node.name

    def new_name(self, path: str) -> str:
        """Name a node by its module; a module that is called again gets a number.

        Raises
        ------
        ModelError
            Where another module has the same name in the integer network.
        """
        name = node_name(path)
        self._claim(name, path)
        count = 1
        while name in self.tensors:
            count += 1
            name = f"{node_name(path)}_{count}"
            self._claim(name, path)
        return name

    def _claim(self, name: str, path: str) -> None:
        if name == INPUT:
            raise self.refusal(
                path, "must have another name, which is that of the network's input; rename it"
            )
        owner = self.owners.setdefault(name, path)
        if owner != path:
            raise self.refusal(
                path,
                f"must not share the name {name} with {owner} in the integer network; "
                "rename one of them",
            )


def node_name(path: str) -> str:
    """Give the node's name of a module's place in the model."""
    return path.replace(".", "_")
