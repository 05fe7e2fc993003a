#include "drivers/mqtt/packet.h"

#include <gtest/gtest.h>

#include "drivers/mqtt/packet_reader.h"
#include "tests/unit/mqtt/packets.h"

namespace sluice::mqtt {
namespace {

constexpr std::size_t large = 1U << 28;

TEST(Frame, Lengths_of_every_size_are_read) {
  for (const std::size_t length : {0U, 1U, 127U, 128U, 16383U, 16384U, 2097151U, 2097152U}) {
    const std::string bytes = packet(0x30, std::string(length, 'x')) + "next";
    Frame frame;
    ASSERT_FALSE(read_frame(bytes, large, frame)) << length;
    EXPECT_EQ(frame.type, PacketType::publish);
    EXPECT_EQ(frame.body.size(), length);
    EXPECT_EQ(frame.size, bytes.size() - 4);
  }
}

TEST(Frame, It_is_incomplete_until_its_last_byte) {
  const std::string bytes = packet(0x30, std::string(200, 'x'));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Frame frame;
    ASSERT_FALSE(read_frame(std::string_view(bytes).substr(0, size), large, frame));
    ASSERT_EQ(frame.size, 0U) << size;
  }
}

TEST(Frame, A_length_of_five_bytes_or_not_in_its_shortest_form_is_a_violation) {
  Frame frame;
  EXPECT_TRUE(read_frame("\x30\xFF\xFF\xFF\xFF\x01", large, frame));
  EXPECT_TRUE(read_frame(std::string("\x30\x80\x00", 3), large, frame));
}

TEST(Frame, The_bound_includes_the_header) {
  const std::string bytes = packet(0x30, std::string(98, 'x'));
  Frame frame;
  EXPECT_FALSE(read_frame(bytes, 100, frame));
  const auto violation = read_frame(bytes, 99, frame);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->reason, Reason::packet_too_large);
}

TEST(PacketReader, A_variable_byte_integer_has_one_form) {
  EXPECT_EQ(PacketReader("\x7F").variable(), 127U);
  EXPECT_EQ(PacketReader("\xFF\xFF\xFF\x7F").variable(), 268'435'455U);
  for (const std::string& bad :
       {std::string("\x80\x00", 2), std::string("\xFF\xFF\xFF\xFF\x01"), std::string("\x80")}) {
    PacketReader reader(bad);
    reader.variable();
    EXPECT_FALSE(reader.is_ok());
  }
}

TEST(PacketReader, The_first_violation_is_kept_and_later_reads_give_nothing) {
  PacketReader reader("ab");
  reader.fail(Reason::protocol_error, "first");
  reader.fail(Reason::malformed_packet, "second");
  EXPECT_EQ(reader.two_bytes(), 0U);
  EXPECT_EQ(reader.violation()->what, "first");
}

TEST(DecodePublish, Every_cut_of_a_packet_is_decoded_or_refused_without_harm) {
  const std::string properties = std::string("\x03") + text_field("text/plain") + "\x26" +
                                 text_field("a") + text_field("b") +
                                 std::string{'\x02', '\0', '\0', '\0', '\1'};
  const std::string whole = publish({.qos = 1, .id = 3, .properties = properties}, Version::v5);
  Frame frame;
  ASSERT_FALSE(read_frame(whole, large, frame));
  int decoded = 0;
  for (std::size_t size = 0; size <= frame.body.size(); ++size) {
    Frame cut = frame;
    cut.body = frame.body.substr(0, size);
    PublishPacket packet;
    if (!decode_publish(cut, Version::v5, packet)) ++decoded;
  }
  EXPECT_EQ(decoded, 2);  // whole, and without its payload of one byte
}

TEST(DecodePublish, User_properties_keep_their_order_and_repeats) {
  const std::string one = "\x26" + text_field("a") + text_field("1");
  const std::string two = "\x26" + text_field("a") + text_field("2");
  const std::string content_type = "\x03" + text_field("x");
  const std::string whole = publish({.properties = two + content_type + one}, Version::v5);
  Frame frame;
  ASSERT_FALSE(read_frame(whole, large, frame));
  PublishPacket packet;
  ASSERT_FALSE(decode_publish(frame, Version::v5, packet));
  Arena arena;
  const auto found = user_properties(packet.properties, arena);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].value, "2");
  EXPECT_EQ(found[1].value, "1");
}

TEST(DecodeConnack, An_old_server_that_knows_no_MQTT_5_is_understood) {
  const std::string bytes = packet(0x20, std::string{'\0', '\1'});
  Frame frame;
  ASSERT_FALSE(read_frame(bytes, large, frame));
  ConnackPacket connack;
  ASSERT_FALSE(decode_connack(frame, Version::v5, connack));
  EXPECT_EQ(connack.reason, Reason::unsupported_protocol_version);
}

TEST(PacketWriter, What_is_written_is_read_back) {
  std::string bytes;
  append_connack(bytes, Version::v5,
                 {.is_session_present = true,
                  .topic_alias_maximum = 9,
                  .maximum_packet_size = 70'000,
                  .receive_maximum = 8,
                  .assigned_client_id = "me",
                  .session_expiry_s = 7,
                  .has_session_expiry = true,
                  .server_keep_alive_s = 6});
  Frame frame;
  ASSERT_FALSE(read_frame(bytes, large, frame));
  ConnackPacket connack;
  ASSERT_FALSE(decode_connack(frame, Version::v5, connack));
  EXPECT_TRUE(connack.is_session_present);
  EXPECT_EQ(connack.properties.topic_alias_maximum, 9U);
  EXPECT_EQ(connack.properties.maximum_packet_size, 70'000U);
  EXPECT_EQ(connack.properties.receive_maximum, 8U);
  EXPECT_EQ(connack.properties.session_expiry_s, 7U);
  EXPECT_EQ(connack.properties.server_keep_alive_s, 6U);
  EXPECT_TRUE(connack.properties.has(PropertyId::assigned_client_id));
}

}  // namespace
}  // namespace sluice::mqtt
