#include "gateway/replay/difference.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/arena.h"
#include "drivers/codecs/json.h"

namespace sluice {
namespace {

using Side = Difference::Side;
using std::chrono::seconds;

// Outputs as a script: before("hall", 10, R"({"mean":21})").
class DifferenceTest : public testing::Test {
 protected:
  void before(std::string_view key, int second, std::string_view json) {
    add(Side::before, key, second, json);
  }
  void after(std::string_view key, int second, std::string_view json) {
    add(Side::after, key, second, json);
  }
  void both(std::string_view key, int second, std::string_view json) {
    before(key, second, json);
    after(key, second, json);
  }

  void add(Side side, std::string_view key, int second, std::string_view json) {
    Arena arena;
    difference_.add(side, "climate", "cloud", event(key, second, json, arena));
  }
  static Event event(std::string_view key, int second, std::string_view json, Arena& arena) {
    Event event;
    event.type = "sluice.window";
    event.subject = key;
    event.time = Timestamp(seconds(second));
    event.data = parse_json(json, arena).value();
    event.is_unchanged = false;
    return event;
  }
  // As it was received: no step has looked at its payload.
  static Event received(std::string_view payload) {
    Event event;
    event.type = "sluice.window";
    event.subject = "hall";
    event.time = Timestamp(seconds(1));
    event.payload = payload;
    event.has_payload = true;
    return event;
  }
  DifferenceCounts counts_of(const Event& old_event, const Event& new_event) {
    Difference difference;
    difference.add(Side::before, "p", "s", old_event);
    difference.add(Side::after, "p", "s", new_event);
    return difference.finish().counts;
  }

  static void expect(const DifferenceCounts& counts, std::uint64_t only_before,
                     std::uint64_t only_after, std::uint64_t equal, std::uint64_t different) {
    EXPECT_EQ(counts.only_before, only_before);
    EXPECT_EQ(counts.only_after, only_after);
    EXPECT_EQ(counts.equal, equal);
    EXPECT_EQ(counts.different, different);
  }

