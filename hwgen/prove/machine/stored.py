"""What a memory holds in a symbolic run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hwgen.prove.forms.values import UNKNOWN, Value
from hwgen.prove.machine.memory import Memory, Port, number, read
from hwgen.prove.netlist.netlist import Module, Word

Get = Callable[[Word], tuple[Value, ...]]


class Stored:
    """The words of a memory, cycle by cycle.

    A reset tells nothing of a word that is written at some time. Of one that never is, the Verilog
    does: such words are found in a first run, and count from the next reset on.

    Parameters
    ----------
    module, memory
        Where it is.
    get
        What nets carry in this cycle.
    """

    def __init__(self, module: Module, memory: Memory, get: Get) -> None:
        self.memory = memory
        self._module, self._get = module, get
        self._kept: set[int] = set()  # never written
        self._written: set[int] = set()
        self._missed: set[int] = set()  # read before they were written
        self.words: list[Sequence[Value]] = []
        self.reset()

    def reset(self) -> None:
        """Forget all that was written."""
        self.words = self.memory.unknown(self._kept)

    def keep_unwritten(self) -> bool:
        """Let words that were read and never written count, and tell whether there are new ones.

        From then on writing one is refused.
        """
        new = self._missed - self._written - self._kept
        self._kept |= new
        return bool(new)

    def clock(self) -> bool:
        """Write what the ports say, and tell whether any of them may write.

        Raises
        ------
        NotProvedError
            Where a word is written that was taken for one that never is.
        """
        ports = [port for port in self.memory.writes if self._may_write(port)]
        for port in ports:
            self._write(port)
        if len(ports) > 1:
            self._forget_conflicts([number(self._get(port.address)) for port in ports])
        return bool(ports)

    def _may_write(self, port: Port) -> bool:
        return any(value != 0 for value in self._get(port.enable))

    def _write(self, port: Port) -> None:
        words, place = self.words, number(self._get(port.address))
        if self._kept and (place is None or place in self._kept):
            net = port.words[0]
            raise self._module.problem(net, "must not be written to a word that was never one")
        if place is None:
            words[:] = [(UNKNOWN,) * len(port.words)] * len(words)
            self._written.update(range(len(words)))
        elif place < len(words):
            self._written.add(place)
            new = zip(self._get(port.enable), self._get(port.words), words[place], strict=True)
            words[place] = tuple(
                value if e == 1 else old if e == 0 else UNKNOWN for e, value, old in new
            )

    def _forget_conflicts(self, places: Sequence[int | None]) -> None:
        """Know nothing of a word that several ports may have written at once."""
        words, unknown = self.words, (UNKNOWN,) * len(self.memory.writes[0].words)
        if None in places:
            words[:] = [unknown] * len(words)
        for place in places:
            if places.count(place) > 1 and place is not None and place < len(words):
                words[place] = unknown

    def read(self, address: Sequence[Value]) -> Sequence[Value]:
        """Give the word before this cycle's writes, or unknown if synthesis need not give it."""
        place = number(address)
        if self.memory.unchecked:
            for port in self.memory.writes:
                written = number(self._get(port.address))
                if self._may_write(port) and (None in (place, written) or place == written):
                    return (UNKNOWN,) * len(port.words)
        if self.memory.writes and place is not None and place < self.memory.size:
            if place not in self._written:
                self._missed.add(place)
            return self.words[place]
        return read(self.words, address)
