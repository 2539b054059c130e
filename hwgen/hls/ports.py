"""The head of a design's top function, and what its pragmas say of the ports."""

from __future__ import annotations

from hwgen.plan.design import Plan


def prototype(plan: Plan) -> str:
    """Give the head of the top function."""
    return (
        f"void {plan.name}(hls::stream<{plan.name}_in_word> &s_axis,\n"
        f"{' ' * (len(plan.name) + 6)}hls::stream<{plan.name}_out_word> &m_axis)"
    )


def bambu_interface() -> list[str]:
    """Say in front of a function what `_interface` says in it."""
    return [
        "#ifdef HWGEN_BAMBU",
        "#pragma HLS interface port = s_axis mode = axis",
        "#pragma HLS interface port = m_axis mode = axis",
        "#endif",
    ]


def interface() -> list[str]:
    """Say of what kind the ports of the top are."""
    return [
        "#pragma HLS INTERFACE mode=axis port=s_axis",
        "#pragma HLS INTERFACE mode=axis port=m_axis",
        "#pragma HLS INTERFACE mode=ap_ctrl_none port=return",
    ]
