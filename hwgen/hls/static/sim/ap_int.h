// Plain stand-ins for ap_uint and ap_int: a value of up to 63 bits is a 64-bit integer that wraps
// when it is made. Wider ones are words that only know fields. For simulation with any compiler.
#ifndef HWGEN_PLAIN_AP_INT_H
#define HWGEN_PLAIN_AP_INT_H

#include <stdint.h>

template <int W, bool S, bool WIDE = (W > 63)> struct hwgen_int {
  static_assert(W >= 1, "a value has at least one bit");
  hwgen_int() : value(0) {}
  hwgen_int(long long given) : value(wrapped(given)) {}
  template <int W2, bool S2>
  hwgen_int(const hwgen_int<W2, S2> &other) : value(wrapped(other.value)) {}

  operator long long() const { return value; }
  int to_int() const { return static_cast<int>(value); }
  long long to_int64() const { return value; }

  // Bits of a field, to be read or written.
  struct Field {
    hwgen_int &word;
    int low, bits;
    operator unsigned long long() const {
      return static_cast<uint64_t>(word.value) >> low & ((UINT64_C(1) << bits) - 1);
    }
    void operator=(long long given) {
      const uint64_t mask = ((UINT64_C(1) << bits) - 1) << low;
      const uint64_t rest = static_cast<uint64_t>(word.value) & ~mask;
      word.value = wrapped(static_cast<long long>(rest | (static_cast<uint64_t>(given) << low & mask)));
    }
  };
  Field range(int high, int low) { return Field{*this, low, high - low + 1}; }
  unsigned long long range(int high, int low) const {
    return static_cast<uint64_t>(value) >> low & ((UINT64_C(1) << (high - low + 1)) - 1);
  }

  // A shift keeps every bit: a sum's own type drops what does not fit.
  friend long long operator<<(const hwgen_int &a, int places) {
    return static_cast<long long>(static_cast<uint64_t>(a.value) << places);
  }

  long long value;

 private:
  static long long wrapped(long long given) {
    const uint64_t bits = static_cast<uint64_t>(given) << (64 - W);
    return S ? static_cast<long long>(bits) >> (64 - W) : static_cast<long long>(bits >> (64 - W));
  }
};

template <int W, bool S> struct hwgen_int<W, S, true> {
  hwgen_int() : words() {}
  hwgen_int(long long given) : words() { words[0] = static_cast<uint64_t>(given); }

  static uint64_t mask(int bits) { return (UINT64_C(1) << bits) - 1; }
  unsigned long long range(int high, int low) const {
    const int bits = high - low + 1, word = low / 64, place = low % 64;
    uint64_t found = words[word] >> place;
    if (place + bits > 64) found |= words[word + 1] << (64 - place);
    return found & mask(bits);
  }
  struct Field {
    hwgen_int &whole;
    int low, bits;
    operator unsigned long long() const {
      return static_cast<const hwgen_int &>(whole).range(low + bits - 1, low);
    }
    void operator=(long long given) {
      const uint64_t value = static_cast<uint64_t>(given) & mask(bits);
      const int word = low / 64, place = low % 64;
      whole.words[word] = (whole.words[word] & ~(mask(bits) << place)) | value << place;
      if (place + bits > 64) {
        const int done = 64 - place;
        whole.words[word + 1] = (whole.words[word + 1] & ~(mask(bits) >> done)) | value >> done;
      }
    }
  };
  Field range(int high, int low) { return Field{*this, low, high - low + 1}; }

  uint64_t words[(W + 63) / 64];
};

template <int W> using ap_uint = hwgen_int<W, false>;
template <int W> using ap_int = hwgen_int<W, true>;

#endif
