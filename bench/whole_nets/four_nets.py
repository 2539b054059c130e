"""The four networks of the papers as hardware: LUTs against score, over 32-bit accumulators.

    python bench/whole_nets/four_nets.py [--json | --markdown] [--out FILE] [--match REGEX]
                                         [--data DIR] [--checks] [--most-luts N] [--most-placed N]

Every net is trained by its recipe at the recipe's width (ESPCN at full width) from one float net,
and folded for the same numbers of frames a second at 100 MHz: with `qat` in dense units with
registers of 32 bits (the baseline of the papers), with `qat` in units that skip zeros and have
exact registers, and so for A2Q, A2Q+ and `a2q_ip` at several P of the hidden layers; with `ends`,
first and last layer have a P too. Nets and designs are kept in `rtl_out/four_nets`; every row is
written to FILE when it is done, and a run takes up where FILE ends. `luts` are Yosys',
`planned_luts` the planner's own; designs of more planned LUTs than the limits are not synthesised
or placed. `--checks` simulates and proves ours instead.
"""

from __future__ import annotations

from pathlib import Path

from bench.whole_nets.parts.cnns import Cnn
from bench.whole_nets.parts.command import run_command
from bench.whole_nets.parts.four_markdown import markdown
from bench.whole_nets.parts.models import FOUR

FPS = {  # frames a second at 100 MHz
    "espcn": (500, 4_000),
    "unet": (500, 4_000, 16_000),
    "mobilenet_v1": (1_000, 4_000),
    "resnet18": (1_000, 4_000),
}


def cases() -> tuple[Cnn, ...]:
    """Give every design, net by net, the baseline first."""
    return tuple(
        Cnn(model=f"{net} {how}", baseline=baseline, target=target, fps=fps)
        for net, found in FOUR.items()
        for fps in FPS[net]
        for target in ("xc7", "ecp5")
        for how, baseline in (("qat", True), *((how, False) for how in found))
    )


if __name__ == "__main__":
    run_command(
        __doc__,
        cases(),
        work=Path(__file__).resolve().parents[2] / "rtl_out" / "four_nets",
        markdown=markdown,
    )
