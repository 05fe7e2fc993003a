#include "gateway/replay/replay_side.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using std::chrono::seconds;

constexpr const char* head = R"(
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:0"]
decode = "json"
watermark = { out_of_order = "1h" }
[sinks.cloud]
type = "file"
path = "/unused"
[sinks.archive]
type = "file"
path = "/unused"
)";

std::unique_ptr<ReplaySide> make_side(const std::string& pipelines) {
  std::string problems;
  auto configuration = read_configuration_text(head + pipelines, "test.toml", problems, false);
  EXPECT_TRUE(configuration) << problems;
  auto side = ReplaySide::make(std::move(*configuration), "store");
  EXPECT_TRUE(side);
  return std::move(*side);
}

// Runs blocks; each output is "pipeline>sink{data}" in `outputs_`.
class ReplaySideTest : public testing::Test {
 protected:
  // A block made `at` seconds, of one event of that time and value.
  void run(ReplaySide& side, int at, int time, int v, const char* source = "floor") {
    const std::string payload = "{\"v\":" + std::to_string(v) + "}";
    Event event;
    event.source_name = source;
    event.time = Timestamp(seconds(1'790'000'000 + time));
    event.payload = payload;
    event.has_payload = true;
    Block block;
    block.header.block = ++number_;
    block.header.wall = Timestamp(seconds(1'790'000'000 + at));
    block.header.engine_time = EngineTime{0} + seconds(at);
    block.events = {event};
    Arena arena;
    side.run(block, arena, [&](const ReplaySide::Output& output) {
      const Event& event_out = output.event;
      outputs_ +=
          std::string(output.pipeline) + ">" + std::string(output.sink) +
          (event_out.has_payload ? std::string(event_out.payload) : to_json(event_out.data)) + " ";
    });
  }

  std::uint64_t number_ = 0;
  std::string outputs_;
};

TEST_F(ReplaySideTest, Each_output_says_which_pipeline_gave_it_also_when_it_is_unchanged) {
  const auto side = make_side(R"(
[pipelines.all]
from = ["floor"]
to = ["cloud", "archive"]
[pipelines.high]
from = ["floor"]
to = ["cloud"]
[[pipelines.high.steps]]
filter = "data.v > 5"
)");
  run(*side, 1, 1, 3);
  run(*side, 2, 2, 7);
  EXPECT_EQ(outputs_,
            "all>cloud{\"v\":3} all>archive{\"v\":3} "
            "all>cloud{\"v\":7} high>cloud{\"v\":7} all>archive{\"v\":7} ");
}

// The sort step gives its event away after 10 s though the watermark stands still; the recording
// has no block for that.
TEST_F(ReplaySideTest, A_timer_that_was_due_between_two_blocks_fires_before_the_second) {
  const std::string sorted = R"(
[pipelines.sorted]
from = ["floor"]
to = ["cloud"]
[[pipelines.sorted.steps]]
sort = { max_wait = "10s" }
)";
  const auto side = make_side(sorted);
  run(*side, 0, 100, 1);
  EXPECT_EQ(outputs_, "");
  run(*side, 15, 50, 2);
  EXPECT_EQ(outputs_, "sorted>cloud{\"v\":1} ");
  // Where a block follows at once, it is the one that the gateway made.
  outputs_.clear();
  const auto other = make_side(sorted);
  run(*other, 0, 100, 1);
  run(*other, 10, 50, 2);
  EXPECT_EQ(outputs_, "sorted>cloud{\"v\":2} sorted>cloud{\"v\":1} ");
}

TEST_F(ReplaySideTest, Events_of_a_source_that_is_gone_go_nowhere) {
  const auto side = make_side("[pipelines.all]\nfrom = [\"floor\"]\nto = [\"cloud\"]\n");
  run(*side, 1, 1, 3, "roof");
  EXPECT_EQ(outputs_, "");
}

}  // namespace
}  // namespace sluice
