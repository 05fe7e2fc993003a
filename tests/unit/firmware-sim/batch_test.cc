#include "firmware-sim/upstream/batch.h"

#include <gtest/gtest.h>
#include <zstd.h>

namespace sluice::sim {
namespace {

std::string event(int seq) {
  return "{\"specversion\":\"1.0\",\"id\":\"e/" + std::to_string(seq) +
         "\",\"source\":\"//g/floor/"
         "d\",\"type\":\"sluice.event\",\"data\":{\"device\":\"d\",\"seq\":" +
         std::to_string(seq) + "}}";
}

std::string zstd(const std::string& plain) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 1));
  return out;
}

TEST(Batch, Lines_an_array_and_a_single_event_are_all_read) {
  for (const std::string& body : {event(1) + '\n' + event(2) + '\n', event(1) + '\n' + event(2),
                                  '[' + event(1) + ',' + event(2) + ']'}) {
    const Result<Batch> batch = read_batch(body, "identity");
    ASSERT_TRUE(batch.is_ok()) << body;
    ASSERT_EQ(batch->records.size(), 2U) << body;
    EXPECT_EQ(batch->records[1].id, "e/2");
    EXPECT_EQ(batch->records[1].source, "//g/floor/d");
    EXPECT_EQ(batch->records[1].device, "d");
    EXPECT_EQ(batch->records[1].seq, 2U);
  }
  EXPECT_EQ(read_batch(event(1), "")->records.size(), 1U);
  EXPECT_EQ(read_batch(" \n", "")->records.size(), 0U);
}

TEST(Batch, Zstd_is_unpacked_also_when_it_comes_in_several_frames) {
  std::string plain;
  for (int seq = 1; seq <= 5000; ++seq) plain += event(seq) + '\n';
  const Result<Batch> batch = read_batch(zstd(plain), "zstd");
  ASSERT_TRUE(batch.is_ok());
  EXPECT_EQ(batch->records.size(), 5000U);
  EXPECT_EQ(batch->body_bytes, plain.size());
  EXPECT_EQ(read_batch(zstd(event(1) + '\n') + zstd(event(2)), "zstd")->records.size(), 2U);
}

TEST(Batch, Zstd_of_any_size_is_unpacked) {
  for (const std::size_t size : {ZSTD_DStreamOutSize(), 2 * ZSTD_DStreamOutSize()}) {
    for (const std::size_t more : {0U, 1U}) {
      std::string plain = event(1);
      plain.append(size + more - plain.size(), ' ');
      const Result<Batch> batch = read_batch(zstd(plain), "zstd");
      ASSERT_TRUE(batch.is_ok()) << plain.size() << ": " << batch.error().message;
      EXPECT_EQ(batch->records.size(), 1U);
    }
  }
}

TEST(Batch, A_window_result_keeps_key_bounds_revision_and_data) {
  const Result<Batch> batch = read_batch(
      R"({"id":"w","source":"//g/climate","type":"sluice.window","subject":"dev-1",)"
      R"("windowstart":"2026-11-23T20:00:00Z","windowend":"2026-11-23T20:00:05Z","revision":1,)"
      R"("data":{"mean": 21.5}})",
      "");
  ASSERT_TRUE(batch.is_ok());
  const auto& window = batch->records.at(0).window;
  ASSERT_TRUE(window.has_value());
  EXPECT_EQ(window->key, "dev-1");
  EXPECT_EQ(window->start, "2026-11-23T20:00:00Z");
  EXPECT_EQ(window->end, "2026-11-23T20:00:05Z");
  EXPECT_EQ(window->revision, 1U);
  EXPECT_EQ(window->data, "{\"mean\":21.5}");
}

TEST(Batch, An_event_without_device_and_seq_is_no_reading) {
  const Result<Batch> batch =
      read_batch(R"({"id":"1","source":"s","type":"other","data":[1]})", "");
  ASSERT_TRUE(batch.is_ok());
  EXPECT_EQ(batch->records.at(0).seq, 0U);
  EXPECT_EQ(batch->records.at(0).type, "other");
}

TEST(Batch, What_is_broken_is_refused_as_a_whole) {
  const std::string packed = zstd(event(1));
  EXPECT_FALSE(read_batch(packed.substr(0, packed.size() - 3), "zstd").is_ok());
  EXPECT_FALSE(read_batch("no zstd", "zstd").is_ok());
  EXPECT_FALSE(read_batch(event(1), "gzip").is_ok());
  EXPECT_FALSE(read_batch(event(1) + "\n{\"id\":", "").is_ok());
  EXPECT_FALSE(read_batch(event(1) + "\nnonsense\n", "").is_ok());
  EXPECT_FALSE(read_batch("{\"source\":\"s\",\"type\":\"t\"}", "").is_ok()) << "no id";
  EXPECT_FALSE(read_batch("[1]", "").is_ok());
}

TEST(Batch, A_plain_reading_has_device_boot_and_seq) {
  const auto batch = read_batch(
      R"({"id":"1","source":"s","type":"t","data":{"device":"d","boot":3,"seq":17}})", "");
  ASSERT_TRUE(batch.is_ok());
  EXPECT_EQ(batch->records[0].boot, 3U);
  EXPECT_EQ(batch->records[0].seq, 17U);
}

TEST(Batch, A_senml_pack_gives_a_record_for_each_reading) {
  const auto batch = read_batch(
      R"({"id":"1","source":"s","type":"t","data":[{"n":"d/boot","v":1,"t":5},)"
      R"({"n":"d/seq","v":17,"t":5},{"n":"d/temperature","v":21.5,"t":5},)"
      R"({"n":"d/boot","v":2,"t":6},{"n":"d/seq","v":18,"t":6},{"n":"d/seq","v":19,"t":7}]})",
      "");
  ASSERT_TRUE(batch.is_ok());
  ASSERT_EQ(batch->records.size(), 3U);
  EXPECT_EQ(batch->records[0].device, "d");
  EXPECT_EQ(batch->records[0].boot, 1U);
  EXPECT_EQ(batch->records[1].boot, 2U);
  EXPECT_EQ(batch->records[2].seq, 19U);
  EXPECT_EQ(batch->records[2].boot, 2U) << "it holds until the next";
  EXPECT_EQ(batch->records[2].id, "1");
}

TEST(Batch, A_senml_record_by_itself_is_a_reading_if_it_is_a_seq) {
  const auto batch =
      read_batch(R"([{"id":"1","source":"s","type":"t","data":{"n":"d/seq","v":17,"t":5}},)"
                 R"({"id":"2","source":"s","type":"t","data":{"n":"d/temperature","v":1,"t":5}}])",
                 "");
  ASSERT_TRUE(batch.is_ok());
  EXPECT_EQ(batch->records[0].device, "d");
  EXPECT_EQ(batch->records[0].seq, 17U);
  EXPECT_EQ(batch->records[1].seq, 0U);
}

// simdjson's stream of documents read beyond the end of a text, and crashed at times.
TEST(Batch, Any_length_is_taken) {
  std::string body;
  for (std::size_t count = 1; count <= 300; ++count) {
    body += R"({"id":"1","source":"s","type":"t","data":{"device":"d","seq":)" +
            std::to_string(count * 37) + "}}";
    const auto whole = read_batch(std::string(body), "");
    ASSERT_TRUE(whole.is_ok());
    ASSERT_EQ(whole->records.size(), count);
    body += '\n';
    const auto lines = read_batch(std::string(body), "");
    ASSERT_TRUE(lines.is_ok());
    ASSERT_EQ(lines->records.size(), count);
  }
}

}  // namespace
}  // namespace sluice::sim
