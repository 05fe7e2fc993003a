// SubscriberLoop: the thread of an MqttSubscriber.
//
//   resting --back-off is over--> resolving --> connecting --> talking --broken--> resting
//
// While the intake has no room, or the engine has paused the source and enough is withheld, the
// broker is not read; we go on pinging it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "drivers/mqtt/backoff.h"
#include "drivers/mqtt/client_session.h"
#include "drivers/mqtt/endpoint.h"
#include "drivers/mqtt/mailbox.h"
#include "drivers/mqtt/message_feed.h"
#include "drivers/mqtt/resolver.h"
#include "drivers/mqtt/socket.h"
#include "drivers/mqtt/status_board.h"
#include "drivers/mqtt/subscriber.h"
#include "drivers/source.h"

namespace sluice::mqtt {

class SubscriberLoop {
 public:
  // All outlive it.
  SubscriberLoop(const MqttSubscriberConfig& config, const Endpoint& broker,
                 const SourceContext& context, Mailbox& mailbox, StatusBoard& board,
                 std::uint64_t seed);

  void restore(const SavedState& saved);
  // Until the mailbox says that it must end.
  void run();

 private:
  enum class State : std::uint8_t { resting, resolving, connecting, talking };

  struct Ready {
    bool has_mail = false;
    bool is_resolved = false;
    bool is_readable = false;
    bool is_writable = false;
  };

  void turn();
  Ready wait(bool is_reading);
  bool may_read() const;
  void set_time();
  void apply(const Mail& mail);

  void resolve();
  void on_resolved();
  void connect_next();
  void on_connecting();
  void read();
  void consume(std::string_view received);
  void flush();
  void rest(std::string_view why);
  void offer();
  void publish_status();

  const Endpoint broker_;
  const SourceContext& context_;
  Mailbox& mailbox_;
  StatusBoard& board_;
  MessageFeed feed_;
  ClientSession session_;
  Backoff backoff_;
  Resolver resolver_;
  std::vector<SocketAddress> addresses_;  // those that were not tried yet, the next one last
  FileDescriptor socket_;
  std::string input_;         // received and not used yet
  std::vector<char> buffer_;  // what one read brings

  State state_ = State::resting;
  Duration retry_at_{};
  Duration connect_deadline_{};
  Duration next_tick_{};
  bool is_paused_ = false;
  bool has_room_ = true;
  bool was_reading_ = true;
  bool is_intake_stopped_ = false;
  bool must_end_ = false;
  RepeatedError log_;

  // What the board says.
  std::string shown_trouble_;
  bool is_shown_running_ = false;
  bool is_shown_connected_ = false;
};

}  // namespace sluice::mqtt
