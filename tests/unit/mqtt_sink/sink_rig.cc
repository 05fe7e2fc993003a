#include "tests/unit/mqtt_sink/sink_rig.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/unit/mqtt/socket_peer.h"

namespace sluice {

MqttSinkConfig SinkRig::config_for(const std::string& url) {
  MqttSinkConfig config;
  config.url = url;
  config.topic = "up/events";
  return config;
}

void SinkRig::submit(std::uint64_t ticket, std::string body, std::string encoding) {
  OutgoingBatch& batch = batches_.emplace_back();
  batch.ticket = ticket;
  batch.id = "store/up/" + std::to_string(ticket);
  batch.body = std::move(body);
  batch.content_type = "application/x-ndjson";
  batch.content_encoding = std::move(encoding);
  sink_.submit(batch);
}

void SinkRig::submit_again(std::uint64_t ticket) {
  const auto batch = std::find_if(batches_.begin(), batches_.end(), [&](const auto& candidate) {
    return candidate.ticket == ticket;
  });
  CHECK(batch != batches_.end());
  sink_.submit(*batch);
}

Delivery SinkRig::wait_for(std::uint64_t ticket) {
  const Duration end = clock_.monotonic() + mqtt::patience;
  while (!finished_.contains(ticket) && clock_.monotonic() < end) {
    poll(end - clock_.monotonic());
  }
  const auto found = finished_.find(ticket);
  if (found == finished_.end()) return {ticket, Delivery::Outcome::retry, "(none)", {}};
  Delivery delivery = std::move(found->second);
  finished_.erase(found);
  return delivery;
}

bool SinkRig::is_quiet() {
  poll(Duration{0});
  return finished_.empty();
}

void SinkRig::poll(Duration timeout) {
  std::vector<Delivery> done;
  sink_.poll(timeout, done);
  for (Delivery& delivery : done) {
    const bool is_first = finished_.emplace(delivery.ticket, delivery).second;
    EXPECT_TRUE(is_first) << "a batch ends once";
  }
}

}  // namespace sluice
