#include "pipelines/graph.h"

#include <gtest/gtest.h>

#include <utility>

#include "pipelines/filter.h"
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

// Two pipelines that begin with a filter read one source, whose events come partial.
class GatedGraph : public ::testing::Test {
 protected:
  void SetUp() override {
    GraphSetup setup;
    setup.gateway = "box";
    setup.store_id = "s";
    setup.sources = {{"floor", {}}, {"roof", {}}};
    setup.pipelines.push_back(filtered("warm", {"floor"}, "data.v > 20 && has(data.w.x)"));
    setup.pipelines.push_back(filtered("hot", {"floor", "roof"}, "data['v'] > 40"));
    setup.pipelines.push_back({"all", {"roof"}, {"cloud"}, 4, {}});
    auto built = Graph::build(std::move(setup));
    ASSERT_TRUE(built.is_ok());
    graph_ = std::move(*built);
    graph_->complete_with([this](Event& event, Arena&) -> Result<void> {
      ++completed_;
      if (event.payload == "broken") return Error{ErrorKind::bad_input, "not JSON"};
      return {};
    });
  }

  static PipelineSetup filtered(std::string name, std::vector<std::string> from,
                                std::string condition) {
    PipelineSetup setup{std::move(name), std::move(from), {"cloud"}, 4, {}};
    setup.steps.push_back({"filter", "filter#1", 1, OnError::drop,
                           testing::must(make_filter({std::move(condition)}))});
    return setup;
  }

  Event* send(std::int64_t v, std::string_view payload) {
    Event* event = testing::make_event(
        arena_, {{"v", Value::integer(v)},
                 {"w", testing::make_event(arena_, {{"x", Value::integer(1)}})->data}});
    event->source_index = 0;
    event->payload = payload;
    event->has_payload = true;
    event->data_state = DataState::partial;
    graph_->process({&event, 1}, {}, arena_, out_);
    return event;
  }

  Arena arena_;
  std::unique_ptr<Graph> graph_;
  GraphOutput out_;
  int completed_ = 0;
};

TEST_F(GatedGraph, Tells_what_the_gates_look_at) {
  EXPECT_EQ(graph_->gate_paths(0), (DataPaths{{"v"}, {"w", "x"}, {"v"}}));
  EXPECT_EQ(graph_->gate_paths(1), std::nullopt) << "'all' lets everything pass";
}

TEST_F(GatedGraph, An_event_that_all_gates_drop_is_never_completed) {
  send(20, "fine");
  EXPECT_EQ(completed_, 0);
  EXPECT_TRUE(out_.targets[0].empty());
}

TEST_F(GatedGraph, An_event_that_passes_two_gates_is_completed_once) {
  EXPECT_EQ(send(50, "fine")->data_state, DataState::whole);
  EXPECT_EQ(completed_, 1);
  EXPECT_EQ(out_.targets[0].size(), 2u);
  EXPECT_TRUE(out_.dead_letters.empty());
}

TEST_F(GatedGraph, One_that_cannot_be_completed_is_one_dead_letter_and_goes_nowhere) {
  EXPECT_EQ(send(50, "broken")->data_state, DataState::refused);
  EXPECT_EQ(completed_, 1);
  EXPECT_TRUE(out_.targets[0].empty());
  ASSERT_EQ(out_.dead_letters.size(), 1u);
  EXPECT_EQ(out_.dead_letters[0].stage, "decode");
  EXPECT_EQ(out_.dead_letters[0].reason, "not JSON");
}

}  // namespace
}  // namespace sluice
