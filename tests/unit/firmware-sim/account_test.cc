#include "firmware-sim/fleet/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sluice::sim {
namespace {

using testing::HasSubstr;

// A script of what was received, then of what was sent.
class Story {
 public:
  Story& arrives(const std::string& device, std::uint64_t seq, const std::string& id) {
    ReceivedRecord record;
    record.id = id;
    record.source = "//plant/floor/" + device;
    record.device = device;
    record.seq = seq;
    accountant_.received(record);
    return *this;
  }
  Story& window(const std::string& key, std::uint64_t revision, const std::string& id) {
    ReceivedRecord record;
    record.id = id;
    record.source = "//plant/climate";
    record.window = WindowResult{key, "10:00", "10:05", revision, "{}"};
    accountant_.received(record);
    return *this;
  }
  Story& sent(const std::string& device, std::uint64_t seq, bool is_acknowledged,
              Expect expect = Expect::deliver) {
    SentRecord record;
    record.device = device;
    record.seq = seq;
    record.sent_ms = 1000;
    if (is_acknowledged) record.acked_ms = 1010;
    record.expect = expect;
    accountant_.sent(record);
    return *this;
  }
  Account finish() { return accountant_.finish(); }

 private:
  Accountant accountant_;
};

TEST(Account, Balances_when_each_acknowledged_event_is_where_it_belongs) {
  const Account account = Story()
                              .arrives("a", 1, "1")
                              .sent("a", 1, true)
                              .sent("a", 2, true, Expect::filtered)
                              .sent("a", 3, true, Expect::reject)
                              .finish();
  EXPECT_TRUE(account.balances());
  EXPECT_EQ(account.sent, 3U);
  EXPECT_EQ(account.acknowledged, 3U);
  EXPECT_EQ(account.delivered, 1U);
  EXPECT_EQ(account.filtered, 1U);
  EXPECT_EQ(account.rejected, 1U);
}

TEST(Account, An_acknowledged_event_that_never_arrived_is_lost_and_named) {
  const Account account = Story().sent("dev-7", 42, true).finish();
  EXPECT_FALSE(account.balances());
  EXPECT_EQ(account.lost, 1U);
  ASSERT_EQ(account.examples.size(), 1U);
  EXPECT_THAT(account.examples[0], HasSubstr("lost: dev-7 seq 42"));
}

TEST(Account, An_unacknowledged_event_may_arrive_or_not) {
  const Account account =
      Story().arrives("a", 1, "1").sent("a", 1, false).sent("a", 2, false).finish();
  EXPECT_TRUE(account.balances());
  EXPECT_EQ(account.delivered_unacknowledged, 1U);
  EXPECT_EQ(account.unacknowledged, 1U);
}

TEST(Account, A_repeat_with_the_same_id_is_dropped_and_not_a_duplicate) {
  const Account account =
      Story().arrives("a", 1, "1").arrives("a", 1, "1").sent("a", 1, true).finish();
  EXPECT_TRUE(account.balances());
  EXPECT_EQ(account.repeats, 1U);
  EXPECT_EQ(account.duplicated, 0U);
}

TEST(Account, The_same_reading_under_two_ids_is_a_duplicate) {
  const Account account =
      Story().arrives("a", 1, "1").arrives("a", 1, "2").sent("a", 1, true).finish();
  EXPECT_FALSE(account.balances());
  EXPECT_EQ(account.duplicated, 1U);
  EXPECT_EQ(account.delivered, 1U);
}

TEST(Account, The_same_id_of_two_sources_is_two_events) {
  const Account account = Story()
                              .arrives("a", 1, "1")
                              .arrives("b", 1, "1")
                              .sent("a", 1, true)
                              .sent("b", 1, true)
                              .finish();
  EXPECT_TRUE(account.balances());
  EXPECT_EQ(account.repeats, 0U);
  EXPECT_EQ(account.delivered, 2U);
}

TEST(Account, What_should_have_been_dropped_but_arrived_is_wrong) {
  const Account account =
      Story().arrives("a", 1, "1").sent("a", 1, true, Expect::filtered).finish();
  EXPECT_FALSE(account.balances());
  EXPECT_EQ(account.wrongly_delivered, 1U);
  EXPECT_EQ(account.filtered, 0U);
}

TEST(Account, What_nobody_sent_is_unknown) {
  const Account account = Story().arrives("a", 1, "1").finish();
  EXPECT_FALSE(account.balances());
  EXPECT_EQ(account.unknown, 1U);
}

TEST(Account, Revisions_of_a_window_are_one_window) {
  const Account account =
      Story().window("a", 0, "1").window("a", 1, "2").window("b", 0, "3").finish();
  EXPECT_EQ(account.windows, 2U);
  EXPECT_TRUE(account.balances());
}

TEST(Account, Shows_at_most_five_examples_of_a_kind) {
  Story story;
  for (std::uint64_t seq = 1; seq <= 20; ++seq) story.sent("a", seq, true);
  const Account account = story.finish();
  EXPECT_EQ(account.lost, 20U);
  EXPECT_EQ(account.examples.size(), 5U);
}

TEST(Account, Each_event_is_counted_once_whatever_happened_to_it) {
  std::mt19937 random(20'261'123);
  for (int round = 0; round < 200; ++round) {
    Story story;
    std::uint64_t events = random() % 50;
    std::string id = "0";
    for (std::uint64_t seq = 1; seq <= events; ++seq) {
      for (auto times = random() % 4; times > 0; --times) {
        if (random() % 2 == 0) id += '0';
        story.arrives("a", seq, id);
      }
      id += '0';
    }
    for (std::uint64_t seq = 1; seq <= events; ++seq) {
      story.sent("a", seq, random() % 2 == 0, static_cast<Expect>(random() % 3));
    }
    const Account account = story.finish();
    EXPECT_EQ(account.sent, account.delivered + account.filtered + account.rejected + account.lost +
                                account.wrongly_delivered + account.unacknowledged);
    EXPECT_EQ(account.sent, events);
  }
}

TEST(Account, Says_all_in_one_line_and_as_json) {
  const Account account = Story().arrives("a", 1, "1").sent("a", 1, true).finish();
  EXPECT_THAT(
      to_text(account),
      HasSubstr("sent 1 | acknowledged 1 | filtered 0 | rejected 0 | delivered 1 | lost 0 | "
                "duplicated 0\n"));
  EXPECT_THAT(to_json(account), HasSubstr("{\"balanced\":true,\"sent\":1,\"acknowledged\":1,"));
}

// A reading with its boot, at a time.
ReceivedRecord arrival(std::uint64_t boot, std::uint64_t seq, std::int64_t at_ms) {
  ReceivedRecord record;
  record.id = std::to_string(boot) + '/' + std::to_string(seq);
  record.source = "//plant/floor/dev-7";
  record.device = "dev-7";
  record.boot = boot;
  record.seq = seq;
  record.received_ms = at_ms;
  return record;
}

SentRecord sending(std::uint64_t boot, std::uint64_t seq, std::int64_t at_ms) {
  return {"dev-7", boot, seq, Protocol::coap, at_ms, at_ms + 10, Expect::deliver};
}

TEST(Account, A_boot_begins_its_numbers_anew) {
  Accountant accountant;
  accountant.received(arrival(1, 1, 5));
  accountant.received(arrival(2, 1, 6));
  accountant.sent(sending(1, 1, 0));
  accountant.sent(sending(2, 1, 0));
  accountant.sent(sending(3, 1, 0));
  const Account account = accountant.finish();
  EXPECT_EQ(account.delivered, 2U);
  EXPECT_EQ(account.lost, 1U);
  ASSERT_EQ(account.examples.size(), 1U);
  EXPECT_THAT(account.examples[0], HasSubstr("lost: dev-7 boot 3 seq 1"));
}

TEST(Account, An_event_that_does_not_say_its_boot_is_told_by_its_number) {
  Accountant accountant;
  accountant.received(arrival(0, 1, 5));
  accountant.sent(sending(1, 1, 0));
  EXPECT_TRUE(accountant.finish().balances());
}

TEST(Account, What_overtook_is_reordered_and_no_fault) {
  Accountant accountant;
  for (const std::uint64_t seq : {1, 3, 2, 4}) accountant.received(arrival(1, seq, 5));
  for (const std::uint64_t seq : {1, 2, 3, 4}) accountant.sent(sending(1, seq, 0));
  const Account account = accountant.finish();
  EXPECT_TRUE(account.balances());
  EXPECT_EQ(account.reordered, 1U);
  ASSERT_EQ(account.examples.size(), 1U);
  EXPECT_THAT(account.examples[0], HasSubstr("reordered: dev-7 seq 2, after seq 3"));
}

TEST(Account, Late_is_what_is_under_way_for_longer_than_asked) {
  for (const int late_after : {0, 99, 100}) {
    Accountant accountant{std::chrono::milliseconds(late_after)};
    accountant.received(arrival(1, 1, 1100));
    accountant.sent(sending(1, 1, 1000));
    const Account account = accountant.finish();
    EXPECT_TRUE(account.balances());
    EXPECT_EQ(account.late, late_after == 99 ? 1U : 0U);
  }
}

TEST(Account, The_readings_of_a_pack_share_an_id_and_are_no_repeats) {
  Accountant accountant;
  for (const std::uint64_t seq : {1, 2, 2}) {
    ReceivedRecord record = arrival(1, seq, 5);
    record.id = "pack";
    accountant.received(record);
  }
  accountant.sent(sending(1, 1, 0));
  accountant.sent(sending(1, 2, 0));
  const Account account = accountant.finish();
  EXPECT_TRUE(account.balances());
  EXPECT_EQ(account.delivered, 2U);
  EXPECT_EQ(account.repeats, 1U);
}

}  // namespace
}  // namespace sluice::sim
