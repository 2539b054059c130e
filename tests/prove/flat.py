"""Joins the modules of a chain of units, and those in them, into one."""

from itertools import pairwise


class Flat:
    """All units of a design in one module; a net is the pair of its instance and its name there."""

    def __init__(self, netlist, units):
        self.same = {}
        self.cells = {}
        for name in units:
            self.add(netlist, name, name)
        for first, second in pairwise(units):
            for port in ("payload", "valid", "ready"):
                self.join(netlist, first, f"o__{port}", second, f"i__{port}")
        first, last = netlist[units[0]]["ports"], netlist[units[-1]]["ports"]
        ports = {port: self.word(units[0], first[port]["bits"]) for port in first if port[0] == "i"}
        ports |= {port: self.word(units[-1], last[port]["bits"]) for port in last if port[0] == "o"}
        for name in ("clk", "rst"):
            ports[name] = [self.net(("", name))]
        inputs = ("i__payload", "i__valid", "o__ready", "clk", "rst")
        self.document = {
            "ports": {
                port: {"direction": "input" if port in inputs else "output", "bits": bits}
                for port, bits in ports.items()
            },
            "netnames": {},
            "cells": {
                name: cell
                | {"connections": {p: self.word(own, w) for p, w in cell["connections"].items()}}
                for name, (own, cell) in self.cells.items()
            },
        }

    def net(self, net):
        while net in self.same:
            net = self.same[net]
        return net[1] if net[1] in ("0", "1", "x") else net

    def word(self, own, word):
        return [self.net((own, net)) for net in word]

    def link(self, a, b):
        a, b = self.net(a), self.net(b)
        if a != b:
            a, b = (b, a) if isinstance(a, str) else (a, b)
            self.same[a] = ("", b) if isinstance(b, str) else b

    def join(self, netlist, a, a_port, b, b_port):
        words = netlist[a]["ports"][a_port]["bits"], netlist[b]["ports"][b_port]["bits"]
        for first, second in zip(*words, strict=True):
            self.link((a, first), (b, second))

    def add(self, netlist, kind, own):
        for port in ("clk", "rst"):
            for net in netlist[kind]["ports"].get(port, {"bits": []})["bits"]:
                self.link((own, net), ("", port))
        for name, cell in netlist[kind]["cells"].items():
            if cell["type"] not in netlist:
                self.cells[f"{own} {name}"] = own, cell
                continue
            inner = f"{own} {name}"
            self.add(netlist, cell["type"], inner)
            for port, word in cell["connections"].items():
                for net, pin in zip(
                    word, netlist[cell["type"]]["ports"][port]["bits"], strict=True
                ):
                    self.link((inner, pin), (own, net))
