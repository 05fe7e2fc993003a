#include "pipelines/graph.h"

#include <gtest/gtest.h>

#include <utility>

#include "pipelines/windows/window.h"
#include "tests/unit/pipelines/recording.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using testing::at_ms;

// A source whose events are stamped on arrival -> "raw" -> a window of ten seconds, either in "raw"
// or in a pipeline that reads it.
class ArrivalGraph : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    GraphSetup setup;
    setup.gateway = "box";
    setup.store_id = "s";
    setup.sources = {{"floor", {.is_arrival = true}}};
    PipelineSetup raw{"raw", {"floor"}, {"cloud"}, 4, {}};
    PipelineSetup sums{"sums", {"raw"}, {"cloud"}, 4, {}};
    WindowConfig window;
    window.size = 10s;
    window.emit = {{"n", "count()"}};
    StepSetup step{"window", "window#1", 1, OnError::dead_letter,
                   testing::must(make_window(window))};
    (GetParam() ? sums : raw).steps.push_back(std::move(step));
    setup.pipelines.push_back(std::move(raw));
    setup.pipelines.push_back(std::move(sums));
    auto built = Graph::build(std::move(setup));
    ASSERT_TRUE(built.is_ok());
    graph_ = std::move(*built);
  }

  // A block at this second of all clocks; with an event of that time, when it has one.
  std::size_t block(int second, bool has_event, bool was_backpressured = false) {
    BlockTime time;
    time.now = EngineTime{} + std::chrono::seconds(second);
    time.wall = at_ms(second * 1000);
    time.was_backpressured = was_backpressured;
    Event* event = testing::make_event(arena_, "a", second * 1000, Value::integer(1));
    event->received = event->time;
    event->source_index = 0;
    GraphOutput out;
    graph_->process(std::span<Event* const>(&event, has_event ? 1 : 0), time, arena_, out);
    return out.targets.at(0).size();
  }
  // How long the graph waits for its next timer after second `after`.
  Duration wait(int after) {
    const auto timer = graph_->next_timer();
    return timer ? *timer - (EngineTime{} + std::chrono::seconds(after)) : Duration::max();
  }

  Arena arena_;
  std::unique_ptr<Graph> graph_;
};
INSTANTIATE_TEST_SUITE_P(Window, ArrivalGraph, ::testing::Values(false, true),
                         [](const auto& tested) { return tested.param ? "BehindRaw" : "InRaw"; });

TEST_P(ArrivalGraph, The_clock_alone_ends_a_window) {
  block(103, true);
  EXPECT_EQ(wait(103), 7s + arrival_slack);
  EXPECT_EQ(block(104, false), 0u);
  EXPECT_GT(block(111, false), 0u);
}

TEST_P(ArrivalGraph, A_box_that_holds_its_sources_back_does_not_write_a_block_for_each_look) {
  block(103, true);
  block(120, false, true);  // the window stays open: the source may have more for it
  EXPECT_GE(wait(120), 30s);
  EXPECT_GT(block(150, false), 0u);
  EXPECT_EQ(wait(150), Duration::max());
}

}  // namespace
}  // namespace sluice
