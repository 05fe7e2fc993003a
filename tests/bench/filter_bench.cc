// From a message's bytes to the filter's verdict: what an event costs that a filter drops, or lets
// pass. The reference in the same run reads every event whole.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "drivers/codecs/json.h"
#include "gateway/event_maker.h"
#include "pipelines/filter.h"
#include "pipelines/graph.h"

namespace sluice {
namespace {

// Of every hundred events so many pass "data.temperature > 22.0".
std::vector<std::string> payloads(int passing, bool is_large) {
  std::vector<std::string> all;
  for (int i = 0; i < 100; ++i) {
    std::string text = R"({"device":"dev-0042","seq":)" + std::to_string(18'000 + i);
    if (is_large) {
      text += R"(,"channels":[)";
      for (int channel = 0; channel < 40; ++channel)
        text += (channel == 0 ? "" : ",") + std::string(R"({"n":"c7","v":0.25})");
      text += "]";
    }
    text += R"(,"temperature":)" + std::string(i * 37 % 100 < passing ? "22.57" : "21.57");
    all.push_back(text + R"(,"humidity":41.2,"status":"ok"})");
  }
  return all;
}

class Box {
 public:
  explicit Box(bool is_gated) {
    GraphSetup setup;
    setup.gateway = "box";
    setup.store_id = "s";
    setup.sources = {{"floor", {}}};
    PipelineSetup hot{"hot", {"floor"}, {"cloud"}, 4, {}};
    auto filter = make_filter({"data.temperature > 22.0"});
    hot.steps.push_back({"filter", "filter#1", 1, OnError::drop,
                         std::get<std::unique_ptr<Step>>(std::move(filter))});
    setup.pipelines.push_back(std::move(hot));
    auto built = Graph::build(std::move(setup));
    CHECK(built.is_ok());
    graph_ = std::move(*built);
    EventMakerSetup maker;
    maker.source_name = "floor";
    maker.gateway = "box";
    maker.store_id = "s";
    maker.decoder = std::make_unique<JsonDecoder>();
    maker.needs_data = true;
    if (is_gated) maker.gate_paths = graph_->gate_paths(0);
    maker_ = std::make_unique<EventMaker>(std::move(maker));
    graph_->complete_with(
        [this](Event& event, Arena& arena) { return maker_->complete(event, arena); });
  }

  // A block of these messages; gives how many events leave.
  std::size_t run(const std::vector<std::string>& texts) {
    arena_.reset();
    events_.clear();
    pointers_.clear();
    out_.clear();
    for (const std::string& text : texts) {
      Message message;
      message.payload = text;
      message.sender = "dev-0042";
      CHECK(maker_->make(message, arena_, sequence_, events_).is_ok());
    }
    for (Event& event : events_) pointers_.push_back(&event);
    graph_->process(pointers_, {}, arena_, out_);
    return out_.targets[0].size();
  }

 private:
  std::unique_ptr<Graph> graph_;
  std::unique_ptr<EventMaker> maker_;
  Arena arena_;
  std::vector<Event> events_;
  std::vector<Event*> pointers_;
  GraphOutput out_;
  std::uint64_t sequence_ = 1;
};

// Arguments: passing of a hundred, 1: a large payload, 1: only what the filter looks at is read.
void filtered(benchmark::State& state) {
  const auto texts = payloads(static_cast<int>(state.range(0)), state.range(1) == 1);
  Box box(state.range(2) == 1);
  for (auto turn : state) {
    benchmark::DoNotOptimize(turn);
    benchmark::DoNotOptimize(box.run(texts));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(texts.size()));
}
BENCHMARK(filtered)
    ->ArgNames({"pass", "large", "peek"})
    ->ArgsProduct({{0, 25, 100}, {0, 1}, {0, 1}});

}  // namespace
}  // namespace sluice
