"""C++ as written, as Verilog: the trace of a program that `hwgen prove` reads, an assign a node.

This is our own reading of the code, and no tool's for high-level synthesis: what it takes through
Yosys is what the additions and widths in the code take where nothing is done about them.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.prove.cpp.trace import Operation, Trace, needed


@dataclass(frozen=True)
class Net:
    """A node's text, its bits, and whether it is signed."""

    text: str
    bits: int
    signed: bool

    def extended(self, bits: int) -> str:
        """Give it in so many bits, wider or narrower."""
        if bits <= self.bits:
            return self.text if bits == self.bits else f"{self.text}[{bits - 1}:0]"
        fill = f"{self.text}[{self.bits - 1}]" if self.signed else "1'b0"
        return f"{{{{{bits - self.bits}{{{fill}}}}}, {self.text}}}"


def verilog_of(trace: Trace, name: str, in_bits: int, out_bits: int) -> str:
    """Give a combinational module from the one input beat to the one output beat."""
    printer = _Printer(trace)
    for index in needed(trace.nodes, trace.ends.tolist())[0]:
        printer.add(index)
    (end,) = trace.ends.tolist()
    head = f"module {name}(input [{in_bits - 1}:0] x, output [{out_bits - 1}:0] y);"
    return "\n".join([head, *printer.lines, f"assign y = {printer.word(end)};", "endmodule", ""])


class _Printer:
    def __init__(self, trace: Trace) -> None:
        self.trace, self.lines = trace, []
        self.nets: dict[int, Net] = {}
        self.nodes = trace.nodes.tolist()

    def add(self, index: int) -> None:
        operation = Operation(self.nodes[index][0])
        if operation in (Operation.PORT, Operation.PUT):
            return
        if operation is Operation.CONSTANT:
            value = self.nodes[index][3]
            bits = value.bit_length() + 1 if value < 0 else max(value.bit_length(), 1)
            self._wire(index, bits, value < 0, f"{bits}'d{value % (1 << bits)}")
            return
        self._wire(index, *self._expression(self.nodes[index]))

    def _wire(self, index: int, bits: int, signed: bool, text: str) -> None:
        self.lines.append(f"wire [{bits - 1}:0] n{index} = {text};")
        self.nets[index] = Net(f"n{index}", bits, signed)

    def _expression(self, node: list[int]) -> tuple[int, bool, str]:
        operation, bits, signed, a, b, c, _ = node
        match Operation(operation):
            case Operation.FIELD:
                if Operation(self.nodes[a][0]) is Operation.PORT:
                    return bits, False, f"x[{b + bits - 1}:{b}]"
                return bits, False, f"{self.nets[a].text}[{b + bits - 1}:{b}]"
            case Operation.CAST:
                return bits, bool(signed), self.nets[a].extended(bits)
            case Operation.ADD | Operation.SUBTRACT | Operation.MULTIPLY:
                return self._sum(Operation(operation), self.nets[a], self.nets[b])
            case Operation.ABOVE | Operation.AT_LEAST:
                wide = max(self.nets[a].bits, self.nets[b].bits) + 1
                one, other = (f"$signed({self.nets[item].extended(wide)})" for item in (a, b))
                sign = ">" if Operation(operation) is Operation.ABOVE else ">="
                return 1, False, f"{one} {sign} {other}"
            case Operation.SELECT:
                one, other = self.nets[b], self.nets[c]
                signed = one.signed or other.signed
                wide = max(n.bits + (signed and not n.signed) for n in (one, other))
                texts = one.extended(wide), other.extended(wide)
                return wide, signed, f"{self.nets[a].text} ? {texts[0]} : {texts[1]}"
            case _:
                return self._bits(node)

    def _bits(self, node: list[int]) -> tuple[int, bool, str]:
        operation, bits, signed, a, b, _, _ = node
        match Operation(operation):
            case Operation.SHIFT_LEFT:
                return bits, bool(signed), f"{self.nets[a].extended(bits)} << {b}"
            case Operation.SHIFT_RIGHT:
                return self.nets[a].bits, False, f"{self.nets[a].text} >> {b}"
            case Operation.INVERT:
                return bits, bool(signed), f"~{self.nets[a].extended(bits)}"
            case Operation.XOR:
                return bits, False, f"{self.nets[a].extended(bits)} ^ {self.nets[b].extended(bits)}"
            case _:
                raise ValueError(f"{Operation(operation).name}: not in a function of one beat")

    def _sum(self, operation: Operation, a: Net, b: Net) -> tuple[int, bool, str]:
        signed = a.signed or b.signed or operation is Operation.SUBTRACT
        wide = [net.bits + (signed and not net.signed) for net in (a, b)]
        bits = sum(wide) if operation is Operation.MULTIPLY else max(wide) + 1
        sign = {Operation.ADD: "+", Operation.SUBTRACT: "-", Operation.MULTIPLY: "*"}[operation]
        return bits, signed, f"{a.extended(bits)} {sign} {b.extended(bits)}"

    def word(self, index: int) -> str:
        """Put a packed word together, lowest field last."""
        fields: dict[int, str] = {}
        while Operation(self.nodes[index][0]) is Operation.PUT:
            _, width, _, before, place, value, _ = self.nodes[index]
            fields.setdefault(place, self.nets[value].extended(width))
            index = before
        return "{" + ", ".join(fields[place] for place in sorted(fields, reverse=True)) + "}"
