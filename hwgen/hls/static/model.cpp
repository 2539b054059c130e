// A design as a library: lanes of all beats in, lanes out. TOP is its name, SOURCE its file.
#include SOURCE

#define JOINED(A, B) A##B
#define NAMED(A, B) JOINED(A, B)

typedef unsigned char Byte;

namespace {

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

// Lanes of a beat as bytes of its word, and back; bits are negative for signed lanes.
void pack(const long long *lanes, const int *bits, int count, Byte *bytes) {
  int place = 0;
  for (int lane = 0; lane < count; lane++) {
    const int width = bits[lane] < 0 ? -bits[lane] : bits[lane];
    for (int done = 0; done < width;) {
      const int free = 8 - place % 8, part = width - done < free ? width - done : free;
      const unsigned value = static_cast<unsigned>(lanes[lane] >> done) & ((1u << part) - 1);
      bytes[place / 8] = static_cast<Byte>(bytes[place / 8] | value << place % 8);
      done += part;
      place += part;
    }
  }
}
void unpack(const Byte *bytes, const int *bits, int count, long long *lanes) {
  int place = 0;
  for (int lane = 0; lane < count; lane++) {
    const int width = bits[lane] < 0 ? -bits[lane] : bits[lane];
    unsigned long long value = 0;
    for (int done = 0; done < width;) {
      const int left = 8 - place % 8, part = width - done < left ? width - done : left;
      const unsigned long long found = bytes[place / 8] >> place % 8 & ((1u << part) - 1);
      value |= found << done;
      done += part;
      place += part;
    }
    const bool negative = bits[lane] < 0 && (value >> (width - 1) & 1);
    lanes[lane] = static_cast<long long>(value) - (negative ? 1LL << width : 0);
  }
}

}  // namespace

extern "C" void hwgen_model(const long long *x, long long *y, long long vectors,
                            const int *in_bits, int in_lanes, const int *out_bits, int out_lanes) {
  hls::stream<NAMED(TOP, _in_word)> in("s_axis");
  hls::stream<NAMED(TOP, _out_word)> out("m_axis");
  for (long long vector = 0; vector < vectors; vector++) {
    for (int beat = 0; beat < NAMED(TOP, _in_beats); beat++, x += in_lanes) {
      Byte bytes[IN_BITS / 8] = {};
      pack(x, in_bits, in_lanes, bytes);
      NAMED(TOP, _in_word) word = 0;
      Word<IN_BITS>::take(bytes, word);
      in.write(word);
    }
    TOP(in, out);
    for (int beat = 0; beat < NAMED(TOP, _out_beats); beat++, y += out_lanes) {
      Byte bytes[OUT_BITS / 8] = {};
      Word<OUT_BITS>::put(bytes, out.read());
      unpack(bytes, out_bits, out_lanes, y);
    }
  }
}
