// PLLs for simulation: wires that lock after 100 cycles. The bench gives the pin the clock that the
// PLL would make; whether a real PLL makes it is not simulated.
module hwgen_pll_lock (input clock, output locked);
  reg [6:0] count = 0;
  assign locked = count == 100;
  always @(posedge clock) if (!locked) count <= count + 1'b1;
endmodule

module SB_PLL40_PAD #(
  parameter FEEDBACK_PATH = "SIMPLE",
  parameter [3:0] DIVR = 0,
  parameter [6:0] DIVF = 0,
  parameter [2:0] DIVQ = 0,
  parameter [2:0] FILTER_RANGE = 0
) (input PACKAGEPIN, RESETB, BYPASS, output PLLOUTGLOBAL, LOCK);
  assign PLLOUTGLOBAL = PACKAGEPIN;
  hwgen_pll_lock lock (.clock(PACKAGEPIN), .locked(LOCK));
endmodule

module SB_PLL40_CORE #(
  parameter FEEDBACK_PATH = "SIMPLE",
  parameter [3:0] DIVR = 0,
  parameter [6:0] DIVF = 0,
  parameter [2:0] DIVQ = 0,
  parameter [2:0] FILTER_RANGE = 0
) (input REFERENCECLK, RESETB, BYPASS, output PLLOUTGLOBAL, LOCK);
  assign PLLOUTGLOBAL = REFERENCECLK;
  hwgen_pll_lock lock (.clock(REFERENCECLK), .locked(LOCK));
endmodule

module EHXPLLL #(
  parameter CLKI_DIV = 1,
  parameter CLKFB_DIV = 1,
  parameter CLKOP_DIV = 8,
  parameter CLKOP_CPHASE = 0,
  parameter CLKOS_ENABLE = "DISABLED",
  parameter CLKOS_DIV = 8,
  parameter CLKOS_CPHASE = 0,
  parameter FEEDBK_PATH = "CLKOP"
) (
  input CLKI, CLKFB, RST, STDBY, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG,
  input PLLWAKESYNC, ENCLKOP, ENCLKOS,
  output CLKOP, CLKOS, LOCK
);
  assign CLKOP = CLKI;
  assign CLKOS = CLKI;
  hwgen_pll_lock lock (.clock(CLKI), .locked(LOCK));
endmodule

module rPLL #(
  parameter FCLKIN = "100.0",
  parameter IDIV_SEL = 0,
  parameter FBDIV_SEL = 0,
  parameter ODIV_SEL = 8,
  parameter DEVICE = "GW1N-1"
) (
  input CLKIN, CLKFB, RESET, RESET_P,
  input [5:0] FBDSEL, IDSEL, ODSEL,
  input [3:0] PSDA, DUTYDA, FDLY,
  output CLKOUT, LOCK
);
  assign CLKOUT = CLKIN;
  hwgen_pll_lock lock (.clock(CLKIN), .locked(LOCK));
endmodule
