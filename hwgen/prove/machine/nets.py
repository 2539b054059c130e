"""What the nets of a netlist carry, word by word: each driver's outputs are one word.

Most operands are whole words of one driver, and are passed on without a look at their bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hwgen.prove.forms.values import UNKNOWN, Value
from hwgen.prove.netlist.netlist import Net, Word

Values = tuple[Value, ...]
Gather = Callable[[], Values]
CONSTANT: dict[Net, Value] = {"0": 0, "1": 1}


class Nets:
    """The words of a netlist, and who reads each of them.

    Parameters
    ----------
    drivers
        Each driver's outputs. A net without a driver is unknown.
    """

    def __init__(self, drivers: Iterable[Word]) -> None:
        self.now: list[Values] = []
        self.readers: list[list[int]] = []
        self._places: dict[Net, tuple[int, int]] = {}
        self._known: dict[Word, Gather] = {}
        for word in drivers:
            index = self._add((UNKNOWN,) * len(word))
            self._places |= {net: (index, place) for place, net in enumerate(word)}

    def _add(self, values: Values) -> int:
        self.now.append(values)
        self.readers.append([])
        return len(self.now) - 1

    def index(self, word: Word) -> int:
        """Give the number of a driver's word."""
        return self._places[word[0]][0]

    def sources(self, word: Word) -> set[int]:
        """Give the words that nets belong to."""
        return {self._places[net][0] for net in word if net in self._places}

    def get(self, word: Word) -> Values:
        """Give what nets carry."""
        if word not in self._known:
            self._known[word] = self.gather(word)
        return self._known[word]()

    def gather(self, word: Word) -> Gather:
        """Give what reads nets."""
        now, pieces = self.now, self._pieces(word)
        if not pieces:
            return tuple
        (first, cut), *rest = pieces
        if rest:
            return lambda: tuple(value for index, part in pieces for value in now[index][part])
        if (cut.start, cut.stop) == (0, len(now[first])):
            return lambda: now[first]
        return lambda: now[first][cut]

    def _pieces(self, word: Word) -> list[tuple[int, slice]]:
        """Cut nets into parts of words."""
        found: list[tuple[int, slice]] = []
        for net in word:
            if net not in self._places:
                self._places[net] = self._add((CONSTANT.get(net, UNKNOWN),)), 0
            index, place = self._places[net]
            if found and found[-1] == (index, slice(found[-1][1].start, place)):
                found[-1] = index, slice(found[-1][1].start, place + 1)
            else:
                found.append((index, slice(place, place + 1)))
        return found

    def put(self, index: int, values: Sequence[Value]) -> list[int]:
        """Let a word carry something, and give those who read it if that is new."""
        old, new = self.now[index], tuple(values)
        if len(new) < len(old):  # no one reads the highest bits
            new += old[len(new) :]
        if new is old or new == old:
            return []
        self.now[index] = new
        return self.readers[index]
