#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <string>
#include <vector>

namespace hwgen_test {

// Beats of a vector file: one a line, hexadecimal, lowest lane in the lowest bits.
typedef std::vector<std::string> Beats;

static std::string folder;  // of the vectors

static Beats load(const std::string &name) {
  const std::string paths[] = {folder + "/" + name, "vectors/" + name, name};
  FILE *file = NULL;
  for (int k = folder.empty() ? 1 : 0; k < (folder.empty() ? 3 : 1) && !file; k++)
    file = fopen(paths[k].c_str(), "r");
  Beats beats;
  if (!file) {
    printf("%s: must be there, and is not\n", name.c_str());
    exit(2);
  }
  std::string line;
  for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
    if (c == '\n') {
      beats.push_back(line);
      line.clear();
    } else {
      line += static_cast<char>(c);
    }
  }
  fclose(file);
  if (!line.empty()) {
    printf("%s: must end with a whole line\n", name.c_str());
    exit(2);
  }
  return beats;
}

// The digits of a beat as bits, to be taken or put from the lowest on.
class Bits {
 public:
  Bits() : place_(0) {}
  Bits(const std::string &text, int bits) : bits_(bits), place_(0) {
    if (text.size() != static_cast<size_t>((bits + 3) / 4)) {
      printf("a beat must have %d digits, not %d\n", (bits + 3) / 4, static_cast<int>(text.size()));
      exit(2);
    }
    for (int k = 0; k < bits; k++) {
      const char digit = text[text.size() - 1 - static_cast<size_t>(k / 4)];
      const bool number = digit >= '0' && digit <= '9', letter = digit >= 'a' && digit <= 'f';
      if (!number && !letter) {
        printf("a beat must have hexadecimal digits, not '%c'\n", digit);
        exit(2);
      }
      bits_[static_cast<size_t>(k)] = (number ? digit - '0' : digit - 'a' + 10) >> k % 4 & 1;
    }
  }
  long long take(int bits) {
    unsigned long long value = 0;
    for (int k = 0; k < bits; k++)
      value |= static_cast<unsigned long long>(bits_[place_++]) << k;
    return static_cast<long long>(value);
  }
  void put(long long value, int bits) {
    for (int k = 0; k < bits; k++)
      bits_.push_back(static_cast<unsigned long long>(value) >> k & 1);
  }
  std::string text() const {
    std::string digits((bits_.size() + 3) / 4, '0');
    for (size_t k = 0; k < digits.size(); k++) {
      int digit = 0;
      for (size_t b = 0; b < 4 && 4 * k + b < bits_.size(); b++) digit |= bits_[4 * k + b] << b;
      digits[digits.size() - 1 - k] = "0123456789abcdef"[digit];
    }
    return digits;
  }

 private:
  std::vector<bool> bits_;
  size_t place_;
};

// Bytes of a word at a port.
template <int W, int BYTE = 0, bool END = (8 * BYTE >= W)> struct Word {
  static void take(Bits &bits, ap_uint<W> &word) {
    hwgen_put<8 * BYTE, 8>(word, ap_uint<8>(bits.take(8)));
    Word<W, BYTE + 1>::take(bits, word);
  }
  static void put(Bits &bits, const ap_uint<W> &word) {
    bits.put(hwgen_field<8 * BYTE, 8>(word).to_int(), 8);
    Word<W, BYTE + 1>::put(bits, word);
  }
};
template <int W, int BYTE> struct Word<W, BYTE, true> {
  static void take(Bits &, ap_uint<W> &) {}
  static void put(Bits &, const ap_uint<W> &) {}
};

// What a test has found of one unit.
class Verdict {
 public:
  Verdict(const char *name, const Beats &given, const Beats &expected, int in_beats, int out_beats)
      : name_(name), expected_(expected), out_beats_(static_cast<size_t>(out_beats)), seen_(0),
        wrong_(0), left_(0), first_(0), vectors_(given.size() / static_cast<size_t>(in_beats)) {
    if (given.empty() || given.size() != vectors_ * static_cast<size_t>(in_beats) ||
        expected.size() != vectors_ * out_beats_) {
      printf("%s: vector files must have whole vectors of %d and %d beats, as many in both, not %d "
             "and %d beats\n", name, in_beats, out_beats, static_cast<int>(given.size()),
             static_cast<int>(expected.size()));
      exit(2);
    }
  }
  size_t vectors() const { return vectors_; }
  void compare(const std::string &beat) {
    if (seen_ >= expected_.size() || beat != expected_[seen_]) {
      if (!wrong_) {
        first_ = seen_;
        found_ = beat;
      }
      wrong_++;
    }
    seen_++;
  }
  void left(size_t beats) { left_ += beats; }
  bool passed() const {
    const bool equal = !wrong_ && !left_ && seen_ == expected_.size();
    printf("%s: %d vectors, %d beats differ\n", name_, static_cast<int>(vectors_),
           static_cast<int>(wrong_));
    if (wrong_ && first_ < expected_.size())
      printf("  first: vector %d, beat %d: must be %s, not %s\n",
             static_cast<int>(first_ / out_beats_), static_cast<int>(first_ % out_beats_),
             expected_[first_].c_str(), found_.c_str());
    if (left_) printf("  %d beats were left in streams\n", static_cast<int>(left_));
    if (seen_ != expected_.size())
      printf("  %d beats came, and %d must\n", static_cast<int>(seen_),
             static_cast<int>(expected_.size()));
    return equal;
  }

 private:
  const char *name_;
  const Beats &expected_;
  size_t out_beats_, seen_, wrong_, left_, first_, vectors_;
  std::string found_;
};
