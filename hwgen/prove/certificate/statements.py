"""What a certificate says is proved, and what is not."""

from __future__ import annotations

PROVED: tuple[str, ...] = (
    "every lane of a dense unit is a linear form of the unit's inputs, and that form is the row "
    "of network.npz: `lane = (lane_factor * sum + constant) mod 2**bits`, one code a value",
    "no adder loses a bit that is used, for any input in the ranges given; an adder counted as "
    "`modulo` is right modulo 2**bits, and all that read it need no more: a lane that is meant so, "
    "or a narrower sum from which the rest cancels",
    "every code of a threshold unit equals the network's for every value of its sum",
    "argmax: lanes are sums plus one constant, and the tree gives the lowest index of the largest",
    "all paths of a unit have as many registers as its valid bit; all load when i__ready is high, "
    "and i__ready is o__ready or not o__valid; or, before an output buffer, all load in every "
    "cycle, and the first unit alone takes a beat only when i__ready is high",
    "the top joins the units in order",
    "the primitives that synthesis for 7 series puts in place of the sums in hwgen_add3, each kind "
    "in the design, place by place, by Yosys' models of them",
)
NOT_PROVED: tuple[str, ...] = (
    "Yosys' reading of the Verilog is trusted, and so is this program",
    "the AXI4-Stream rules beyond the wiring, clock frequency, and what synthesis makes of it",
    "order and number of the words in an output buffer: each is one that went in, bit by bit",
    "ranges behind the first layer are per channel: ends that no input of the network reaches "
    "together may be among them",
)

FOLDED: tuple[str, ...] = (
    "each dense unit, run symbolically cycle by cycle behind a reset: in each beat of each vector "
    "a lane is a linear form of that vector's elements alone, and that form is the row of "
    "network.npz, one code a value; program memories are read from the Verilog. A map is a vector "
    "of all its pixels, and a convolution has a row for each channel at each position, over the "
    "taps inside the image there",
    "in every cycle the sum that an accumulator holds fits it, for any input in the ranges given",
    "every code of a threshold unit equals the network's for every value of its sum",
    "argmax: the words that are compared are all rows' sums plus one constant, above the "
    "complement of the row's number, and the largest is kept",
    "queues and converters give lanes that came in, whole, in the beat that the next unit expects",
    "each unit comes back to a state that it was in, with later vectors in the place of earlier "
    "ones, so that all of this holds for any number of vectors",
    "whatever registers and memories hold before the reset has no part in a result, but for words "
    "of memories that are never written, which are as in the Verilog; nor has a word in the cycle "
    "in which it is written, where synthesis is told that no such word is read",
    "the top joins the units in order",
)
NOT_FOLDED: tuple[str, ...] = (
    "every pattern of pauses and stalls: each unit is run for all vectors with beats offered "
    "without a pause and taken at once, and over four vectors, or two frames, with one random "
    "pattern, in each for all inputs; other patterns are left to simulation",
    "m_axis_tlast where a vector leaves in several beats",
    *NOT_PROVED,
)

MAPS: tuple[str, ...] = (
    "control of windows, poolings and queues is the same for all data: no bit of the payload, and "
    "no register that a reset leaves as it was, reaches a handshake, an enable or an address",
    "each window unit, in every state that its control can reach by any pattern of beats and "
    "stalls, with all that its registers and memories can hold there: in every beat each lane is "
    "one tap of the layer's windows, bit by bit, or 0 beside the image",
    "each pooling, in the same way: the largest, or the sum, of its window's pixels, each once",
    "each queue, in the same way: beats leave as they came, whole and in turn",
    "all that has come leaves, whether or not more comes: no unit stands, or runs without end, "
    "while it could take or give a beat",
    "at each position every lane of a matrix is a multiple of the network's row over the taps "
    "inside the image there, plus a constant, one code a value, for each set of taps inside",
    *PROVED[1:],
)
BY_POSITION: tuple[str, ...] = tuple(
    f"of units that read a map pixel by pixel: {text}" for text in (*MAPS[:6], PROVED[4])
)
NOT_BRANCHES = (
    "that queues between branches are deep enough: with one that is too short the design stands "
    "still or is slower, and gives no wrong value"
)
QUEUES = (
    "the beats that each queue of the netlist holds are enough for the promises of units and the "
    "rhythm in design.json: nothing stands still, whatever waits for how long, and where there is "
    "a rhythm each beat has a place when it comes, period after period"
)
NOT_QUEUES = (
    "that units keep the promises in design.json and give their beats in the cycles of the rhythm: "
    "both are the planner's model of them; the units that are counted as timed were seen to take "
    "its cycles, each by itself, with beats offered without a pause and taken at once"
)
NOT_MAPS: tuple[str, ...] = (
    "m_axis_tlast where a frame leaves in several beats",
    "a memory word that is read in the cycle in which it is written is the old one, as in Verilog",
    *NOT_PROVED,
)
