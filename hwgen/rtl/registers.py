"""Registers that all advance together, or hold their values together."""

from __future__ import annotations

from amaranth import Module, Signal, Value


class Registers:
    """Makes registers behind one enable.

    Parameters
    ----------
    m
        The module that they belong to.
    enable
        Advances them.
    """

    def __init__(self, m: Module, enable: Value) -> None:
        self.m, self.enable = m, enable

    def delay(self, value: Value, name: str) -> Signal:
        """`value` one enabled cycle later, not reset: of data that logic makes."""
        return self._behind(value, Signal(value.shape(), name=name, reset_less=True))

    def wait(self, value: Value, name: str, cycles: int) -> Value:
        """`value` some enabled cycles later, reset to zero: control, and data that only waits.

        The reset costs nothing, and keeps synthesis from shift registers, which lie in LUTs.
        """
        for cycle in range(cycles):
            value = self._behind(value, Signal(value.shape(), name=f"{name}_{cycle}"))
        return value

    def _behind(self, value: Value, register: Signal) -> Signal:
        with self.m.If(self.enable):
            self.m.d.sync += register.eq(value)
        return register
