// BrokerConnection: one connection to a broker, as a publisher over MQTT 5. The border to Paho.
//
//   open() ---> Opened{limits} ---> publish() ---> Acknowledged | Refused
//      '------------------------------------'----> Closed: destroy it, and open another one
//
// Belongs to one thread. No call but the destructor waits; results come through BrokerEvents,
// posted by Paho's threads, and none comes once the destructor has returned.
#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "drivers/mqtt/sink/broker_events.h"
#include "drivers/sink.h"

namespace sluice::mqtt {

struct BrokerLogin {
  std::string url;  // mqtt:// or mqtts://
  std::string client_id;
  std::string username;  // empty: none
  std::string password;
  std::string ca_file;  // empty: the system's
  Duration keep_alive{};
  Duration connect_timeout{};
};

class BrokerConnection {
 public:
  // Starts to connect. `events` outlives the connection.
  //   bad_config  the address
  //   try_later   Paho does not take the request
  static Result<std::unique_ptr<BrokerConnection>> open(const BrokerLogin& login,
                                                        BrokerEvents& events);
  ~BrokerConnection();  // says goodbye to the broker; no publication is waited for

  // After Opened. Copies what it needs of `batch`.
  //   try_later  Paho does not take it: the connection is of no more use
  Result<void> publish(const std::string& topic, const OutgoingBatch& batch,
                       Publication publication);

 private:
  class Impl;
  explicit BrokerConnection(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::mqtt
