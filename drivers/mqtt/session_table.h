// SessionTable: what the listener remembers of each client id, connected or not.
//
//   connect --resume_or_start--> Session <--owner-- ServerSession
//   disconnect --leave--> waits for its client until it expires, or is gone at once
//
// A durable session has a record in the source's state ("s", client id); each change of it is a
// control message, and `last_change` its receipt: a CONNACK waits for that. Source thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/metrics.h"
#include "drivers/mqtt/limits.h"
#include "drivers/mqtt/message_feed.h"
#include "drivers/mqtt/packet.h"
#include "drivers/mqtt/unreleased.h"
#include "drivers/source.h"

namespace sluice::mqtt {

class ServerSession;

// A message that the client left with us in case that its connection breaks.
struct Will {
  std::string topic;
  std::string payload;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> user_properties;
  Duration delay{};
};

struct Session {
  Session(std::string_view id, Duration kept_for)
      : client_id(id), expiry(kept_for), unreleased(id, kept_for > Duration::zero()) {}

  bool is_durable() const { return expiry > Duration::zero(); }

  const std::string client_id;
  Duration expiry;  // zero: it ends with its connection
  Unreleased unreleased;
  Receipt last_change{};           // the newest durable change
  ServerSession* owner = nullptr;  // while connected
  std::unique_ptr<Will> will;
  Duration will_due{};    // monotonic; while a will waits for its delay
  Duration expires_at{};  // monotonic; while not connected
};

class SessionTable {
 public:
  SessionTable(const MqttLimits& limits, MessageFeed& feed) : limits_(limits), feed_(feed) {}

  // The sessions of an earlier process; each may be away for its whole expiry from now on.
  // Records that cannot be read are passed over; gives how many.
  std::size_t restore(const SavedState& saved);

  Session* find(std::string_view client_id);

  // What a CONNECT finds or makes.
  struct Opened {
    Session* session = nullptr;  // nullptr: there are too many sessions
    bool is_present = false;     // the state of an earlier connection was found
  };
  // A previous owner must have left. `expiry` is that of the new connection.
  Opened open(std::string_view client_id, bool is_clean, Duration expiry);

  // The client changes how long it may be away (MQTT 5 DISCONNECT).
  void set_expiry(Session& session, Duration expiry);

  // The connection is gone: the will is due unless it was taken back. May destroy the session.
  void leave(Session& session);

  // Messages up to `receipt` that are not settled were refused.
  void forget_refused(Receipt receipt);

  // Publishes wills and ends sessions whose time has come.
  void tick();

  std::size_t size() const { return sessions_.size(); }

 private:
  using Sessions = std::map<std::string, std::unique_ptr<Session>, std::less<>>;

  void write_record(Session& session);
  void erase_records(Session& session);
  void publish_will(Session& session);

  const MqttLimits& limits_;
  MessageFeed& feed_;
  Sessions sessions_;
};

}  // namespace sluice::mqtt
