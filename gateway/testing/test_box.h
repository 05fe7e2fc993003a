// TestBox: the gateway of a test case: the real engine on one thread, with a store in memory and a
// clock that moves when the test says so.
//
//   send() -> intake -> Engine::beat() -> store -> outputs()      no driver, socket, disk or thread
//
// A life ends by restart() (the engine stops and saves its state) or crash() (it is thrown away);
// the next one recovers from what was committed, as the daemon does.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "gateway/recovery.h"
#include "gateway/testing/test_file.h"
#include "storage/frame.h"
#include "storage/memory_store.h"

namespace sluice {

// Time that stands still unless it is moved.
class TestClock final : public Clock {
 public:
  explicit TestClock(Timestamp start) : wall_(start) {}
  Timestamp wall() const override { return wall_; }
  Duration monotonic() const override { return monotonic_; }
  void advance(Duration by) {
    wall_ += by;
    monotonic_ += by;
  }

 private:
  Timestamp wall_;
  Duration monotonic_ = std::chrono::seconds(1);
};

class TestBox {
 public:
  // A new gateway with an empty store.
  //   bad_config  load_test_file() would have found it
  static Result<std::unique_ptr<TestBox>> start(const TestFile& file, Timestamp now);
  ~TestBox();

  // One message, received now, in a beat of its own.
  Result<void> send(const SentMessage& message);
  // Time passes; timers fire when they are due, each in a beat.
  Result<void> wait(Duration duration);
  // The gateway is off for `off`, then starts again. The report says how it recovered.
  Result<RecoveryReport> restart(Duration off);
  Result<RecoveryReport> crash(Duration off);

  Timestamp now() const { return clock_.wall(); }

  // All that came out so far, as JSON: a line an event, in the order in which it was committed
  // (within a beat by priority). Sinks get CloudEvents; a dead letter has `stage` and `reason`
  // beside the attributes of its event.
  Result<std::vector<std::string>> sink_events(const std::string& sink) const;
  Result<std::vector<std::string>> dead_letters() const;

 private:
  struct Life;

  TestBox(const TestFile& file, Timestamp now);
  Result<RecoveryReport> begin_life();
  Result<void> beat();

  const TestFile& file_;
  TestClock clock_;
  MemoryStore store_;
  std::uint64_t last_receipt_ = 0;
  std::unique_ptr<Life> life_;
};

}  // namespace sluice
