#include "gateway/replay/replay_screen.h"

#include <gtest/gtest.h>

#include "core/arena.h"
#include "drivers/codecs/json.h"

namespace sluice {
namespace {

using std::chrono::seconds;

// Two keys: one whose mean differs in one of two windows, one that is equal.
ReplayReport small_report() {
  MemberDifference mean;
  mean.path = "mean";
  mean.before_count = mean.after_count = 2;
  mean.before_sum = 43;
  mean.after_sum = 44.5;
  mean.differing = 1;
  mean.sum_of_differences = mean.largest_difference = 1.5;
  KeyDifference hall;
  hall.key = "hall";
  hall.counts = {0, 0, 1, 1};
  hall.members = {mean};
  hall.example = DifferenceExample{
      Timestamp(seconds(60)), true, true, Timestamp(seconds(0)), Timestamp(seconds(0)),
      {{"mean", 21.0, 22.5}}};
  KeyDifference yard;
  yard.key = "yard";
  yard.counts = {0, 0, 2, 0};
  ReplayReport report;
  report.walk.first = Timestamp(seconds(0));
  report.walk.last = Timestamp(seconds(90));
  report.walk.blocks = 1;
  report.walk.events = 1200;
  report.before_name = "old.toml";
  report.before_epoch = 4;
  report.after_name = "new.toml";
  report.notes = {"source 'x' is new: nothing was recorded of it"};
  report.difference.pipelines = {{"climate", "cloud", {0, 0, 3, 1}, {hall, yard}}};
  report.difference.counts = {0, 0, 3, 1};
  return report;
}

TEST(ReplayScreen, The_summary_tells_per_pipeline_and_key_what_differs) {
  EXPECT_EQ(render_replay(small_report(), 10),
            R"(replay of 1970-01-01T00:00:00Z to 1970-01-01T00:01:30Z: 1 block, 1,200 events
  old  old.toml, in force since 1970-01-01T00:00:00Z (epoch 4)
  new  new.toml
  note: source 'x' is new: nothing was recorded of it

climate -> cloud   4 old, 4 new: 1 different, 3 equal
  hall   1 different, 1 equal
      mean: 1 differ, by 1.5 on average and 1.5 at most; mean 21.5 -> 22.25 (of 2 and 2)
      for example 1970-01-01T00:01:00Z (window from 1970-01-01T00:00:00Z): mean 21 -> 22.5
  1 key without a difference

different: 4 outputs -> 4: 1 different, 3 equal
)");
}

TEST(ReplayScreen, Keys_beyond_the_limit_are_counted) {
  ReplayReport report = small_report();
  report.difference.pipelines[0].keys[1].counts = {1, 0, 0, 0};
  const std::string text = render_replay(report, 1);
  EXPECT_NE(text.find("1 more key with a difference (--limit 0 shows all)"), std::string::npos);
  EXPECT_EQ(text.find("yard"), std::string::npos);
  EXPECT_NE(render_replay(report, 0).find("yard"), std::string::npos);
}

TEST(ReplayScreen, What_was_bounded_is_told) {
  ReplayReport report = small_report();
  report.difference.is_waiting_full = report.difference.is_keys_full =
      report.difference.is_members_full = true;
  const std::string text = render_replay(report, 1);
  EXPECT_NE(text.find("more outputs had no partner"), std::string::npos);
  EXPECT_NE(text.find("too many keys"), std::string::npos);
  EXPECT_NE(text.find("too many numbers"), std::string::npos);
}

TEST(ReplayScreen, The_json_is_one_object_with_the_same) {
  Arena arena;
  ReplayReport report = small_report();
  report.difference.pipelines[0].keys[0].key = "ha\"ll\n";
  const std::string text = replay_json(report, 10);
  const Value json = parse_json(text, arena).value();
  EXPECT_EQ(to_json(*json.find("is_equal")), "false");
  EXPECT_EQ(to_json(*json.find("totals")),
            R"({"only_old":0,"only_new":0,"equal":3,"different":1})");
  const Value key = json.find("pipelines")->as_list()[0].find("keys")->as_list()[0];
  EXPECT_EQ(key.find("key")->as_text(), "ha\"ll\n");
  EXPECT_EQ(to_json(*key.find("members")->find("mean")->find("new_mean")), "22.25");
  EXPECT_EQ(to_json(*key.find("example")->find("data")), R"({"mean":{"old":21,"new":22.5}})");
}

}  // namespace
}  // namespace sluice
