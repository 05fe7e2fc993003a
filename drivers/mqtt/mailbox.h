// Mailbox: what the engine thread tells a source's thread.
//
//   engine: settle(), pause(), resume() --eventfd--> source thread: take()
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "drivers/mqtt/socket.h"
#include "drivers/source.h"

namespace sluice::mqtt {

struct Settlement {
  Receipt receipt{};  // everything up to it
  Outcome outcome = Outcome::stored;
};

struct Mail {
  std::vector<Settlement> settlements;  // in order; neighbours of one outcome are one
  bool is_paused = false;
  bool is_resumed = false;  // resume() was called since the last take()
  bool is_intake_stopped = false;
  bool must_end = false;
};

class Mailbox {
 public:
  // Engine thread.
  void settle(Receipt receipt, Outcome outcome);
  void pause() {
    tell([](Mail& mail) { mail.is_paused = true; });
  }
  void resume() {
    tell([](Mail& mail) {
      mail.is_paused = false;
      mail.is_resumed = true;
    });
  }
  void stop_intake() {
    tell([](Mail& mail) { mail.is_intake_stopped = true; });
  }
  void end() {
    tell([](Mail& mail) { mail.must_end = true; });
  }

  // Source thread. The file descriptor becomes readable when there is mail.
  int fd() const { return wake_.fd(); }
  // Gives the states as they are now, and the settlements since the last call.
  Mail take();

 private:
  template <typename Change>
  void tell(Change change) {
    {
      const std::scoped_lock lock(mutex_);
      change(mail_);
    }
    wake_.signal();
  }

  std::mutex mutex_;
  Mail mail_;  // guarded by mutex_
  WakeUp wake_;
};

}  // namespace sluice::mqtt
