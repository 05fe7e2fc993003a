#include "storage/block.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice {
namespace {

BlockHeader example_header() {
  BlockHeader header;
  header.block = 42;
  header.epoch = 3;
  header.boot_id = 0x1234567890ABCDEF;
  header.monotonic = std::chrono::seconds(99);
  header.wall = Timestamp(std::chrono::seconds(1'790'000'000));
  header.time_quality = TimeQuality::synchronised;
  header.was_backpressured = true;
  header.engine_time = EngineTime{123'456};
  header.next_sequence = 1'000;
  header.output_digest = 77;
  header.gateway = "plant-7";
  return header;
}

// A random event with any mix of fields set.
Event random_event(std::mt19937_64& random, Arena& arena) {
  const auto text = [&](int length) {
    return arena.copy(std::string(random() % static_cast<unsigned>(length),
                                  static_cast<char>('a' + random() % 26)));
  };
  const auto chance = [&] { return random() % 3 == 0; };
  Event event;
  event.sequence = random() % 1'000;
  event.received = Timestamp(Duration(static_cast<std::int64_t>(random())));
  event.time = chance() ? Timestamp(Duration(static_cast<std::int64_t>(random()))) : event.received;
  event.type = "sluice.event";
  event.sender = text(9);
  event.source_name = chance() ? "floor" : "meters";
  event.source_index = event.source_name == "floor" ? 0 : 1;
  if (chance()) event.topic = text(20);
  if (chance()) event.subject = text(10);
  if (chance()) event.datacontenttype = "application/json";
  if (chance()) event.number = static_cast<std::uint16_t>(random());
  if (chance()) event.sender_key = text(8);
  if (chance()) {
    auto* property = arena.make(Property{text(5), text(5)});
    event.user_properties = {property, 1};
  }
  if (chance()) {
    auto* extension = arena.make(
        Attribute{"revision", Value::integer(static_cast<std::int64_t>(random() % 100))});
    event.extensions = {extension, 1};
  }
  event.is_unchanged = !chance();
  event.has_payload = event.is_unchanged;
  if (event.has_payload) {
    event.payload = text(200);
    event.has_own_id = chance();
  } else {
    event.data = Value::number(0.5);
    event.source = text(30);
  }
  if (event.has_own_id || !event.is_unchanged) event.id = text(12);
  return event;
}

TEST(Block, Any_mix_of_events_reads_back_field_by_field) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 100; ++round) {
    Arena arena;
    std::vector<Event> events;
    std::vector<const Event*> pointers;
    for (std::uint64_t i = random() % 40; i > 0; --i) events.push_back(random_event(random, arena));
    for (const Event& event : events) pointers.push_back(&event);
    const std::string raw = encode_block(example_header(), pointers);
    const auto block = decode_block(raw, "store", arena);
    ASSERT_TRUE(block) << block.error().message;
    ASSERT_EQ(block->events.size(), events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      const Event& a = events[i];
      const Event& b = block->events[i];
      EXPECT_EQ(a.sequence, b.sequence);
      EXPECT_EQ(a.received, b.received);
      EXPECT_EQ(a.time, b.time);
      EXPECT_EQ(a.type, b.type);
      EXPECT_EQ(a.subject, b.subject);
      EXPECT_EQ(a.topic, b.topic);
      EXPECT_EQ(a.sender, b.sender);
      EXPECT_EQ(a.sender_key, b.sender_key);
      EXPECT_EQ(a.number, b.number);
      EXPECT_EQ(a.payload, b.payload);
      EXPECT_EQ(a.has_payload, b.has_payload);
      EXPECT_EQ(a.is_unchanged, b.is_unchanged);
      EXPECT_EQ(a.datacontenttype, b.datacontenttype);
      EXPECT_EQ(a.user_properties.size(), b.user_properties.size());
      EXPECT_EQ(a.extensions.size(), b.extensions.size());
      EXPECT_TRUE(is_same(a.data, b.data));
      if (a.is_unchanged) {
        EXPECT_EQ(b.source,
                  "//plant-7/" + std::string(a.source_name) + "/" + std::string(a.sender));
        EXPECT_EQ(b.id, a.has_own_id ? std::string(a.id) : "store/" + std::to_string(a.sequence));
      } else {
        EXPECT_EQ(a.source, b.source);
        EXPECT_EQ(a.id, b.id);
      }
    }
  }
}

TEST(Block, The_header_reads_back_also_alone) {
  const std::string raw = encode_block(example_header(), {});
  const BlockHeader header = decode_block_header(raw).value();
  EXPECT_EQ(header.block, 42U);
  EXPECT_EQ(header.epoch, 3U);
  EXPECT_EQ(header.boot_id, 0x1234567890ABCDEFU);
  EXPECT_EQ(header.wall, example_header().wall);
  EXPECT_EQ(header.time_quality, TimeQuality::synchronised);
  EXPECT_TRUE(header.was_backpressured);
  EXPECT_EQ(header.engine_time, EngineTime{123'456});
  EXPECT_EQ(header.next_sequence, 1'000U);
  EXPECT_EQ(header.output_digest, 77U);
  EXPECT_EQ(header.gateway, "plant-7");
}

TEST(Block, No_truncation_reads_as_a_whole_block) {
  std::mt19937_64 random(6);
  Arena arena;
  std::vector<Event> events;
  std::vector<const Event*> pointers;
  for (int i = 0; i < 5; ++i) events.push_back(random_event(random, arena));
  for (const Event& event : events) pointers.push_back(&event);
  const std::string raw = encode_block(example_header(), pointers);
  for (std::size_t size = 0; size < raw.size(); ++size) {
    EXPECT_FALSE(decode_block(std::string_view(raw).substr(0, size), "store", arena)) << size;
  }
}

// The worked example of storage/FORMAT.md, byte for byte.
TEST(Block, The_bytes_are_those_that_the_format_page_shows) {
  Event event;
  event.payload = "22";
  event.has_payload = true;
  event.sender = "d";
  event.topic = "t";
  event.source_name = "floor";
  event.source_index = 0;
  event.type = "sluice.event";
  event.sequence = 1;
  event.number = 7;
  BlockHeader header;
  header.block = 1;
  header.epoch = 1;
  header.next_sequence = 2;
  header.gateway = "g";
  const Event* events[] = {&event};
  std::string hex;
  for (const char c : encode_block(header, events)) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
  EXPECT_EQ(hex,
            "010101"
            "0000000000000000"
            "00000000"
            "02"
            "0000000000000000"
            "0167"
            "01"
            "a1b802"
            "00"
            "0c736c756963652e6576656e74"
            "0164"
            "0174"
            "05666c6f6f7200"
            "07"
            "023232");
}

}  // namespace
}  // namespace sluice
