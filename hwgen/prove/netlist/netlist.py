"""The netlist of one module as Yosys writes it: cells between nets of one bit.

A net is the number that Yosys gave it, or a constant: the texts "0", "1", "x" and "z".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from hwgen.errors import VerifyError

Net = int | str
Word = tuple[Net, ...]  # lowest bit first


class NotProvedError(VerifyError):
    """A place in the netlist where what must hold could not be shown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """An operator, register or instance; `outputs` are the words that it drives."""

    name: str
    kind: str
    parameters: Mapping[str, int]
    inputs: Mapping[str, Word]
    outputs: Mapping[str, Word]

    def signed(self, port: str) -> bool:
        """Whether the operand at a port is extended by its sign."""
        return bool(self.parameters.get(f"{port}_SIGNED", 0))


class Module:
    """A module's ports, cells and names, which cell drives each net, and how often it is read.

    Raises
    ------
    NotProvedError
        Where two cells drive one net.
    """

    def __init__(self, name: str, document: Mapping[str, Any]) -> None:
        self.name = name
        self.ports: dict[str, Word] = {
            port: tuple(entry["bits"]) for port, entry in document["ports"].items()
        }
        self.names: dict[str, Word] = {
            wire: tuple(entry["bits"]) for wire, entry in document["netnames"].items()
        }
        self.cells = [_cell(wire, entry) for wire, entry in document["cells"].items()]
        self._net_names: dict[Net, str] = {}
        self.reads = Counter(
            net for cell in self.cells for word in cell.inputs.values() for net in word
        )
        self.reads.update(
            net
            for entry in document["ports"].values()
            if entry["direction"] != "input"
            for net in entry["bits"]
        )
        inputs = [
            net
            for entry in document["ports"].values()
            if entry["direction"] == "input"
            for net in entry["bits"]
        ]
        self.driver: dict[Net, tuple[Cell, str, int]] = {}
        taken: set[Net] = set(inputs)
        for cell in self.cells:
            for port, word in cell.outputs.items():
                for index, net in enumerate(word):
                    if net in taken:
                        raise self.problem(net, "must have one driver, not two")
                    taken.add(net)
                    self.driver[net] = (cell, port, index)

    def port(self, name: str) -> Word:
        """Nets of a port.

        Raises
        ------
        NotProvedError
            Where the module has no such port.
        """
        if name not in self.ports:
            raise NotProvedError(f"{self.name}: must have a port {name}")
        return self.ports[name]

    def used_bits(self, word: Word) -> int:
        """Give how many low bits of a word hold all that any cell or port reads."""
        return max((index + 1 for index, net in enumerate(word) if net in self.reads), default=0)

    def lanes(self, port: str, count: int) -> list[Word]:
        """Cut a payload port into its lanes, as the names `port.e0`, `port.e1`, ... give them.

        The names are hints: a proof that uses wrong lanes fails, since what reads them does.

        Raises
        ------
        NotProvedError
            Where the lanes are not the whole port, in order.
        """
        lanes = [self.names.get(f"{port}.e{index}", ()) for index in range(count)]
        if tuple(chain.from_iterable(lanes)) != self.port(port):
            raise NotProvedError(
                f"{self.name}, {port}: must be {count} lanes in order, named {port}.e0 and so on"
            )
        return lanes

    def problem(self, net: Net, text: str) -> NotProvedError:
        """Give the error for a net."""
        return NotProvedError(f"{self.name}, {self.name_of(net)}: {text}")

    def name_of(self, net: Net) -> str:
        """Give the shortest name that people wrote for a net, with its index."""
        if not self._net_names:
            ordered = sorted(self.names.items(), key=lambda item: ("$" in item[0], len(item[0])))
            for name, word in ordered:
                for index, bit in enumerate(word):
                    text = name if len(word) == 1 else f"{name}[{index}]"
                    self._net_names.setdefault(bit, text)
        return f"constant {net}" if isinstance(net, str) else self._net_names.get(net, f"net {net}")


def _cell(name: str, entry: Mapping[str, Any]) -> Cell:
    directions = entry.get("port_directions", {})
    words = {port: tuple(bits) for port, bits in entry["connections"].items()}
    return Cell(
        name=name,
        kind=entry["type"],
        parameters={key: _number(value) for key, value in entry["parameters"].items()},
        inputs={port: word for port, word in words.items() if directions.get(port) != "output"},
        outputs={port: word for port, word in words.items() if directions.get(port) == "output"},
    )


def _number(value: object) -> int:
    text = str(value)
    return int(text, 2) if text and set(text) <= {"0", "1"} else 0
