#include "gateway/window_options.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "config/fields.h"
#include "config/located_text.h"
#include "gateway/keyed_options.h"
#include "gateway/step_places.h"
#include "pipelines/windows/window.h"

namespace sluice {

// From one result to the next: a time, or (of a count window) a number of events.
struct Every {
  std::optional<Duration> time;
  std::uint32_t events = 0;
};

template <>
struct ValueType<Every> {
  static std::string name() { return "duration or integer"; }
  static bool read(const Node& node, Every& value, Diagnostics& diagnostics) {
    if (node.kind != Node::Kind::integer) {
      value.time.emplace();
      return ValueType<Duration>::read(node, *value.time, diagnostics);
    }
    return ValueType<std::uint32_t>::read(node, value.events, diagnostics);
  }
  static std::string text(const Every&) { return {}; }
};

namespace {

using namespace std::chrono_literals;

struct WindowTable {
  std::optional<Duration> tumbling;
  std::optional<Duration> hopping;
  std::optional<Duration> session;
  std::optional<std::uint32_t> count;
  std::optional<Duration> sliding;
  std::optional<bool> global;
  std::optional<Every> every;
  Duration offset{0};
  LocatedText time_zone;
  Duration max_length{0};
  std::string touching = "join";
  ExpressionText key;
  Duration lateness{0};
  std::string late_by = "window";
  bool accumulating = true;
  Duration early{0};
  std::uint32_t early_count = 0;
  std::int64_t max_keys = 100'000;
  std::int64_t max_windows = 400'000;
  ByteSize max_memory{WindowConfig{}.max_memory};
  std::string watermark = "source";
  Duration out_of_order{0};
  WhenFull when_full = WindowConfig{}.when_full;
  Duration forget_after{0};
};

bool has_one_shape(const WindowTable& window) {
  const std::array shapes = {window.tumbling.has_value(), window.hopping.has_value(),
                             window.session.has_value(),  window.count.has_value(),
                             window.sliding.has_value(),  window.global.value_or(false)};
  return std::ranges::count(shapes, true) == 1;
}

// Whether `every` is there exactly where it belongs, in the unit of the window.
bool has_its_hop(const WindowTable& window) {
  if (window.hopping) return window.every && window.every->time;
  return !window.every || (window.count && !window.every->time && window.every->events > 0);
}

void describe(Fields<WindowTable>& fields) {
  fields
      .optional("tumbling", &WindowTable::tumbling,
                "Length of a window; windows follow each other without a gap.")
      .at_least(1ms)
      .optional("hopping", &WindowTable::hopping,
                "Length of a window; one begins each `every`, so that they overlap.")
      .at_least(1ms)
      .optional("session", &WindowTable::session, "A window ends when this long no event came.")
      .at_least(1ms)
      .optional("count", &WindowTable::count,
                "Events in a window, of one key and in the order in which they came.")
      .between(1, 1'000'000)
      .optional("sliding", &WindowTable::sliding,
                "For the time of each event a window of the events in the time before it, with it.")
      .at_least(1ms)
      .optional("global", &WindowTable::global,
                "One window without an end; gives results by `early` and `early_count`.")
      .optional("every", &WindowTable::every,
                "Of a hopping window, from one start to the next; of a count window, events from "
                "one result to the next (without it as many as `count`).")
      .optional("offset", &WindowTable::offset, "Moves the start of tumbling and hopping windows.")
      .optional("time_zone", &WindowTable::time_zone,
                "Tumbling windows follow the days of this zone, for instance \"Europe/Berlin\"; "
                "they are whole days, or less than one and begin anew each day.")
      .optional("max_length", &WindowTable::max_length,
                "A session ends at this length, however close its events are; 0s: no limit.")
      .optional("touching", &WindowTable::touching,
                "Two events exactly one gap apart are in one session, or (\"split\") in two.")
      .one_of({"join", "split"})
      .optional("key", &WindowTable::key,
                "Events with the same value share a window; without it all do.")
      .optional("lateness", &WindowTable::lateness,
                "How long a window that has fired still takes events, firing again with a higher "
                "revision.")
      .at_least(Duration{0})
      .optional("late_by", &WindowTable::late_by,
                "An event is late when its last window is closed, or (\"event\") as soon as it is "
                "behind the watermark.")
      .one_of({"window", "event"})
      .optional("accumulating", &WindowTable::accumulating,
                "A revision holds all events of the window; false: only what is new.")
      .optional("early", &WindowTable::early,
                "Tumbling, session and global windows also give a result this long after the first "
                "news, with `early` set; 0s: none.")
      .optional("early_count", &WindowTable::early_count, "And after so many new events; 0: none.")
      .optional(
          "max_keys", &WindowTable::max_keys,
          "Keys with an open window at a time; events of further keys are dropped and counted.")
      .between(1, 10'000'000)
      .optional("max_windows", &WindowTable::max_windows,
                "Open windows at a time, of all keys together (of overlapping ones, the panes that "
                "they share); events that would open more are dropped and counted.")
      .between(1, 100'000'000)
      .optional("max_memory", &WindowTable::max_memory,
                "What keys and windows may take; events that would need more are dropped and "
                "counted. As much again while a snapshot is written.")
      .between(ByteSize{KeyBounds::least_memory}, ByteSize{KeyBounds::most_memory})
      .optional("watermark", &WindowTable::watermark,
                "Windows end by how far the sources have come, or (\"key\": tumbling and session "
                "windows) each key's by its own events: for devices that store and send later.")
      .one_of({"source", "key"})
      .optional("out_of_order", &WindowTable::out_of_order,
                "With watermark = \"key\": how much older than the key's newest event one may be.")
      .at_least(Duration{0})
      .optional(
          "when_full", &WindowTable::when_full,
          "Of count and global windows and with watermark = \"key\": events that find no room are "
          "dropped, or (\"evict\") the key that was not seen for longest tells what it has, "
          "early, and goes. Both are counted.")
      .optional("forget_after", &WindowTable::forget_after,
                "Of the same: a key that is silent for this long tells what it has, early, and is "
                "forgotten; 0s: never.")
      .between(Duration{0}, longest_step_time)
      .ensure(has_one_shape,
              "needs exactly one of 'tumbling', 'hopping', 'session', 'count', 'sliding' and "
              "'global = true'")
      .ensure(has_its_hop,
              "needs 'every' for a hopping window, as in every = \"10s\"; a count window may have "
              "it as a number, others have none");
}

struct WindowOptions {
  WindowTable window;
  RawTable emit;
};
void describe(Fields<WindowOptions>& fields) {
  fields.required("window", &WindowOptions::window, "The window.")
      .required("emit", &WindowOptions::emit,
                "Field of the result = aggregate, for instance mean = \"avg(data.temperature)\".");
}

void set_shape(const WindowTable& window, WindowConfig& config) {
  const auto timed = [&](WindowShape shape, std::optional<Duration> size) {
    if (!size) return;
    config.shape = shape;
    config.size = *size;
  };
  timed(WindowShape::tumbling, window.tumbling);
  timed(WindowShape::hopping, window.hopping);
  timed(WindowShape::session, window.session);
  timed(WindowShape::sliding, window.sliding);
  if (window.global.value_or(false)) config.shape = WindowShape::global;
  if (window.count) {
    config.shape = WindowShape::count;
    config.count = *window.count;
  }
  if (window.every) {
    config.every = window.every->time.value_or(Duration{0});
    config.count_every = window.every->events;
  }
}

WindowConfig window_config(const WindowTable& window) {
  WindowConfig config;
  set_shape(window, config);
  config.offset = window.offset;
  config.time_zone = window.time_zone.text();
  config.max_length = window.max_length;
  config.splits_touching = window.touching == "split";
  config.key = window.key.text();
  config.lateness = window.lateness;
  config.late_by_event = window.late_by == "event";
  config.accumulating = window.accumulating;
  config.early = window.early;
  config.early_count = window.early_count;
  config.max_keys = static_cast<std::uint32_t>(window.max_keys);
  config.max_windows = static_cast<std::uint32_t>(window.max_windows);
  config.max_memory = static_cast<std::size_t>(window.max_memory.bytes());
  config.by_key_time = window.watermark == "key";
  config.out_of_order = window.out_of_order;
  config.when_full = window.when_full;
  config.forget_after = window.forget_after;
  return config;
}

}  // namespace

std::unique_ptr<Step> read_window(TableReader& reader, Diagnostics& diagnostics) {
  WindowOptions options;
  if (!reader.read(options)) return nullptr;
  WindowConfig config = window_config(options.window);
  StepPlaces places = {{"key", options.window.key}, {"time_zone", options.window.time_zone}};
  bool is_good = true;
  // In the order of the file: the result's fields come in it.
  for (const auto& field : options.emit.node().children) {
    if (field->kind != Node::Kind::string) {
      diagnostics.error(*field, "an aggregate such as \"avg(data.temperature)\" is needed, not " +
                                    describe_node(*field, false));
      is_good = false;
      continue;
    }
    diagnostics.show(field->value);  // an aggregate is no secret
    const LocatedText text(*field);
    config.emit.push_back({field->name, text.text()});
    places.emplace("emit." + field->name, text);
  }
  if (!is_good) return nullptr;
  return take_step(make_window(config), places, reader.table(), diagnostics);
}

ComponentDescription describe_window(std::string_view key, std::string_view summary) {
  return describe_component<WindowOptions>("step", std::string(key), std::string(summary));
}

}  // namespace sluice
