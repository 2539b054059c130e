// Yosys techmap for ECP5: `+` and `-` of three bits and more at exactly one LUT site a bit.
//
// A CCU2C adds two bits and takes two LUT sites, also where only one of them is needed, and Yosys'
// own map leaves sums of up to four bits to logic that needs more. Here a sum of an odd number of
// bits ends in a LUT: the carry into its top bit is known from the operands and the sum one below,
// since a full adder that gave 1 had a carry out only if both operands were 1, and one that gave 0
// unless both were 0. Where one operand is extended by its sign or zeros, as in every sum that
// cannot overflow, that is one LUT4. A subtraction is free: BI inverts inside the cell.
(* techmap_celltype = "$add $sub" *)
module hwgen_adder_to_ccu2c (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";

  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  localparam none = A_WIDTH == 0 || B_WIDTH == 0;  // an operand without bits is left to Yosys
  wire _TECHMAP_FAIL_ = Y_WIDTH <= 2 || none;
  localparam subtract = _TECHMAP_CELLTYPE_ == "$sub";
  localparam PAIRS = Y_WIDTH / 2;

  wire [Y_WIDTH-1:0] a, b;
  generate
    if (!none) begin
      \$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_a (.A(A), .Y(a));
      \$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_b (.A(B), .Y(b));
    end
  endgenerate

  wire [PAIRS:0] carry;
  assign carry[0] = subtract;
  genvar i;
  generate
    for (i = 0; i < PAIRS; i = i + 1) begin : pair
      // upper half: A ^ B ^ C where D is 1; lower half: A, what is carried where that is 0
      CCU2C #(
        .INIT0(16'b1001011010101010),
        .INIT1(16'b1001011010101010),
        .INJECT1_0("NO"),
        .INJECT1_1("NO")
      ) two (
        .CIN(carry[i]),
        .A0(a[2*i]), .B0(b[2*i]), .C0(subtract), .D0(1'b1),
        .A1(a[2*i+1]), .B1(b[2*i+1]), .C1(subtract), .D1(1'b1),
        .S0(Y[2*i]), .S1(Y[2*i+1]),
        .COUT(carry[i+1])
      );
    end
    if (Y_WIDTH % 2 && Y_WIDTH > 1) begin : top
      wire below_a = a[Y_WIDTH-2];
      wire below_b = b[Y_WIDTH-2] ^ subtract;
      wire carried = Y[Y_WIDTH-2] ? below_a & below_b : below_a | below_b;
      assign Y[Y_WIDTH-1] = a[Y_WIDTH-1] ^ b[Y_WIDTH-1] ^ subtract ^ carried;
    end
  endgenerate
endmodule
