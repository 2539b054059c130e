// Integers whose values are not numbers but nodes: each operation notes itself in a list, so that
// one call of a design gives its whole data flow. It takes the place of the design's own header.
//
// A value that depends on the input never becomes a bool or an index: there is no such conversion,
// or the program ends. Loops over constant tables run as they do in the design.
#ifndef HWGEN_TYPES_H
#define HWGEN_TYPES_H

#include <stdio.h>
#include <stdlib.h>

#include <map>
#include <string>
#include <vector>

#include "hls_stream.h"

namespace hwgen_trace {

typedef long long Number;

enum Operation {
  CONSTANT, PORT, FIELD, PUT, CAST, ADD, SUBTRACT, MULTIPLY, SHIFT_LEFT, SHIFT_RIGHT, INVERT, XOR,
  ABOVE, AT_LEAST, SELECT, LOOK
};

// a, b, c, d are nodes, or numbers of the operation; the type is that of a cast or a field.
struct Node {
  Number operation, bits, is_signed, a, b, c, d;
};

inline std::vector<Node> &nodes() {
  static std::vector<Node> list;
  return list;
}

inline std::vector<Number> &tables() {
  static std::vector<Number> list;
  return list;
}

inline void refuse(const char *sentence) {
  fprintf(stderr, "%s\n", sentence);
  exit(4);
}

inline int note(Operation operation, int bits, bool is_signed, Number a, Number b = 0,
                Number c = 0, Number d = 0) {
  const Node node = {operation, bits, is_signed, a, b, c, d};
  nodes().push_back(node);
  return static_cast<int>(nodes().size()) - 1;
}

inline int constant(Number value) {
  static std::map<Number, int> known;
  const std::map<Number, int>::iterator found = known.find(value);
  if (found != known.end()) return found->second;
  return known[value] = note(CONSTANT, 64, true, value);
}

// A node that is read: a value that was never set has none.
inline int had(int node) {
  if (node < 0) refuse("a value is read that was never set");
  return node;
}

inline bool is_constant(int node) {
  had(node);
  return nodes()[static_cast<size_t>(node)].operation == CONSTANT;
}
inline Number number(int node) { return nodes()[static_cast<size_t>(node)].a; }

inline Number wrapped(Number value, int bits, bool is_signed) {
  if (bits > 63) return value;
  const unsigned long long high = static_cast<unsigned long long>(value) << (64 - bits);
  return is_signed ? static_cast<Number>(high) >> (64 - bits)
                   : static_cast<Number>(high >> (64 - bits));
}

inline int cast(int node, int bits, bool is_signed) {
  if (node < 0) return node;  // copied, and not read
  if (is_constant(node)) return constant(wrapped(number(node), bits, is_signed));
  return note(CAST, bits, is_signed, node);
}

}  // namespace hwgen_trace

// The exact result of an operation, of no width.
struct hwgen_exact {
  int node;
};

// The result of a comparison; no bool.
struct hwgen_bit {
  int node;
};

template <int W, bool S> struct hwgen_int {
  static_assert(W >= 1, "a value has at least one bit");
  hwgen_int() : node(-1) {}  // not set
  hwgen_int(int value) : node(of(value)) {}
  hwgen_int(unsigned value) : node(of(value)) {}
  hwgen_int(long value) : node(of(value)) {}
  hwgen_int(long long value) : node(of(value)) {}
  hwgen_int(const hwgen_exact &other) : node(hwgen_trace::cast(other.node, W, S)) {}
  explicit hwgen_int(const hwgen_bit &other) : node(hwgen_trace::cast(other.node, W, S)) {}
  template <int W2, bool S2>
  hwgen_int(const hwgen_int<W2, S2> &other) : node(hwgen_trace::cast(other.node, W, S)) {}

  int node;

 private:
  static int of(long long value) {
    return hwgen_trace::constant(hwgen_trace::wrapped(value, W, S));
  }
};

template <int W> using ap_uint = hwgen_int<W, false>;
template <int W> using ap_int = hwgen_int<W, true>;

namespace hwgen_trace {

inline hwgen_exact exact(Operation operation, int bits, bool is_signed, int a, int b) {
  const hwgen_exact result = {note(operation, bits, is_signed, a, b)};
  return result;
}
inline hwgen_exact exact(Number value) {
  const hwgen_exact result = {constant(value)};
  return result;
}

inline hwgen_exact sum(int a, int b) {
  if (is_constant(a) && is_constant(b)) return exact(number(a) + number(b));
  return exact(ADD, 0, false, a, b);
}
inline hwgen_exact difference(int a, int b) {
  if (is_constant(a) && is_constant(b)) return exact(number(a) - number(b));
  return exact(SUBTRACT, 0, false, a, b);
}
inline hwgen_exact product(int a, int b) {
  if (is_constant(a) && is_constant(b)) return exact(number(a) * number(b));
  return exact(MULTIPLY, 0, false, a, b);
}
inline hwgen_bit compared(Operation operation, int a, int b) {
  hwgen_bit result;
  if (is_constant(a) && is_constant(b))
    result.node = constant(operation == ABOVE ? number(a) > number(b) : number(a) >= number(b));
  else
    result.node = note(operation, 1, false, a, b);
  return result;
}

// Anything that has a node.
template <typename T> struct Is { static const bool value = false; };
template <> struct Is<hwgen_exact> { static const bool value = true; };
template <int W, bool S> struct Is<hwgen_int<W, S> > { static const bool value = true; };
template <bool, typename T> struct If {};
template <typename T> struct If<true, T> { typedef T type; };

}  // namespace hwgen_trace

