#include "gateway/admin/views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "gateway/view_screen.h"
#include "pipelines/graph.h"
#include "pipelines/steps/view.h"

namespace sluice {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using namespace std::chrono_literals;

// A graph with one view, and rows in it.
class ViewsTest : public testing::Test {
 protected:
  ViewsTest() {
    GraphSetup setup;
    setup.sources.push_back({"s", {}});
    PipelineSetup pipeline;
    pipeline.name = "p";
    pipeline.from = {"s"};
    StepSetup step;
    step.kind = step.name = "view";
    ViewConfig config;
    config.name = "latest";
    config.keyed.key = "data.k";
    config.keyed.bounds.max_keys = 150'000;
    config.columns = {{"t", "data.t"}};
    step.step = std::get<std::unique_ptr<Step>>(make_view(config));
    pipeline.steps.push_back(std::move(step));
    setup.pipelines.push_back(std::move(pipeline));
    auto graph = Graph::build(std::move(setup));
    graph_ = std::move(*graph);
  }

  void add(Value key, Value t) {
    Arena arena;
    const MapEntry data[] = {{Value::string("k"), key}, {Value::string("t"), t}};
    Event event;
    event.data = Value::map(data);
    event.source_index = 0;
    event.time = Timestamp(5s);
    Event* events[] = {&event};
    GraphOutput out;
    graph_->process(events, {}, arena, out);
  }
  AdminResponse ask(std::string_view path) {
    return answer_views(path, [this](const EngineDesk::Look& look) -> Result<void> {
      ++looks_;
      look(*graph_);
      return {};
    });
  }

  std::unique_ptr<Graph> graph_;
  int looks_ = 0;
};

TEST_F(ViewsTest, Rows_come_sorted_by_key_and_one_is_found_by_the_text_of_its_key) {
  add(Value::string("p8"), Value::number(21.5));
  add(Value::integer(17), Value::string("x"));
  add(Value::string("a/b"), Value::null());
  EXPECT_EQ(ask("/v1/views").body, R"({"views":[{"name":"latest","rows":3}]})");
  EXPECT_EQ(ask("/v1/views/latest").body,
            R"({"view":"latest","complete":true,"rows":[)"
            R"({"key":17,"time":"1970-01-01T00:00:05Z","columns":{"t":"x"}},)"
            R"({"key":"a/b","time":"1970-01-01T00:00:05Z","columns":{"t":null}},)"
            R"({"key":"p8","time":"1970-01-01T00:00:05Z","columns":{"t":21.5}}]})");
  EXPECT_EQ(ask("/v1/views/latest/17").body,
            R"({"key":17,"time":"1970-01-01T00:00:05Z","columns":{"t":"x"}})");
  EXPECT_THAT(ask("/v1/views/latest/a/b").body, HasSubstr("\"a/b\""));
}

TEST_F(ViewsTest, What_is_not_there_is_404_and_a_busy_engine_503) {
  EXPECT_EQ(ask("/v1/views/latest/none").status, 404);
  EXPECT_EQ(ask("/v1/views/later").status, 404);
  EXPECT_EQ(ask("/v1/views/later/x").status, 404);
  const auto busy = [](const EngineDesk::Look&) -> Result<void> {
    return Error{ErrorKind::try_later, "busy"};
  };
  for (const char* path : {"/v1/views", "/v1/views/latest", "/v1/views/latest/k"})
    EXPECT_EQ(answer_views(path, busy).status, 503);
}

TEST_F(ViewsTest, A_large_table_is_read_in_pages) {
  for (int i = 0; i < 1'200; ++i) add(Value::integer(i), Value::integer(i));
  const AdminResponse response = ask("/v1/views/latest");
  EXPECT_EQ(looks_, 3);
  for (int i = 0; i < 1'200; ++i)
    EXPECT_THAT(response.body, HasSubstr("{\"key\":" + std::to_string(i) + ","));
}

TEST_F(ViewsTest, An_answer_of_many_small_rows_is_bounded_by_what_they_need_and_not_by_their_text) {
  // As many as it takes on a 32-bit system, too, where a row needs less.
  for (int i = 0; i < 150'000; ++i) add(Value::integer(i), Value::integer(0));
  const AdminResponse response = ask("/v1/views/latest");
  EXPECT_NE(response.body.find("\"complete\":false"), std::string::npos);
  EXPECT_GT(response.body.size(), std::size_t{4} << 20);
}

TEST_F(ViewsTest, The_screen_shows_columns_beyond_the_fiftieth_as_data) {
  std::string columns;
  for (int i = 0; i < 50; ++i) columns += "\"c" + std::to_string(i) + "\":1,";
  const std::string screen = *render_view(
      R"({"view":"v","complete":true,"rows":[{"key":1,"time":"t","columns":{)" + columns +
      R"("x":2,"y":3}},{"key":2,"time":"t","columns":{"c0":4}},{"key":3,"time":"t","columns":5}]})");
  EXPECT_THAT(screen, HasSubstr("  C49  DATA\n"));
  EXPECT_THAT(screen, HasSubstr("  1    {\"x\":2,\"y\":3}\n"));
  EXPECT_THAT(screen, HasSubstr("  -    -\n3 "));
  EXPECT_THAT(screen, EndsWith("  -    5\n"));
}

TEST_F(ViewsTest, The_screen_has_a_column_for_each_field) {
  add(Value::string("p8"), Value::number(21.5));
  add(Value::string("p7"), Value::string("two\nlines"));
  EXPECT_EQ(*render_view(ask("/v1/views/latest").body),
            "KEY  TIME                  T\n"
            "p7   1970-01-01T00:00:05Z  two lines\n"
            "p8   1970-01-01T00:00:05Z  21.5\n");
  EXPECT_EQ(*render_view(ask("/v1/views/latest/p8").body),
            "KEY  TIME                  T\n"
            "p8   1970-01-01T00:00:05Z  21.5\n");
  EXPECT_EQ(*render_view(ask("/v1/views").body),
            "VIEW    ROWS\n"
            "latest  2\n");
  EXPECT_FALSE(render_view("[]").is_ok());
  EXPECT_FALSE(render_view("{").is_ok());
}

TEST_F(ViewsTest, The_engine_answers_between_its_turns_and_a_question_ends_in_time) {
  EngineDesk desk;
  EXPECT_FALSE(desk.ask([](const Graph&) { FAIL(); }, [] {}, 1ms).is_ok());
  EXPECT_FALSE(desk.is_asked());
  desk.serve(*graph_);  // what was given up is not run

  std::atomic<bool> is_over{false};
  std::thread engine([&] {
    while (!is_over) desk.serve(*graph_);
  });
  std::atomic<int> ran{0};
  std::vector<std::thread> askers;
  for (int i = 0; i < 4; ++i) {
    askers.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        EXPECT_TRUE(desk.ask(
                            [&](const Graph& graph) {
                              EXPECT_EQ(std::this_thread::get_id(), engine.get_id());
                              EXPECT_EQ(&graph, graph_.get());
                              ++ran;
                            },
                            [] {}, 10s)
                        .is_ok());
      }
    });
  }
  for (std::thread& asker : askers) asker.join();
  is_over = true;
  engine.join();
  EXPECT_EQ(ran, 200);
}

}  // namespace
}  // namespace sluice
