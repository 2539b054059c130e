"""The few words and forms that generated C++ has: anything else is refused before it is compiled.

What the trace sees is a program compiled here, once, with its own integers. Code of these words
alone does the same with a vendor's types, in another process and at any call: it calls nothing but
itself and the library's functions, has no state, no strings, no directives that could hide a line,
and sets each plain number where it declares it.
"""

from __future__ import annotations

import re

from hwgen.prove.netlist.netlist import NotProvedError

KEYWORDS = "bool break const else for if int static struct template typedef void"
TYPE_WORDS = "ap_int ap_uint hls stream hwgen_bit"
FUNCTIONS = {"hwgen_field", "hwgen_index", "hwgen_look", "hwgen_put", "hwgen_select"}
LIBRARY = {*KEYWORDS.split(), *TYPE_WORDS.split(), *FUNCTIONS}
MEMBERS = re.compile(r"(?:e\d*|read|write)")
WORD = re.compile(r"(?<!\w)[A-Za-z_]\w*")
LITERAL = re.compile(r"(?<!\w)\d\w*")
NUMERAL = re.compile(r"\d+(?:LL)?")
STREAM_NAME = re.compile(r'\("[\w.]*"\)')  # hls::stream<T> name("unit.stream");
SIGNS = re.compile(r"[\w\s<>(){}\[\];,=+\-*&.~:^|!?%/]*", re.ASCII)
PRAGMA = re.compile(r"#pragma HLS \w+( [\w=. ]+)?")
BAMBU = re.compile(r"^#ifdef HWGEN_BAMBU\n(#pragma HLS interface [\w= ]+\n)+#endif$", re.MULTILINE)
TYPES = (re.compile(r"^struct (\w+) \{"), re.compile(r"^typedef .* (\w+);"))
DECLARED = (  # names that the files give, beside those of types, of their values and of numbers
    re.compile(r"\bvoid (\w+)\("),
    re.compile(r"^template <int (\w+)>"),
    re.compile(r"^\s*(\w+):$"),
    re.compile(r"^\s*static const (?:int|bool) (\w+)\["),
)
VALUE = r"\b(?:ap_u?int<[^<>]*>|hls::stream<[^<>]*(?:<[^<>]*>)?[^<>]*>|hwgen_bit%s) &?(\w+)"
NUMBERS = (  # lines that declare plain numbers, and where
    re.compile(r"\s*for \((?:int ([^;]+))?; [^;]+; [^;]+\) \{"),
    re.compile(r"\s*(?:static )?(?:const )?(?:int|bool) ([^;]+);"),
)
TABLE = re.compile(r"\s*static const (?:int|bool) \w+\[\d+\] = \{")
TEMPLATE = re.compile(r"template <int \w+> static void \w+\((?:(?!\b(?:int|bool)\b).)*")
SET = re.compile(r"\s*\w+ = .+")
OF_STREAMS = re.compile(r"static void \w+\((?:(?:, )?hls::stream<[\w<> ]+> &\w+)+\) \{")
PLAIN = re.compile(r"\b(?:int|bool)\b")
STRAY_CALL = re.compile(r"[\])}]\s*\(")
CALL = re.compile(r"\b([A-Za-z_]\w*)\s*(?:<[^<>()]*>)?\s*\(")
MAY_OPEN = {"if", "for", "ap_int", "ap_uint", *FUNCTIONS}
FUNCTION = re.compile(r"\bvoid (\w+)\(")


def check_words(header: str, code: str, name: str) -> None:
    """Show that a design's two files have only the words and forms of generated C++.

    Raises
    ------
    NotProvedError
        With the line that has others.
    """
    guard = f"{name.upper()}_H"
    expected = {
        f"{name}.h": ([f"#ifndef {guard}", f"#define {guard}", '#include "hwgen_types.h"'], guard),
        f"{name}.cpp": ([f'#include "{name}.h"'], None),
    }
    lines: list[tuple[str, str]] = []
    for (file, (first, closing)), text in zip(expected.items(), (header, code), strict=True):
        lines += _code_lines(text, file, first, closing)
    given = _given(lines)
    if given & LIBRARY:
        raise NotProvedError(f"{name}.cpp: must not declare {min(given & LIBRARY)}")
    own = {found[1] for _, line in lines if (found := FUNCTION.search(line))}
    for where, line in lines:
        _check_names(line, where, LIBRARY | given, own)
        _check_form(line, where)
    heads = [found for where, line in lines if (found := _defines(line, where, name))]
    names = [head[1] for head in heads]
    for head in heads:
        if names.count(head[1]) > 1 and not OF_STREAMS.fullmatch(head.string):
            raise NotProvedError(f"{name}.cpp: must define {head[1]} once")


