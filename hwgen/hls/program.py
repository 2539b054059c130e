"""Programs of folded loops: fields in words of a constant table, a word a step."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.hls.beats import signed
from hwgen.hls.text import integer, literal, table
from hwgen.numeric import IntType, Range

WORD_BITS = 62  # of a column of the program


@dataclass(frozen=True, slots=True)
class Field:
    """A part of the program's word: its name, its values step by step, its type."""

    name: str
    values: tuple[int, ...]
    kind: IntType


@dataclass(frozen=True, slots=True)
class Program:
    """Fields in words of at most 62 bits; one that never changes is a constant and not stored."""

    fields: tuple[Field, ...]
    prefix: str = ""

    @property
    def words(self) -> list[list[Field]]:
        """Fields of each word, lowest first."""
        found: list[list[Field]] = []
        for field in self.fields:
            if len(set(field.values)) == 1:
                continue
            if not found or sum(f.kind.bits for f in found[-1]) + field.kind.bits > WORD_BITS:
                found.append([])
            found[-1].append(field)
        return found

    def tables(self) -> list[str]:
        """Give the constant arrays."""
        lines = []
        for number, fields in enumerate(self.words):
            steps = len(fields[0].values)
            values, bits = [0] * steps, 0
            for field in fields:
                for step, value in enumerate(field.values):
                    values[step] |= value % (1 << field.kind.bits) << bits
                bits += field.kind.bits
            texts = [integer(value) for value in values]
            lines += table(f"ap_uint<{bits}>", f"{self.prefix}program{number}", texts)
        return lines

    def fetched(self) -> list[str]:
        """Give the statements that read the words of a step."""
        lines = []
        for number, fields in enumerate(self.words):
            bits = sum(field.kind.bits for field in fields)
            name = f"{self.prefix}program{number}"
            lines.append(f"const ap_uint<{bits}> {self.prefix}word{number} = {name}[step];")
        return lines

    def value(self, wanted: Field) -> str:
        """Give the text of a field in a step."""
        if len(set(wanted.values)) == 1:
            return literal(wanted.values[0], wanted.kind)
        for number, fields in enumerate(self.words):
            place = 0
            for field in fields:
                if field is wanted:
                    word = f"{self.prefix}word{number}"
                    return signed(f"hwgen_field<{place}, {field.kind.bits}>({word})", field.kind)
                place += field.kind.bits
        raise AssertionError(wanted.name)


def field_of(name: str, values: tuple[int, ...]) -> Field:
    """Give a field as narrow as its values are."""
    return Field(name, values, Range(min(values), max(values)).type)
