// A plain stand-in for hls::stream. Reading an empty one ends the program: with a tool's own
// header it would be a warning and a wrong value.
#ifndef HWGEN_PLAIN_HLS_STREAM_H
#define HWGEN_PLAIN_HLS_STREAM_H

#include <stdio.h>
#include <stdlib.h>

#include <deque>

namespace hls {

// Beats that streams held when they came to their end.
inline size_t &left_over() {
  static size_t beats = 0;
  return beats;
}

template <typename T> class stream {
 public:
  stream() : name_("a stream") {}
  explicit stream(const char *name) : name_(name) {}
  ~stream() {
    if (!beats_.empty()) left_over() += beats_.size();
  }
  T read() {
    if (beats_.empty()) {
      fprintf(stderr, "%s: read while empty\n", name_);
      exit(3);
    }
    const T beat = beats_.front();
    beats_.pop_front();
    return beat;
  }
  void read(T &beat) { beat = read(); }
  void write(const T &beat) { beats_.push_back(beat); }
  bool empty() const { return beats_.empty(); }
  size_t size() const { return beats_.size(); }

 private:
  stream(const stream &);
  void operator=(const stream &);
  std::deque<T> beats_;
  const char *name_;
};

}  // namespace hls

#endif
