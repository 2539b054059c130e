// y = a + b + c modulo 2**W; NEG_B and NEG_C subtract instead. From bit T on all operands are zero.
// With HWGEN_LUT6_2 defined (7 series): one LUT6_2 and one carry position a bit. The lower half of a
// LUT makes the carry-save carry, the upper half the sum bit; both inversions are in the tables, and
// their two ones enter through the first carry and CYINIT. Yosys does not infer this from "+".
module hwgen_add3 #(parameter W = 1, parameter T = 1, parameter NEG_B = 0, parameter NEG_C = 0) (
  input [W-1:0] a, input [W-1:0] b, input [W-1:0] c, output [W-1:0] y);
`ifdef HWGEN_LUT6_2
  localparam [7:0] CARRY = NEG_B ? (NEG_C ? 8'h2B : 8'hB2) : (NEG_C ? 8'h8E : 8'hE8);
  localparam ONE = (NEG_B ? 1 : 0) + (NEG_C ? 1 : 0) == 1;
  localparam [15:0] SUM = ONE ? 16'h9669 : 16'h6996;
  localparam TWO = NEG_B && NEG_C;
  localparam N = (W + 3) / 4 * 4;
  wire [N:0] save;
  wire [N-1:0] s, sum, carry;
  assign save[0] = (NEG_B || NEG_C) ? 1'b1 : 1'b0;
  genvar i;
  generate
    for (i = 0; i < N; i = i + 1) begin : bits
      if (i < T && i < W) begin : used
        LUT6_2 #(.INIT({{2{SUM}}, {4{CARRY}}})) lut (.I0(a[i]), .I1(b[i]), .I2(c[i]),
          .I3(save[i]), .I4(1'b0), .I5(1'b1), .O5(save[i+1]), .O6(s[i]));
      end else begin : above
        assign s[i] = ONE ? ~save[i] : save[i];
        assign save[i+1] = TWO ? 1'b1 : 1'b0;
      end
      if (i < W) begin : out
        assign y[i] = sum[i];
      end
    end
    for (i = 0; i < N; i = i + 4) begin : chain
      CARRY4 four (.CO(carry[i+3:i]), .O(sum[i+3:i]), .CI(i == 0 ? 1'b0 : carry[i == 0 ? 0 : i-1]),
        .CYINIT((i == 0 && TWO) ? 1'b1 : 1'b0), .DI(save[i+3:i]), .S(s[i+3:i]));
    end
  endgenerate
`else
  wire [W-1:0] ab = NEG_B != 0 ? a - b : a + b;
  assign y = NEG_C != 0 ? ab - c : ab + c;
`endif
endmodule
