// Resolver: finds the addresses of a host on a thread of its own, since that may block for long.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/result.h"
#include "drivers/mqtt/endpoint.h"
#include "drivers/mqtt/socket.h"

namespace sluice::mqtt {

class Resolver {
 public:
  using Addresses = std::vector<SocketAddress>;

  // Begins; an earlier question that is still open is forgotten.
  void ask(const Endpoint& endpoint);
  // Becomes readable when the answer is there.
  int fd() const { return question_ == nullptr ? -1 : question_->answered.fd(); }
  // True when the answer is there and was put into `answer`.
  bool take(Result<Addresses>& answer);

 private:
  // Shared with the thread that asks, which may outlive us: getaddrinfo cannot be called off.
  struct Question {
    WakeUp answered;
    std::mutex mutex;
    bool is_done = false;
    Addresses addresses;
    std::string error;  // empty: none
  };
  std::shared_ptr<Question> question_;
};

}  // namespace sluice::mqtt
