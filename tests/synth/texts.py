"""Small designs in Verilog."""

ADDER = "module top(input [7:0] a, b, output [7:0] y); assign y = a + b; endmodule\n"
LAYERS = """\
module top(input clk, input [7:0] a, output reg [7:0] y);
  wire [7:0] b, c;
  \\top.fc1  fc1(.clk(clk), .a(a), .y(b));
  top__fc2 fc2(.clk(clk), .a(b), .y(c));
  always @(posedge clk) y <= ~c;
endmodule
module \\top.fc1 (input clk, input [7:0] a, output [7:0] y);
  wire [7:0] mid;
  \\top.fc1.inner  inner(.clk(clk), .a(a), .y(mid));
  \\top.fc1.inner  inner2(.clk(clk), .a(mid), .y(y));
endmodule
module \\top.fc1.inner (input clk, input [7:0] a, output reg [7:0] y);
  always @(posedge clk) y <= a + 8'd77;
endmodule
module top__fc2 (input clk, input [7:0] a, output reg [7:0] y);
  always @(posedge clk) y <= a ^ (a << 1);
endmodule
"""
