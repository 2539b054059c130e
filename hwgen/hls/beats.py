"""Beats in C++: a struct of lanes, and the packed word that stands for it at a port."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.hls.text import literal, type_name
from hwgen.numeric import IntType


@dataclass(frozen=True, slots=True)
class Beat:
    """A struct `name`; lanes of one type are an array `e[]`, others are `e0`, `e1`, ..."""

    name: str
    lanes: tuple[IntType, ...]

    @property
    def is_array(self) -> bool:
        """Whether all lanes are of one type."""
        return len(set(self.lanes)) == 1

    def lane(self, variable: str, index: int) -> str:
        """Give the text of a lane."""
        return f"{variable}.e[{index}]" if self.is_array else f"{variable}.e{index}"

    def declaration(self) -> list[str]:
        """Give the struct."""
        if self.is_array:
            return [
                f"struct {self.name} {{",
                f"  {type_name(self.lanes[0])} e[{len(self.lanes)}];",
                "};",
            ]
        fields = [f"  {type_name(kind)} e{index};" for index, kind in enumerate(self.lanes)]
        return [f"struct {self.name} {{", *fields, "};"]

    def unpacked(self, word: str, variable: str) -> list[str]:
        """Give the statements that take the lanes out of a packed word."""
        lines, place = [], 0
        for index, kind in enumerate(self.lanes):
            field = f"hwgen_field<{place}, {kind.bits}>({word})"
            lines.append(f"{self.lane(variable, index)} = {signed(field, kind)};")
            place += kind.bits
        return lines

    def packed(self, variable: str, word: str) -> list[str]:
        """Give the statements that put the lanes into a packed word."""
        lines, place = [], 0
        for index, kind in enumerate(self.lanes):
            lane = self.lane(variable, index)
            bits = f"ap_uint<{kind.bits}>({lane})" if kind.signed else lane
            lines.append(f"hwgen_put<{place}, {kind.bits}>({word}, {bits});")
            place += kind.bits
        return lines

    def assigned(self, variable: str, values: dict[int, str]) -> list[str]:
        """Give the statements that set every lane, to 0 where there is no value for it."""
        return [
            f"{self.lane(variable, index)} = {values.get(index) or literal(0, kind)};"
            for index, kind in enumerate(self.lanes)
        ]


def signed(field: str, kind: IntType) -> str:
    """Give the bits of a field as a value of a type."""
    return f"ap_int<{kind.bits}>({field})" if kind.signed else field
