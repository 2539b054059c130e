// Yosys techmap: a comparison with a constant becomes plain logic, one term a bit.
//
// Left alone, the pass `alumacc` turns it into a subtraction on a carry chain, of which all sum bits
// are thrown away. With the constant known, a LUT takes several bits of the value at once: the
// thresholds of a layer, which all compare one sum, shrink to a third on ECP5 and iCE40. Yosys' own
// map for this (`cmp2softlogic`) passes over signed values.
(* techmap_celltype = "$lt $le $ge $gt" *)
module hwgen_compare_constant (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  parameter _TECHMAP_CONSTMSK_A_ = 0;
  parameter _TECHMAP_CONSTMSK_B_ = 0;
  parameter _TECHMAP_CONSTVAL_A_ = 0;
  parameter _TECHMAP_CONSTVAL_B_ = 0;

  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  wire _TECHMAP_FAIL_ = !(&_TECHMAP_CONSTMSK_A_ || &_TECHMAP_CONSTMSK_B_);

  localparam width = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
  localparam is_signed = A_SIGNED && B_SIGNED;
  localparam swap = _TECHMAP_CELLTYPE_ == "$le" || _TECHMAP_CELLTYPE_ == "$gt";
  localparam invert = _TECHMAP_CELLTYPE_ == "$lt" || _TECHMAP_CELLTYPE_ == "$gt";

  wire [width-1:0] left, right;
  generate
    if (is_signed) begin : signed_operands
      wire signed [A_WIDTH-1:0] a = A;
      wire signed [B_WIDTH-1:0] b = B;
      wire signed [width-1:0] wide_a = a;
      wire signed [width-1:0] wide_b = b;
      // with the sign bits inverted, the order is that of unsigned numbers
      assign left = wide_a ^ (1'b1 << (width - 1));
      assign right = wide_b ^ (1'b1 << (width - 1));
    end else begin : unsigned_operands
      assign left = A;
      assign right = B;
    end
  endgenerate

  // reaches[i]: the low i bits of p are at least those of q
  wire [width-1:0] p = swap ? right : left;
  wire [width-1:0] q = swap ? left : right;
  wire [width:0] reaches;
  assign reaches[0] = 1'b1;
  genvar i;
  generate
    for (i = 0; i < width; i = i + 1) begin : bits
      assign reaches[i+1] = q[i] ? reaches[i] & p[i] : reaches[i] | p[i];
    end
  endgenerate
  assign Y = reaches[width] ^ invert;
endmodule
