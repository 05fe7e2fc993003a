// MqttSink: publishes batches at a broker over MQTT 5 at QoS 1 (Eclipse Paho).
//
//   submit --> waiting --window--> in flight --PUBACK--> delivered
//                 ^                    '-- refused, time-out, connection lost --> retry
//                 '-- opens a connection when there is none
//
//   delivered   the broker has acknowledged the batch; nothing less counts
//   rejected    the batch is larger than the broker's Maximum Packet Size
//   retry       everything else: a batch whose fate is unknown is sent again under the same id
//
// The window is config.max_in_flight, and stays below the broker's Receive Maximum. The connection
// is opened by the first batch and, once lost, by the next one: the shipper's pace is the pace of
// reconnecting. Nothing waits for the network but the end of a connection, which may take Paho some
// tenths of a second.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "drivers/mqtt/sink/broker_connection.h"
#include "drivers/mqtt/sink/broker_events.h"
#include "drivers/mqtt/sink/mqtt_sink_config.h"
#include "drivers/sink.h"

namespace sluice {

class MqttSink final : public Sink {
 public:
  // `config` has passed its checks; `clock` outlives the sink.
  MqttSink(MqttSinkConfig config, const Clock& clock);
  ~MqttSink() override;

  std::size_t max_in_flight() const override;
  void submit(const OutgoingBatch& batch) override;
  void poll(Duration timeout, std::vector<Delivery>& done) override;
  void wake() override { events_.wake(); }

 private:
  struct InFlight {
    std::uint64_t ticket;
    Duration give_up_at;  // monotonic
  };

  void open_connection();
  void close_connection(const std::string& reason);
  void publish_waiting();
  void give_up_on_silence();
  Duration time_until(Duration end) const;
  void finish(std::uint64_t ticket, Delivery::Outcome outcome, std::string reason);

  void apply(const mqtt::Opened& opened);
  void apply(const mqtt::Acknowledged& acknowledged);
  void apply(const mqtt::Refused& refused);
  void apply(const mqtt::Closed& closed);

  // Constant after construction.
  const MqttSinkConfig config_;
  const Clock& clock_;

  // Any thread.
  mqtt::BrokerEvents events_;

  // Shipper's thread only.
  bool is_open_ = false;  // the broker has let us in
  Duration open_by_{};    // monotonic; while the connection is being opened
  mqtt::BrokerLimits limits_;
  std::deque<const OutgoingBatch*> waiting_;  // lent
  std::map<mqtt::Publication, InFlight> in_flight_;
  std::uint32_t last_publication_ = 0;
  std::vector<Delivery> finished_;                      // for the next poll()
  std::unique_ptr<mqtt::BrokerConnection> connection_;  // last: its end posts to events_
};

}  // namespace sluice
