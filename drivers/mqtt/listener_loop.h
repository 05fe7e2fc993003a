// ListenerLoop: the thread of an MqttListener.
//
// One turn: wait, take the engine's mail, read what devices sent, offer one batch, write what is
// due. While the intake has no room no device is read. While the engine has paused the source,
// devices are read within bounds (so that pings are answered) and their messages wait here.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "core/result.h"
#include "drivers/mqtt/connections.h"
#include "drivers/mqtt/listener.h"
#include "drivers/mqtt/mailbox.h"
#include "drivers/mqtt/server_session.h"
#include "drivers/mqtt/socket.h"
#include "drivers/mqtt/status_board.h"
#include "drivers/source.h"

namespace sluice::mqtt {

class ListenerLoop {
 public:
  // All outlive it.
  ListenerLoop(const MqttListenerConfig& config, const SourceContext& context, Mailbox& mailbox,
               StatusBoard& board);

  void restore(const SavedState& saved);
  // Tries to listen on all addresses; what is taken is tried again by run().
  //   bad_config  an address is not one of this machine's
  Result<void> open();
  // Until the mailbox says that it must end.
  void run();

 private:
  // Marks in epoll's data; without one it is a connection's id.
  static constexpr std::uint64_t listener_mark = std::uint64_t{1}
                                                 << 63;  // and the index of the listener
  static constexpr std::uint64_t mailbox_mark = ~std::uint64_t{0};

  struct Listening {
    Endpoint endpoint;
    FileDescriptor socket;
    bool is_watched = false;
    Duration retry_at{};
    Duration retry_after = std::chrono::seconds(1);
  };

  // Waiting.
  void turn();
  int wait(bool is_reading);
  bool may_read() const;
  bool has_timers() const;
  void set_time();

  // Mail.
  void apply(const Mail& mail);
  void settle(const std::vector<Settlement>& settlements);
  void set_withholding(bool is_withholding);
  void unblock_all();

  // Connections.
  void open_one(Listening& listening);
  void watch_listener(std::size_t index, bool is_watched);
  void accept_some(Listening& listening);
  void on_event(std::uint64_t id, std::uint32_t events);
  void read(Connection& connection);
  void consume(Connection& connection, std::string_view received);
  void after_input(Connection& connection);
  void flush(Connection& connection);
  void watch(Connection& connection);
  void finish(Connection& connection);
  void flush_touched();
  void tick();
  void stop_listening();
  void shut_down();

  void offer();
  void publish_status();
  void log_refused(std::string_view peer, std::string_view client_id, std::string_view reason);

  const MqttListenerConfig& config_;
  const SourceContext& context_;
  Mailbox& mailbox_;
  StatusBoard& board_;
  Refusals refusals_;
  ServerCore core_;
  FileDescriptor epoll_;
  std::vector<Listening> listening_;
  Connections connections_;
  std::vector<std::uint64_t> waiting_;  // connections that owe acknowledgements
  std::vector<char> buffer_;            // what one read brings
  std::array<std::uint64_t, 256> ready_ids_{};
  std::array<std::uint32_t, 256> ready_events_{};

  bool has_mail_ = false;
  bool has_room_ = true;  // the intake had room when last asked
  bool was_reading_ = true;
  bool is_status_stale_ = false;  // something has happened since the last tick
  bool is_intake_stopped_ = false;
  bool must_end_ = false;
  Duration next_tick_{};
  RepeatedError refused_log_;
  RepeatedError listen_log_;
};

}  // namespace sluice::mqtt
