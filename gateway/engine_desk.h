// EngineDesk: where other threads have a look at the graph, which is the engine's alone.
//
//   any thread --ask(look)--> [ waits ] --engine, between two beats: serve()--> look(graph)
//
// A look costs the engine what it does, so it must be short: a page of rows, not all of them. When
// nobody asks, serving costs one read of an atomic.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "core/clock.h"
#include "core/result.h"
#include "pipelines/graph.h"

namespace sluice {

class EngineDesk {
 public:
  using Look = std::function<void(const Graph&)>;

  // Waits until the engine has run `look`. `wake` makes the engine turn. Any thread but the
  // engine's.
  //   try_later  the engine did not come to it within `limit`; `look` will not run any more
  Result<void> ask(const Look& look, const std::function<void()>& wake, Duration limit);

  // Engine thread.
  bool is_asked() const { return is_asked_.load(std::memory_order_acquire); }
  // Runs the look that waits for longest, if there is one.
  void serve(const Graph& graph);

 private:
  struct Request {
    const Look& look;
    bool is_done = false;
  };

  std::atomic<bool> is_asked_{false};  // requests_ is not empty

  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<Request*> requests_;  // guarded by mutex_; each lives in a call of ask()
};

}  // namespace sluice
