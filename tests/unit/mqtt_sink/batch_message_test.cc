#include "drivers/mqtt/sink/batch_message.h"

#include <gtest/gtest.h>

#include <string>

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

TEST(BatchMessage, Its_computed_size_is_what_goes_over_the_wire) {
  // On both sides of each border at which the length field grows by a byte.
  const std::uint64_t around = computed_size(0, "");
  for (const std::size_t border : {std::size_t{0}, std::size_t{16'384}, std::size_t{2'097'152}}) {
    for (const std::size_t surplus : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
      const std::size_t body_bytes = border == 0 ? surplus : border - around + surplus + 1;
      mqtt::FakeBroker broker;
      SinkRig rig(broker.url());
      rig.submit(1, std::string(body_bytes, 'x'));
      BrokerScript script(broker);
      script.let_in();
      EXPECT_TRUE(rig.is_quiet());
      Packet publish;
      // The sink publishes from poll(): one that waits for the answer runs beside the script.
      std::thread shipper(
          [&] { EXPECT_EQ(rig.wait_for(1).outcome, Delivery::Outcome::delivered); });
      publish = script.next();
      script.acknowledge(publish.packet_id());
      shipper.join();
      EXPECT_EQ(publish.size, computed_size(body_bytes, "")) << body_bytes;
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
