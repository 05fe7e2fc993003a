#include "drivers/mqtt/sink/batch_message.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/unit/mqtt_sink/broker_script.h"
#include "tests/unit/mqtt_sink/sink_rig.h"

namespace sluice {
namespace {

std::uint64_t computed_size(std::size_t body_bytes, const std::string& encoding) {
  OutgoingBatch batch;
  batch.id = "store/up/1";
  batch.body.assign(body_bytes, 'x');
  batch.content_type = "application/x-ndjson";
  batch.content_encoding = encoding;
  return mqtt::publish_packet_bytes("up/events", batch);
}

// Lets a sink publish a batch, and measures the packet.
std::uint64_t size_on_the_wire(std::size_t body_bytes) {
  mqtt::FakeBroker broker;
  SinkRig rig(broker.url());
  rig.submit(1, std::string(body_bytes, 'x'));
  // The sink publishes from poll(), so that the wait for its end runs beside
  // the script.
  std::thread shipper([&] { EXPECT_EQ(rig.wait_for(1).outcome, Delivery::Outcome::delivered); });
  BrokerScript script(broker);
  script.let_in();
  const Packet publish = script.next();
  script.acknowledge(publish.packet_id());
  shipper.join();
  return publish.size;
}

TEST(BatchMessage, Its_computed_size_is_what_goes_over_the_wire) {
  // Behind the packet's type and a length of one byte.
  const std::uint64_t remaining_of_empty = computed_size(0, "") - 2;
  // From these lengths on the length itself takes a byte more.
  for (const std::uint64_t border : {128U, 16'384U, 2'097'152U}) {
    for (const std::uint64_t remaining : {border - 1, border}) {
      const auto body_bytes = static_cast<std::size_t>(remaining - remaining_of_empty);
      EXPECT_EQ(size_on_the_wire(body_bytes), computed_size(body_bytes, "")) << remaining;
    }
  }
}

TEST(BatchMessage, A_compressed_batch_says_so) {
  OutgoingBatch batch;
  batch.id = "s/up/1-7";
  ASSERT_EQ(mqtt::user_properties(batch).size(), 1U);
  EXPECT_EQ(mqtt::user_properties(batch)[0].value, "s/up/1-7");
  batch.content_encoding = "zstd";
  ASSERT_EQ(mqtt::user_properties(batch).size(), 2U);
  EXPECT_EQ(mqtt::user_properties(batch)[1].name, "content-encoding");
  EXPECT_EQ(mqtt::user_properties(batch)[1].value, "zstd");
  EXPECT_EQ(computed_size(9, "zstd"),
            computed_size(9, "") + 1 + 2 + sizeof("content-encoding") - 1 + 2 + 4);
}

}  // namespace
}  // namespace sluice
