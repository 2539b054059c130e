// A plain stand-in for the part of AMD's header that NAME_axis.cpp uses: a beat and its TLAST.
#ifndef HWGEN_PLAIN_AP_AXI_SDATA_H
#define HWGEN_PLAIN_AP_AXI_SDATA_H

#define AXIS_ENABLE_LAST 16

namespace hls {

template <typename T, int USER, int ID, int DEST, int SIGNALS> struct axis {
  static_assert(USER == 0 && ID == 0 && DEST == 0 && SIGNALS == AXIS_ENABLE_LAST, "data and last");
  T data;
  ap_uint<1> last;
};

}  // namespace hls

#endif