  Difference difference_;
};

TEST_F(DifferenceTest, Outputs_are_only_old_or_only_new_or_equal_or_different) {
  both("hall", 1, R"({"mean":21})");
  before("hall", 2, R"({"mean":22})");
  after("hall", 3, R"({"mean":23})");
  before("hall", 4, R"({"mean":24})");
  after("hall", 4, R"({"mean":25})");
  const DifferenceReport report = difference_.finish();
  expect(report.counts, 1, 1, 1, 1);
  ASSERT_EQ(report.pipelines.size(), 1u);
  EXPECT_EQ(report.pipelines[0].pipeline, "climate");
  EXPECT_EQ(report.pipelines[0].sink, "cloud");
  EXPECT_EQ(report.pipelines[0].keys[0].key, "hall");
}

TEST_F(DifferenceTest, Numbers_differ_by_so_much_on_average_and_at_most) {
  before("hall", 1, R"({"mean":1.0,"n":5})");
  after("hall", 1, R"({"mean":1.5,"n":5})");
  after("hall", 2, R"({"mean":7.0,"n":5})");
  before("hall", 2, R"({"mean":10.0,"n":5})");
  both("hall", 3, R"({"mean":4.0,"n":5})");
  before("hall", 9, R"({"mean":5.0,"n":5})");
  const KeyDifference key = difference_.finish().pipelines[0].keys[0];
  ASSERT_EQ(key.members.size(), 2u);
  const MemberDifference& mean = key.members[0];
  EXPECT_EQ(mean.path, "mean");
  EXPECT_EQ(mean.differing, 2u);
  EXPECT_DOUBLE_EQ(mean.mean_difference(), (0.5 + 3.0) / 2);
  EXPECT_DOUBLE_EQ(mean.largest_difference, 3.0);
  EXPECT_DOUBLE_EQ(*mean.before_mean(), 20.0 / 4);  // with what has no partner
  EXPECT_DOUBLE_EQ(*mean.after_mean(), 12.5 / 3);
  EXPECT_EQ(key.members[1].path, "n");
  EXPECT_EQ(key.members[1].differing, 0u);
}

TEST_F(DifferenceTest, The_example_is_the_pair_with_the_largest_difference) {
  before("hall", 0, R"({"mean":0})");  // only old: an example only while there is no pair
  before("hall", 1, R"({"mean":1,"n":3})");
  after("hall", 1, R"({"mean":2,"n":3})");
  before("hall", 2, R"({"mean":10,"n":3})");
  after("hall", 2, R"({"mean":7,"n":3})");
  const DifferenceExample example = *difference_.finish().pipelines[0].keys[0].example;
  EXPECT_TRUE(example.is_before && example.is_after);
  EXPECT_EQ(example.time, Timestamp(seconds(2)));
  ASSERT_EQ(example.numbers.size(), 1u);  // n does not differ
  EXPECT_EQ(example.numbers[0].path, "mean");
  EXPECT_EQ(example.numbers[0].before, 10.0);
  EXPECT_EQ(example.numbers[0].after, 7.0);
}

TEST_F(DifferenceTest, Without_a_pair_the_earliest_output_is_the_example) {
  after("hall", 3, R"({"mean":3})");
  after("hall", 1, R"({"mean":1})");
  after("hall", 2, R"({"mean":2})");
  const DifferenceExample example = *difference_.finish().pipelines[0].keys[0].example;
  EXPECT_FALSE(example.is_before);
  EXPECT_TRUE(example.is_after);
  EXPECT_EQ(example.time, Timestamp(seconds(1)));
}

TEST_F(DifferenceTest, The_nth_of_the_same_time_is_compared_with_the_nth) {
  for (const char* json : {R"({"v":1})", R"({"v":2})", R"({"v":3})"}) before("hall", 1, json);
  for (const char* json : {R"({"v":1})", R"({"v":2})", R"({"v":4})"}) after("hall", 1, json);
  after("hall", 1, R"({"v":5})");
  expect(difference_.finish().counts, 0, 1, 2, 1);
}

TEST_F(DifferenceTest, Keys_with_the_largest_difference_come_first) {
  before("a", 1, R"({"v":1})");
  after("a", 1, R"({"v":2})");
  both("b", 1, R"({"v":1})");
  before("c", 1, R"({"v":1})");
  after("c", 1, R"({"v":9})");
  before("d", 1, R"({"v":1})");
  before("d", 2, R"({"v":1})");
  std::string order;
  const DifferenceReport report = difference_.finish();
  for (const KeyDifference& key : report.pipelines[0].keys) order += key.key;
  EXPECT_EQ(order, "cadb");
}

TEST_F(DifferenceTest, Other_types_sinks_and_pipelines_make_no_pair) {
  Arena arena;
  Event one = event("hall", 1, R"({"v":1})", arena);
  difference_.add(Side::before, "climate", "cloud", one);
  difference_.add(Side::after, "climate", "archive", one);
  difference_.add(Side::after, "other", "cloud", one);
  one.type = "alarm";
  difference_.add(Side::after, "climate", "cloud", one);
  const DifferenceReport report = difference_.finish();
  expect(report.counts, 1, 3, 0, 0);
  EXPECT_EQ(report.pipelines.size(), 3u);
}

TEST_F(DifferenceTest, Data_is_compared_by_value) {
  both("a", 1, R"({"v":1})");
  before("b", 1, R"({"v":21,"w":[1,{"x":0.0}]})");
  after("b", 1, R"({"w":[1.0,{"x":-0.0}],"v":21.0})");
  before("c", 1, R"({"v":9007199254740993})");  // no double
  after("c", 1, R"({"v":9007199254740992})");
  before("d", 1, R"({"v":"1"})");
  after("d", 1, R"({"v":1})");
  before("e", 1, R"({"v":null})");
  after("e", 1, R"({})");
  before("f", 1, R"({"a":{"b":1}})");
  after("f", 1, R"({"a":{"c":1}})");
  expect(difference_.finish().counts, 0, 0, 2, 4);
}

TEST_F(DifferenceTest, Members_that_one_side_has_are_told_apart_from_those_that_differ) {
  before("hall", 1, R"({"v":1,"power":{"total":5}})");
  after("hall", 1, R"({"v":1})");
  const KeyDifference key = difference_.finish().pipelines[0].keys[0];
  expect(key.counts, 0, 0, 0, 1);
  EXPECT_EQ(key.members[0].path, "power.total");
  EXPECT_EQ(key.members[0].one_sided, 1u);
  EXPECT_EQ(key.members[0].differing, 0u);
  EXPECT_FALSE(key.members[0].after_mean());
}

TEST_F(DifferenceTest, A_payload_is_the_same_whether_a_step_looked_at_it_or_not) {
  Arena arena;
  const Event unread = received(R"({"v": 1})");
  Event read = unread;
  read.data = parse_json(unread.payload, arena).value();
  expect(counts_of(unread, read), 0, 0, 1, 0);
  const Event made = event("hall", 1, R"({"v":1})", arena);
  expect(counts_of(unread, made), 0, 0, 1, 0);
  // Not JSON: the bytes count.
  Event binary = received("\xA1\x61v\x01");
  Event binary_read = binary;
  binary_read.data = made.data;
  expect(counts_of(binary, binary_read), 0, 0, 1, 0);
  expect(counts_of(binary, received("\xA1\x61v\x02")), 0, 0, 0, 1);
}

TEST_F(DifferenceTest, Extensions_are_compared_and_ids_are_not) {
  Arena arena;
  Event one = event("hall", 1, R"({"v":1})", arena);
  Event other = one;
  one.id = "1";
  other.id = "2";
  expect(counts_of(one, other), 0, 0, 1, 0);
  const Attribute site[] = {{"site", Value::string("north")}};
  other.extensions = site;
  expect(counts_of(one, other), 0, 0, 0, 1);
}

TEST_F(DifferenceTest, The_start_of_a_window_is_part_of_the_example) {
  Arena arena;
  const Attribute long_ago[] = {{"windowstart", Value::timestamp(0, 0)}};
  const Attribute lately[] = {{"windowstart", Value::timestamp(300, 0)}};
  Event one = event("hall", 900, R"({"v":1})", arena);
  one.extensions = long_ago;
  difference_.add(Side::before, "climate", "cloud", one);
  one.extensions = lately;
  difference_.add(Side::after, "climate", "cloud", one);
  const DifferenceExample example = *difference_.finish().pipelines[0].keys[0].example;
  EXPECT_EQ(example.before_start, Timestamp(seconds(0)));
  EXPECT_EQ(example.after_start, Timestamp(seconds(300)));
}

TEST_F(DifferenceTest, What_waits_for_a_partner_is_bounded_and_pairs_do_not_count) {
  Difference bounded(Difference::Bounds{2, 100, 100});
  Arena arena;
  for (int i = 0; i < 10; ++i) {  // in step: one waits at a time
    const Event one = event("hall", i, R"({"v":1})", arena);
    bounded.add(Side::before, "p", "s", one);
    bounded.add(Side::after, "p", "s", one);
  }
  for (int i = 100; i < 103; ++i)
    bounded.add(Side::before, "p", "s", event("hall", i, R"({"v":1})", arena));
  const DifferenceReport report = bounded.finish();
  EXPECT_TRUE(report.is_waiting_full);
  expect(report.counts, 3, 0, 10, 0);
}

TEST_F(DifferenceTest, Numbers_beyond_the_bound_are_not_told_but_compared) {
  Difference bounded(Difference::Bounds{100, 100, 1});
  Arena arena;
  bounded.add(Side::before, "p", "s", event("hall", 1, R"({"v":1,"w":1})", arena));
  bounded.add(Side::after, "p", "s", event("hall", 1, R"({"v":1,"w":2})", arena));
  const DifferenceReport report = bounded.finish();
  EXPECT_TRUE(report.is_members_full);
  EXPECT_EQ(report.pipelines[0].keys[0].members.size(), 1u);
  expect(report.counts, 0, 0, 0, 1);
}

TEST_F(DifferenceTest, Keys_beyond_the_bound_are_counted_as_one) {
  Difference bounded(Difference::Bounds{100, 2, 100});
  Arena arena;
  for (const char* key : {"a", "b", "c", "d"}) {
    bounded.add(Side::before, "p", "s", event(key, 1, R"({"v":1})", arena));
    bounded.add(Side::after, "p", "s", event(key, 1, R"({"v":1})", arena));
  }
  const DifferenceReport report = bounded.finish();
  EXPECT_TRUE(report.is_keys_full);
  ASSERT_EQ(report.pipelines[0].keys.size(), 3u);
  expect(report.counts, 0, 0, 4, 0);
}

}  // namespace
}  // namespace sluice