def _check_names(line: str, where: str, known: set[str], own: set[str]) -> None:
    """Check that a line uses what is declared, and calls functions of these files alone."""
    for word in WORD.finditer(line):
        if line[: word.start()].rstrip().endswith(".") and MEMBERS.fullmatch(word[0]):
            continue
        if word[0] not in known:
            raise NotProvedError(f"{where}: must not use {word[0]}, which it does not declare")
    for literal in LITERAL.finditer(line):
        if not NUMERAL.fullmatch(literal[0]):
            raise NotProvedError(f"{where}: must write numbers as integers, not {literal[0]}")
    for called in CALL.finditer(line):
        if not _may_be_called(called, line, own):
            raise NotProvedError(f"{where}: must not call {called[1]}")


def _code_lines(
    text: str, file: str, first: list[str], closing: str | None
) -> list[tuple[str, str]]:
    """Give the lines of code without comments and names of streams, and where each is."""
    plain = BAMBU.sub(lambda found: "\n" * found[0].count("\n"), text)
    wanted = [*first, *([f"#endif  // {closing}"] if closing else [])]
    found = []
    for number, line in enumerate(plain.split("\n"), 1):
        where = f"{file}, line {number}"
        code = STREAM_NAME.sub("()", line).partition("//")[0].rstrip()
        if "\\" in line or "\r" in line:
            raise NotProvedError(f"{where}: must have no backslash")
        if "#" in code or "%:" in code or "??=" in code:
            if wanted and line.rstrip() == wanted[0]:
                wanted.pop(0)
            elif not PRAGMA.fullmatch(code):
                raise NotProvedError(f"{where}: must have no other directive than its own")
            continue
        if not SIGNS.fullmatch(code) or "..." in code or "->" in code or "/*" in code:
            raise NotProvedError(f"{where}: must have no other signs than generated code has")
        found.append((where, code))
    if wanted:
        raise NotProvedError(f"{file}: must have {wanted[0]}")
    return found


def _given(lines: list[tuple[str, str]]) -> set[str]:
    """Give the names that the files declare."""
    types = {found[1] for _, line in lines for kind in TYPES if (found := kind.match(line))}
    value = re.compile(VALUE % "".join(f"|{name}" for name in sorted(types)))
    patterns = (*DECLARED, value)
    names = {n[1] for _, line in lines for pattern in patterns for n in pattern.finditer(line)}
    numbers = {one.partition("=")[0].strip() for _, line in lines for one in _numbers(line) or ()}
    return names | types | numbers


def _numbers(line: str) -> list[str] | None:
    """Give the declarators of plain numbers on a line, None where it is not of a known form."""
    for form in NUMBERS:
        found = form.fullmatch(line)
        if found:
            return _declarators(found[1] or "")
    return None


def _defines(line: str, where: str, name: str) -> re.Match[str] | None:
    """Find the head of a function; those of the header only declare one."""
    return FUNCTION.search(line) if where.startswith(f"{name}.cpp,") else None


def _may_be_called(called: re.Match[str], line: str, own: set[str]) -> bool:
    word, before = called[1], line[: called.start()]
    if word in MAY_OPEN or word in own:
        return True
    if word in ("read", "write"):
        return before.endswith(".")
    return bool(re.search(r"hls::stream<[^()]*> $", before))  # a stream and its name


def _check_form(line: str, where: str) -> None:
    """Check that a line has one statement, and sets the plain numbers that it declares."""
    numbers = _numbers(line)
    if line.count(";") > (2 if line.lstrip().startswith("for ") else 1):
        raise NotProvedError(f"{where}: must have one statement")
    if STRAY_CALL.search(line):
        raise NotProvedError(f"{where}: must call by name")
    if numbers is not None:
        if not all(SET.fullmatch(one) for one in numbers if one):
            raise NotProvedError(f"{where}: must set every number that it declares")
    elif PLAIN.search(line) and not (TABLE.fullmatch(line) or TEMPLATE.fullmatch(line)):
        raise NotProvedError(f"{where}: must declare numbers as generated code does")


def _declarators(text: str) -> list[str]:
    """Split declarators at the commas that stand in no bracket."""
    depth, parts = 0, [""]
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
