// The sink under test, with the batches that it was lent and what became of them.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "core/clock.h"
#include "drivers/mqtt/sink/mqtt_sink.h"

namespace sluice {

class SinkRig {
 public:
  // Takes what is not said about the sink from the defaults; publishes to "up/events".
  explicit SinkRig(const std::string& url) : SinkRig(config_for(url)) {}
  explicit SinkRig(MqttSinkConfig config) : sink_(std::move(config), clock_) {}

  static MqttSinkConfig config_for(const std::string& url);

  // Submits NDJSON under the id "store/up/TICKET".
  void submit(std::uint64_t ticket, std::string body, std::string encoding = "");
  // The same batch once more, as the shipper does after a retry.
  void submit_again(std::uint64_t ticket);

  // Waits for the batch's end; a Delivery with the reason "(none)" when patience ends.
  Delivery wait_for(std::uint64_t ticket);
  // Polls once, without waiting: is nothing finished?
  bool is_quiet();

  MqttSink& sink() { return sink_; }

 private:
  void poll(Duration timeout);

  SystemClock clock_;
  std::list<OutgoingBatch> batches_;  // lent to the sink: they do not move
  std::map<std::uint64_t, Delivery> finished_;
  MqttSink sink_;
};

}  // namespace sluice
