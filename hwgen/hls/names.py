"""Names in C++: what the network calls them, where no word of the language or of a tool does."""

from __future__ import annotations

import re

from hwgen.plan.identifier import reserved_names

LOCAL = re.compile(r"(in|out|x|y|word|step|beat|row|position|ends)\d*|[a-z]\d+(_\d+)*")
PARTS = re.compile(r".*_(beats|join|joined|fork|load|set\d+|rows\d+|vector|part\d+|unpack|pack)")
MACROS = {"assert", "eof", "errno", "null", "offsetof", "stderr", "stdin", "stdout"}
OURS = ("ap_", "ac_", "hls", "hwgen_")  # beginnings of the names of libraries


class Names:
    """Gives each thing at the scope of the file a name of its own."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, wanted: str) -> str:
        """Give the wanted name, or one like it that is free."""
        base = re.sub(r"_+", "_", wanted)
        if is_reserved(base):
            base = f"unit_{base}"
        name, number = base, 2
        while name in self._given:
            name, number = f"{base}_{number}", number + 1
        self._given.add(name)
        return name


def is_reserved(name: str) -> bool:
    """Whether a name means something to a compiler, to a tool or within our functions."""
    small = name.lower()
    if small in reserved_names() or small in MACROS or small.startswith(OURS):
        return True
    return bool(LOCAL.fullmatch(small) or PARTS.fullmatch(small))
