// Integers of exact width, and the few ways in which data is looked at. Written for AMD's ap_int.h
// (also Bambu's) and Siemens' ac_int.h; the same for the plain types in sim/, which any C++11
// compiler takes.
//
// Data never reaches an if, a ?:, a loop bound or an index but through these functions.
#ifndef HWGEN_TYPES_H
#define HWGEN_TYPES_H

#if defined(HWGEN_AC)
#include <ac_int.h>
template <int W> using ap_uint = ac_int<W, false>;
template <int W> using ap_int = ac_int<W, true>;
#else
#ifndef AP_INT_MAX_W
#define AP_INT_MAX_W 4096
#endif
#include <ap_int.h>
#endif
#include <hls_stream.h>

// The result of a comparison.
typedef bool hwgen_bit;

// a where the bit is set, else b: a multiplexer.
template <typename T> inline T hwgen_select(hwgen_bit bit, const T &a, const T &b) {
#pragma HLS INLINE
  return bit ? a : b;
}

// An index that the program decides, not the data.
template <typename T> inline int hwgen_index(const T &value) {
#pragma HLS INLINE
  return value.to_int();
}

// A word of a constant table.
template <typename T, int N, typename I>
inline T hwgen_look(const T (&table)[N], const I &index) {
#pragma HLS INLINE
  return table[index.to_int()];
}

// W bits of a word from bit LO on; and put there. Both places are constants: these are wires.
#if defined(HWGEN_AC)
template <int LO, int W, int N> inline ap_uint<W> hwgen_field(const ac_int<N, false> &word) {
  return word.template slc<W>(LO);
}
template <int LO, int W, int N>
inline void hwgen_put(ac_int<N, false> &word, const ac_int<W, false> &value) {
  word.set_slc(LO, value);
}
#else
template <int LO, int W, int N> inline ap_uint<W> hwgen_field(const ap_uint<N> &word) {
#pragma HLS INLINE
  return ap_uint<W>(word.range(LO + W - 1, LO));
}
template <int LO, int W, int N>
inline void hwgen_put(ap_uint<N> &word, const ap_uint<W> &value) {
#pragma HLS INLINE
  word.range(LO + W - 1, LO) = value;
}
#endif

#endif  // HWGEN_TYPES_H
