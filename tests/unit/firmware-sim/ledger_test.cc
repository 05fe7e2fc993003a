#include "firmware-sim/common/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "firmware-sim/common/endpoint.h"

namespace sluice::sim {
namespace {

class LedgerFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "ledger_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  void TearDown() override { std::filesystem::remove(path_); }

  void write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

  std::string path_;
};

SentRecord reading() {
  return {"dev-0007",      3, 17, Protocol::coap, 1'790'000'000'123, 1'790'000'000'130,
          Expect::filtered};
}

TEST(Ledger, A_sent_line_has_the_agreed_members) {
  SentRecord record = reading();
  EXPECT_EQ(format_line(record),
            "{\"device\":\"dev-0007\",\"boot\":3,\"seq\":17,\"protocol\":\"coap\",\"sent_ms\":"
            "1790000000123,"
            "\"acked_ms\":1790000000130,\"expect\":\"filtered\"}\n");
  record.acked_ms.reset();
  EXPECT_THAT(format_line(record), testing::HasSubstr("\"acked_ms\":null"));
}

TEST(Ledger, A_received_line_is_a_reading_a_window_or_another_event) {
  ReceivedRecord record;
  record.id = "s/1";
  record.source = "//g/floor/d";
  record.type = "sluice.event";
  record.batch = "b";
  record.received_ms = 5;
  EXPECT_EQ(format_line(record),
            "{\"id\":\"s/1\",\"source\":\"//g/floor/d\",\"type\":\"sluice.event\",\"batch\":\"b\","
            "\"received_ms\":5}\n");
  record.device = "d";
  record.seq = 3;
  EXPECT_EQ(format_line(record),
            "{\"id\":\"s/1\",\"source\":\"//g/floor/d\",\"device\":\"d\",\"seq\":3,\"batch\":\"b\","
            "\"received_ms\":5}\n");
  record.window = WindowResult{"k", "a", "b", 2, "{\"n\":1}"};
  EXPECT_EQ(
      format_line(record),
      "{\"id\":\"s/1\",\"source\":\"//g/floor/d\",\"window\":{\"key\":\"k\",\"start\":\"a\","
      "\"end\":\"b\",\"revision\":2},\"data\":{\"n\":1},\"batch\":\"b\",\"received_ms\":5}\n");
}

TEST_F(LedgerFile, Sent_lines_are_read_back) {
  SentRecord unanswered = reading();
  unanswered.acked_ms.reset();
  write(format_line(reading()) + format_line(unanswered));
  std::vector<SentRecord> records;
  ASSERT_TRUE(read_sent(path_, [&](SentRecord record) { records.push_back(record); }).is_ok());
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(format_line(records[0]), format_line(reading()));
  EXPECT_EQ(format_line(records[1]), format_line(unanswered));
}

TEST_F(LedgerFile, Received_lines_are_read_back) {
  const std::string lines =
      "{\"id\":\"1\",\"source\":\"s\",\"device\":\"d\",\"seq\":3,\"batch\":\"b\",\"received_ms\":5}"
      "\n"
      "{\"id\":\"2\",\"source\":\"s\",\"window\":{\"key\":\"k\",\"start\":\"a\",\"end\":\"b\","
      "\"revision\":2},\"data\":{\"n\":1},\"batch\":\"b\",\"received_ms\":5}\n"
      "{\"id\":\"3\",\"source\":\"s\",\"type\":\"t\",\"batch\":\"b\",\"received_ms\":5}\n";
  write(lines);
  std::string again;
  const auto collect = [&](const ReceivedRecord& record) { again += format_line(record); };
  ASSERT_TRUE(read_received(path_, collect).is_ok());
  EXPECT_EQ(again, lines);
}

TEST_F(LedgerFile, An_unfinished_last_line_is_skipped) {
  const std::string line = format_line(reading());
  write(line + line.substr(0, line.size() / 2));
  int count = 0;
  ASSERT_TRUE(read_sent(path_, [&](const SentRecord&) { ++count; }).is_ok());
  EXPECT_EQ(count, 1);
}

TEST_F(LedgerFile, A_wrong_line_is_named_by_its_number) {
  write(format_line(reading()) + "{\"device\":\"d\",\"seq\":0}\n");
  const Result<void> read = read_sent(path_, [](const SentRecord&) {});
  ASSERT_FALSE(read.is_ok());
  EXPECT_EQ(read.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(read.error().message, testing::HasSubstr(":2: "));
}

TEST_F(LedgerFile, A_missing_file_is_an_error) {
  EXPECT_FALSE(read_sent(path_, [](const SentRecord&) {}).is_ok());
}

TEST(Endpoint, Reads_host_and_port_and_nothing_else) {
  const auto endpoint = parse_endpoint("mqtt://[::1]:1883", "mqtt");
  ASSERT_TRUE(endpoint.is_ok());
  EXPECT_EQ(endpoint->host, "::1");
  EXPECT_EQ(endpoint->port, 1883);
  EXPECT_EQ(endpoint->authority(), "[::1]:1883");
  EXPECT_EQ(parse_endpoint("127.0.0.1:0", "")->authority(), "127.0.0.1:0");
  for (const char* wrong : {"mqtt://host", "coap://host:1", "mqtt://:1", "mqtt://h:70000",
                            "mqtt://h:1x", "mqtt://[::1:5", "mqtt://h:"}) {
    EXPECT_FALSE(parse_endpoint(wrong, "mqtt").is_ok()) << wrong;
  }
}

}  // namespace
}  // namespace sluice::sim
