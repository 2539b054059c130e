// Streams of the depths that the design asks for, between threads: a process that finds its stream
// empty or full waits, as it does in hardware. When nothing moves any more the program ends.
#ifndef BOUNDED_HLS_STREAM_H
#define BOUNDED_HLS_STREAM_H

#include <stdio.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

inline std::atomic<long> &moves() {
  static std::atomic<long> count(0);
  return count;
}

// Several processes may find out at once: one of them says so, and the lock stays with it.
inline void give_up(const char *name, const char *state) {
  static std::mutex first;
  first.lock();
  fprintf(stderr, "%s: stays %s\n", name, state);
  _Exit(5);
}

// Threads of one region; it ends when all have.
class Processes {
 public:
  template <typename F> void start(int times, F call) {
    threads_.emplace_back([=] {
      for (int k = 0; k < times; k++) call();
    });
  }
  ~Processes() {
    for (std::thread &thread : threads_) thread.join();
  }

 private:
  std::vector<std::thread> threads_;
};

namespace hls {

template <typename T> class stream {
 public:
  stream(const char *name, size_t depth) : name_(name), depth_(depth) {}
  T read() {
    std::unique_lock<std::mutex> lock(mutex_);
    wait(lock, "empty", [this] { return !beats_.empty(); });
    const T beat = beats_.front();
    beats_.pop_front();
    moved_.notify_all();
    return beat;
  }
  void write(const T &beat) {
    std::unique_lock<std::mutex> lock(mutex_);
    wait(lock, "full", [this] { return beats_.size() < depth_; });
    beats_.push_back(beat);
    moved_.notify_all();
  }
  size_t size() const { return beats_.size(); }

 private:
  template <typename F> void wait(std::unique_lock<std::mutex> &lock, const char *state, F ready) {
    for (long before = moves(); !moved_.wait_for(lock, std::chrono::seconds(3), ready);) {
      if (moves() == before) give_up(name_, state);
      before = moves();
    }
    moves()++;
  }
  const char *name_;
  size_t depth_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::deque<T> beats_;
};

}  // namespace hls

#endif
