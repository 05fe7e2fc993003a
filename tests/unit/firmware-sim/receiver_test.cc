#include "firmware-sim/upstream/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sluice::sim {
namespace {

constexpr std::string_view one_event =
    R"({"id":"1","source":"//g/f/d","type":"sluice.event","data":{"device":"d","seq":1}})";

class ReceiverTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "received_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove(path_);
    ASSERT_TRUE(receiver_.open_ledger(path_).is_ok());
  }
  void TearDown() override { std::filesystem::remove(path_); }

  HttpAnswer post(std::string_view target, std::string_view body) {
    HttpRequest request;
    request.method = "POST";
    request.target = target;
    request.headers["idempotency-key"] = "store/cloud/1-1";
    request.body = body;
    return receiver_.answer(request, now_ms_);
  }
  HttpAnswer control(std::string_view text) { return post("/control", text); }

  std::size_t kept() {
    std::size_t lines = 0;
    const Result<void> read = read_received(path_, [&](const ReceivedRecord& record) {
      EXPECT_EQ(record.batch, "store/cloud/1-1");
      ++lines;
    });
    EXPECT_TRUE(read.is_ok());
    return lines;
  }

  std::string path_;
  std::int64_t now_ms_ = 1000;
  Receiver receiver_{Behaviour{}, 1};
};

TEST_F(ReceiverTest, A_batch_is_in_the_ledger_when_the_answer_is_good) {
  EXPECT_EQ(post("/v1/events", one_event).status, 204);
  EXPECT_EQ(kept(), 1U);
  EXPECT_EQ(post("/v1/events", one_event).status, 204);
  EXPECT_EQ(kept(), 2U) << "a repeat is kept, too";
}

TEST_F(ReceiverTest, What_is_refused_is_not_in_the_ledger) {
  ASSERT_EQ(control(R"({"mode":"refuse","status":429})").status, 204);
  EXPECT_EQ(post("/v1/events", one_event).status, 429);
  EXPECT_EQ(kept(), 0U);
  ASSERT_EQ(control(R"({"mode":"accept"})").status, 204);
  EXPECT_EQ(post("/v1/events", one_event).status, 204);
  EXPECT_EQ(kept(), 1U);
}

TEST_F(ReceiverTest, When_it_is_full_it_takes_no_more_until_it_has_room) {
  ASSERT_EQ(control(R"({"room":3})").status, 204);
  const std::string two = std::string(one_event) + '\n' + std::string(one_event);
  EXPECT_EQ(post("/v1/events", two).status, 204);
  EXPECT_EQ(post("/v1/events", two).status, 507) << "not in part, either";
  EXPECT_EQ(post("/v1/events", one_event).status, 204);
  EXPECT_EQ(post("/v1/events", one_event).status, 507);
  EXPECT_EQ(kept(), 3U);
  ASSERT_EQ(control(R"({"room":null})").status, 204);
  EXPECT_EQ(post("/v1/events", two).status, 204);
  EXPECT_EQ(kept(), 5U);
}

TEST_F(ReceiverTest, A_broken_batch_gets_400_and_leaves_nothing) {
  EXPECT_EQ(post("/v1/events", std::string(one_event) + "\n{").status, 400);
  EXPECT_EQ(kept(), 0U);
}

TEST_F(ReceiverTest, A_cut_answer_leaves_the_batch_in_the_ledger) {
  ASSERT_EQ(control(R"({"mode":"cut"})").status, 204);
  EXPECT_TRUE(post("/v1/events", one_event).is_cut);
  EXPECT_EQ(kept(), 1U);
}

TEST_F(ReceiverTest, A_mode_for_a_while_ends_by_itself) {
  ASSERT_EQ(control(R"({"mode":"down","for_ms":500})").status, 204);
  receiver_.tick(1499);
  EXPECT_EQ(receiver_.mode(), Behaviour::Mode::down);
  receiver_.tick(1500);
  EXPECT_EQ(receiver_.mode(), Behaviour::Mode::accept);
}

TEST_F(ReceiverTest, Refuses_about_the_share_that_it_is_told_to) {
  ASSERT_EQ(control(R"({"fail_rate":0.25})").status, 204);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) refused += post("/v1/events", one_event).status == 503 ? 1 : 0;
  EXPECT_NEAR(refused, 250, 50);
}

TEST_F(ReceiverTest, Counts_events_bytes_and_the_latest_window_of_one_device) {
  const auto window = [](const std::string& key, const std::string& start, int n) {
    return R"({"id":"w)" + key + start +
           R"(","source":"//g/c","type":"sluice.window","subject":")" + key +
           R"(","windowstart":")" + start + R"(","windowend":"z","revision":0,"data":{"n":)" +
           std::to_string(n) + "}}\n";
  };
  post("/v1/events", window("a", "1", 10) + window("b", "1", 20) + window("a", "2", 30));
  post("/v1/events", window("a", "1", 40));
  EXPECT_EQ(receiver_.statistics().totals().events, 4U);
  EXPECT_THAT(receiver_.statistics().line(now_ms_), testing::EndsWith("| a {\"n\":30}"));
  HttpRequest stats;
  stats.method = "GET";
  stats.target = "/stats";
  EXPECT_THAT(receiver_.answer(stats, now_ms_).body, testing::HasSubstr("\"batches\":2"));
}

}  // namespace
}  // namespace sluice::sim
