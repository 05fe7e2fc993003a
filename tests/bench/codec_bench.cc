// What a message costs in the codecs: JSON in, CloudEvents out. The reference in the same run is a
// copy of the same bytes.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "drivers/codecs/cloudevents.h"
#include "drivers/codecs/json.h"
#include "drivers/codecs/json_peek.h"
#include "drivers/codecs/senml.h"

namespace sluice {
namespace {

constexpr std::string_view reading =
    R"({"device":"dev-0042","seq":18273,"ts":"2026-11-23T08:00:00.250Z",)"
    R"("temperature":22.57,"humidity":41.2,"status":"ok"})";
constexpr std::string_view pack =
    R"([{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1700000000.25,"n":"temp","u":"Cel","v":22.57},)"
    R"({"n":"hum","u":"%RH","v":41.2},{"n":"ok","vb":true}])";

Event make_event() {
  Event event;
  event.id = "01J9ZC5V/184467440";
  event.source = "//plant-7/floor/dev-0042";
  event.type = "sluice.event";
  event.subject = "dev-0042";
  event.datacontenttype = "application/json";
  event.time = Timestamp(std::chrono::milliseconds(1700000000250));
  event.payload = reading;
  event.has_payload = true;
  return event;
}

// A reading with what gateways often get beside it: some 1,100 bytes.
std::string large_reading() {
  std::string text = R"({"device":"dev-0042","site":{"hall":7,"line":"B"},"channels":[)";
  for (int i = 0; i < 40; ++i) {
    text += (i == 0 ? "" : ",") + std::string(R"({"n":"c)") + std::to_string(i) + R"(","v":)" +
            std::to_string(i) + ".25}";
  }
  return text + R"(],"log":"started, \"calibrated\", running","temperature":22.57})";
}

void count(benchmark::State& state, std::string_view bytes) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void decode(benchmark::State& state, Decoder& decoder, std::string_view payload, bool needs_data) {
  Message message;
  message.payload = payload;
  message.content_type = "application/json";
  Arena arena;
  std::vector<Event> events;
  for (auto _ : state) {
    events.clear();
    arena.reset();
    const bool is_ok = decoder.decode(message, needs_data, arena, events).is_ok();
    benchmark::DoNotOptimize(is_ok);
    benchmark::DoNotOptimize(events.data());
  }
  count(state, payload);
}

void copy_reference(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    out += reading;
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  count(state, reading);
}
BENCHMARK(copy_reference);

void json_validate(benchmark::State& state) {
  JsonDecoder decoder;
  decode(state, decoder, reading, false);
}
BENCHMARK(json_validate);

void json_to_value(benchmark::State& state) {
  JsonDecoder decoder;
  decode(state, decoder, reading, true);
}
BENCHMARK(json_to_value);

void peek(benchmark::State& state, std::string_view text) {
  const JsonPaths paths({{"temperature"}});
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    const auto value = peek_json(text, paths, arena);
    benchmark::DoNotOptimize(&value);
  }
  count(state, text);
}
void json_peek(benchmark::State& state) { peek(state, reading); }
BENCHMARK(json_peek);

void large_json_to_value(benchmark::State& state) {
  JsonDecoder decoder;
  decode(state, decoder, large_reading(), true);
}
BENCHMARK(large_json_to_value);

void large_json_peek(benchmark::State& state) { peek(state, large_reading()); }
BENCHMARK(large_json_peek);

void senml_pack_of_three(benchmark::State& state) {
  SenmlDecoder decoder;
  decode(state, decoder, pack, true);
}
BENCHMARK(senml_pack_of_three);

void cloudevent_with_payload(benchmark::State& state) {
  const Event event = make_event();
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_framed(out, Frame::ndjson, event);
    benchmark::DoNotOptimize(out.data());
  }
  count(state, out);
}
BENCHMARK(cloudevent_with_payload);

void cloudevent_with_data(benchmark::State& state) {
  Arena arena;
  Event event = make_event();
  event.has_payload = false;
  event.payload = {};
  event.data = parse_json(reading, arena).value();
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_framed(out, Frame::ndjson, event);
    benchmark::DoNotOptimize(out.data());
  }
  count(state, out);
}
BENCHMARK(cloudevent_with_data);

}  // namespace
}  // namespace sluice

BENCHMARK_MAIN();
