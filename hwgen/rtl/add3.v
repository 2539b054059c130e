// y = a + b + c modulo 2**W, each operand inverted first where its FLIP mask is 1. An operand is zero
// where its LIVE mask is 0; a flipped zero is a constant one.
// With HWGEN_LUT6_2 defined (7 series): one LUT6_2 and one carry position a bit that two operands
// reach. The lower half of a LUT makes the carry-save carry, the upper half the sum bit, and both
// take the inversions into their tables. Where one operand is alone, its bit is the sum bit and
// needs no LUT. Yosys does not infer this from "+".
`ifndef HWGEN_ADD3  // designs that are compiled together share it
`define HWGEN_ADD3
module hwgen_add3 #(
  parameter W = 1,
  parameter [W-1:0] LIVE_A = 0, parameter [W-1:0] FLIP_A = 0,
  parameter [W-1:0] LIVE_B = 0, parameter [W-1:0] FLIP_B = 0,
  parameter [W-1:0] LIVE_C = 0, parameter [W-1:0] FLIP_C = 0
) (
  input [W-1:0] a, input [W-1:0] b, input [W-1:0] c, output [W-1:0] y);
`ifdef HWGEN_LUT6_2
  localparam N = (W + 3) / 4 * 4;
  wire [N:0] save;
  wire [N-1:0] s, sum, carry;
  assign save[0] = 1'b0;
  genvar i;
  generate
    for (i = 0; i < N; i = i + 1) begin : bits
      if (i >= W) begin : above
        assign s[i] = 1'b0;
        assign save[i+1] = 1'b0;
      end else begin : used
        localparam [2:0] FLIP = {FLIP_C[i], FLIP_B[i], FLIP_A[i]};
        if (LIVE_A[i] + LIVE_B[i] + LIVE_C[i] > 1) begin : several
          // tables over {c, b, a} and {save, c, b, a}, permuted by the flips
          localparam [7:0] CARRY = flipped(8'hE8, FLIP);
          localparam [15:0] SUM = ^FLIP ? 16'h9669 : 16'h6996;
          LUT6_2 #(.INIT({{2{SUM}}, {4{CARRY}}})) lut (.I0(a[i]), .I1(b[i]), .I2(c[i]),
            .I3(save[i]), .I4(1'b0), .I5(1'b1), .O5(save[i+1]), .O6(s[i]));
        end else begin : alone
          wire [2:0] x = {c[i], b[i], a[i]} ^ FLIP;
          assign s[i] = ^x ^ save[i];
          assign save[i+1] = (x[0] & x[1]) | (x[0] & x[2]) | (x[1] & x[2]);
        end
        assign y[i] = sum[i];
      end
    end
    for (i = 0; i < N; i = i + 4) begin : chain
      CARRY4 four (.CO(carry[i+3:i]), .O(sum[i+3:i]), .CI(i == 0 ? 1'b0 : carry[i == 0 ? 0 : i-1]),
        .CYINIT(1'b0), .DI(save[i+3:i]), .S(s[i+3:i]));
    end
  endgenerate

  function [7:0] flipped(input [7:0] table_, input [2:0] flip);
    integer k;
    for (k = 0; k < 8; k = k + 1) flipped[k] = table_[k ^ flip];
  endfunction
`else
  assign y = (a ^ FLIP_A) + (b ^ FLIP_B) + (c ^ FLIP_C);
`endif
endmodule
`endif