#define HWGEN_OPERATOR(SIGN, RESULT, CALL)                                                    \
  template <typename A, typename B>                                                           \
  inline typename hwgen_trace::If<                                                            \
      hwgen_trace::Is<A>::value && hwgen_trace::Is<B>::value, RESULT>::type                   \
  operator SIGN(const A &a, const B &b) {                                                     \
    using namespace hwgen_trace; return CALL;                                                                 \
  }
HWGEN_OPERATOR(+, hwgen_exact, sum(had(a.node), had(b.node)))
HWGEN_OPERATOR(-, hwgen_exact, difference(had(a.node), had(b.node)))
HWGEN_OPERATOR(*, hwgen_exact, product(had(a.node), had(b.node)))
HWGEN_OPERATOR(>, hwgen_bit, compared(ABOVE, had(a.node), had(b.node)))
HWGEN_OPERATOR(>=, hwgen_bit, compared(AT_LEAST, had(a.node), had(b.node)))
#undef HWGEN_OPERATOR

// Shifts to the left and complements are noted with the width of what they change: libraries differ
// in the bits above it.
template <int W, bool S> inline hwgen_exact operator<<(const hwgen_int<W, S> &a, int places) {
  using namespace hwgen_trace;
  if (is_constant(a.node)) return exact(wrapped(number(a.node) << places, W, S));
  return exact(SHIFT_LEFT, W, S, a.node, places);
}
template <int W> inline hwgen_exact operator>>(const hwgen_int<W, false> &a, int places) {
  using namespace hwgen_trace;
  if (is_constant(a.node)) return exact(number(a.node) >> places);
  return exact(SHIFT_RIGHT, W, false, a.node, places);
}
template <int W, bool S> inline hwgen_exact operator~(const hwgen_int<W, S> &a) {
  using namespace hwgen_trace;
  if (is_constant(a.node)) return exact(wrapped(~number(a.node), W, S));
  return exact(INVERT, W, S, a.node, 0);
}
template <int W>
inline hwgen_exact operator^(const hwgen_int<W, false> &a, const hwgen_int<W, false> &b) {
  using namespace hwgen_trace;
  if (is_constant(a.node) && is_constant(b.node)) return exact(number(a.node) ^ number(b.node));
  return exact(XOR, W, false, had(a.node), had(b.node));
}

template <typename T> inline T hwgen_select(const hwgen_bit &bit, const T &a, const T &b) {
  using namespace hwgen_trace;
  if (is_constant(bit.node)) return number(bit.node) ? a : b;
  T result;
  const int one = had(a.node), other = had(b.node);
  result.node = one == other ? one : note(SELECT, 0, false, bit.node, one, other);
  return result;
}

template <typename T> inline int hwgen_index(const T &value) {
  if (!hwgen_trace::is_constant(value.node))
    hwgen_trace::refuse("an index or a condition depends on data");
  return static_cast<int>(hwgen_trace::number(value.node));
}

template <typename T, int N, typename I>
inline T hwgen_look(const T (&table)[N], const I &index) {
  using namespace hwgen_trace;
  if (is_constant(index.node)) {
    const Number place = number(index.node);
    if (place < 0 || place >= N) refuse("an index is outside its table");
    return table[place];
  }
  const Number first = static_cast<Number>(tables().size());
  for (int k = 0; k < N; k++) {
    if (!is_constant(table[k].node)) refuse("a table must hold constants");
    tables().push_back(number(table[k].node));
  }
  T result;
  result.node = note(LOOK, 0, false, index.node, first, N);
  return result;
}

template <int LO, int W, int N> inline ap_uint<W> hwgen_field(const ap_uint<N> &word) {
  using namespace hwgen_trace;
  static_assert(LO >= 0 && W >= 1 && LO + W <= N, "a field lies in its word");
  ap_uint<W> result;
  if (!is_constant(word.node))
    result.node = note(FIELD, W, false, word.node, LO);
  else if (LO > 62)
    result.node = constant(number(word.node) < 0 ? wrapped(-1, W, false) : 0);
  else
    result.node = constant(wrapped(number(word.node) >> LO, W, false));
  return result;
}
template <int LO, int W, int N>
inline void hwgen_put(ap_uint<N> &word, const ap_uint<W> &value) {
  static_assert(LO >= 0 && W >= 1 && LO + W <= N, "a field lies in its word");
  using namespace hwgen_trace;
  word.node = note(PUT, W, false, had(word.node), LO, had(value.node), N);
}

#endif
