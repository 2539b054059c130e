// Yosys techmap: every `+` and `-` becomes one $alu cell, so that it is built on one carry chain.
//
// Left alone, the pass `alumacc` fuses chains of additions into $macc cells and rebuilds them as
// carry-save logic in LUTs, which undoes an adder graph that was planned for carry chains. A
// subtraction is an addition of the inverted operand with a carry in of one.
(* techmap_celltype = "$add $sub" *)
module hwgen_adder_to_alu (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";

  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  localparam subtract = _TECHMAP_CELLTYPE_ == "$sub";
  wire [Y_WIDTH-1:0] propagate, carry;

  generate
    if (A_WIDTH == 0 || B_WIDTH == 0) begin
      // an operand without bits, which $alu does not know: left to Yosys
      wire _TECHMAP_FAIL_ = 1'b1;
    end else begin
      \$alu #(
        .A_SIGNED(A_SIGNED),
        .A_WIDTH(A_WIDTH),
        .B_SIGNED(B_SIGNED),
        .B_WIDTH(B_WIDTH),
        .Y_WIDTH(Y_WIDTH)
      ) _TECHMAP_REPLACE_ (
        .A(A),
        .B(B),
        .BI(subtract),
        .CI(subtract),
        .CO(carry),
        .X(propagate),
        .Y(Y)
      );
    end
  endgenerate
endmodule
