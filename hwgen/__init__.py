"""From a quantized neural network to overflow-proof, LUT-frugal FPGA logic.

    import hwgen

    network = hwgen.load("model.pt")
    design = hwgen.build(network, "out", hwgen.BuildOptions(style="folded"))
    print(design.simulate())
    print(design.prove())
    print(design.synthesise("ecp5"))

Importing the package imports nothing else; the names below are looked up in `hwgen.interface` when
they are first used.
"""

from importlib import import_module

__version__ = "0.1.0"
__all__ = [
    "BuildOptions",
    "Design",
    "HwgenError",
    "Network",
    "Report",
    "build",
    "load",
    "open_design",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'hwgen' has no attribute {name!r}")
    return getattr(import_module("hwgen.interface"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
