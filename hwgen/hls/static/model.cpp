// A design as a library: vectors in, vectors out, a beat in whole bytes. TOP is its name, SOURCE
// its file.
#include SOURCE

#define JOINED(A, B) A##B
#define NAMED(A, B) JOINED(A, B)

typedef unsigned char Byte;

template <int W, int BYTE = 0, bool END = (8 * BYTE >= W)> struct Word {
  static void take(const Byte *bytes, ap_uint<W> &word) {
    hwgen_put<8 * BYTE, 8>(word, ap_uint<8>(bytes[BYTE]));
    Word<W, BYTE + 1>::take(bytes, word);
  }
  static void put(Byte *bytes, const ap_uint<W> &word) {
    bytes[BYTE] = static_cast<Byte>(hwgen_field<8 * BYTE, 8>(word).to_int());
    Word<W, BYTE + 1>::put(bytes, word);
  }
};
template <int W, int BYTE> struct Word<W, BYTE, true> {
  static void take(const Byte *, ap_uint<W> &) {}
  static void put(Byte *, const ap_uint<W> &) {}
};

extern "C" void hwgen_model(const Byte *x, Byte *y, long long vectors) {
  hls::stream<NAMED(TOP, _in_word)> in("s_axis");
  hls::stream<NAMED(TOP, _out_word)> out("m_axis");
  for (long long vector = 0; vector < vectors; vector++) {
    for (int beat = 0; beat < NAMED(TOP, _in_beats); beat++, x += IN_BITS / 8) {
      NAMED(TOP, _in_word) word = 0;
      Word<IN_BITS>::take(x, word);
      in.write(word);
    }
    TOP(in, out);
    for (int beat = 0; beat < NAMED(TOP, _out_beats); beat++, y += OUT_BITS / 8)
      Word<OUT_BITS>::put(y, out.read());
  }
}
