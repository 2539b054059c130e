"""Shows that each word that leaves an output buffer is one that went in, every bit in its place.

The words go through one memory. Which address is written and read, and so order and number of the
words, is not looked at.
"""

from __future__ import annotations

from hwgen.prove.netlist.netlist import Cell, Module, Net, Word


def prove_buffer(module: Module) -> None:
    """Follow the payload from `i__payload` into a memory and out of it to `o__payload`.

    Raises
    ------
    NotProvedError
        Where a bit comes from elsewhere.
    """
    payload = module.port("i__payload")
    writes = [cell for cell in module.cells if cell.kind.startswith("$memwr")]
    if len(writes) != 1 or tuple(_chosen(module, net) for net in _data(writes[0])) != payload:
        raise module.problem(payload[0], "i__payload must be what is written to the one memory")
    valid = module.port("i__valid")[0]
    for net in writes[0].inputs["EN"]:
        cell, _, index = module.driver.get(net, (None, "", 0))
        if cell is None or cell.kind != "$mux" or cell.inputs["S"] != (valid,):
            raise module.problem(net, "must write when i__valid is high")
        if (cell.inputs["A"][index], cell.inputs["B"][index]) != ("0", "1"):
            raise module.problem(net, "must write when i__valid is high, and only then")
    output = module.port("o__payload")
    for index, net in enumerate(output):
        if _read_place(module, net, writes[0]) != index or len(output) != len(payload):
            raise module.problem(net, f"must be bit {index} of a word in the memory")


def _data(cell: Cell) -> Word:
    return cell.inputs["DATA"] if "DATA" in cell.inputs else cell.outputs["DATA"]


def _chosen(module: Module, net: Net) -> Net:
    """Give what is written while the write is enabled: Yosys has an unknown value otherwise."""
    cell, _, index = module.driver.get(net, (None, "", 0))
    if cell is None or cell.kind != "$mux" or cell.inputs["A"][index] != "x":
        return net
    return cell.inputs["B"][index]


def _read_place(module: Module, net: Net, write: Cell) -> int | None:
    """Give the place in a memory word that a register behind the memory holds."""
    register, _, index = module.driver.get(net, (None, "", 0))
    if register is None or register.kind != "$dff":
        return None
    choice, _, index = module.driver.get(register.inputs["D"][index], (None, "", 0))
    if choice is None or choice.kind != "$mux" or choice.inputs["A"][index] != net:
        return None
    read, port, place = module.driver.get(choice.inputs["B"][index], (None, "", 0))
    same = read is not None and read.parameters["MEMID"] == write.parameters["MEMID"]
    return place if same and port == "DATA" else None
