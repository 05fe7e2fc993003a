// Fuzz target: the JSON decoder, whole and as a peek. What it takes can be written and read again
// as the same value, does not depend on whether data is needed, and makes a frame that holds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/codecs/cloudevents.h"
#include "drivers/codecs/json.h"
#include "drivers/codecs/json_peek.h"

namespace sluice {
namespace {

// The same JSON: 1.0 is written as 1 and -0.0 as -0, which are integers when read again.
bool is_same_json(const Value& a, const Value& b) {
  if (a.is_numeric() && b.is_numeric()) return a.to_double() == b.to_double();
  if (a.kind() == Kind::list && b.kind() == Kind::list) {
    return std::ranges::equal(a.as_list(), b.as_list(), is_same_json);
  }
  if (a.kind() == Kind::map && b.kind() == Kind::map) {
    return std::ranges::equal(a.as_map(), b.as_map(), [](const MapEntry& x, const MapEntry& y) {
      return is_same(x.key, y.key) && is_same_json(x.value, y.value);
    });
  }
  return is_same(a, b);
}

void check_round_trip(const Value& data, Arena& arena) {
  const auto again = parse_json(to_json(data), arena);
  CHECK(again.is_ok());
  CHECK(is_same_json(*again, data));
}

void check_frame(Event event, Arena& arena) {
  event.id = "1";
  event.source = "//fuzz";
  event.type = "sluice.event";
  std::string line;
  append_framed(line, Frame::ndjson, event);
  CHECK(line.find('\n') == line.size() - 1);
  // An envelope adds one level, which the deepest payload does not leave room for.
  if (const auto parsed = parse_json(line, arena)) {
    CHECK(is_same_json(*parsed->find("data"), event.data));
  } else {
    CHECK(parsed.error().message.find("levels deep") != std::string::npos);
  }
}

void run(std::string_view payload, bool split) {
  Message message;
  message.payload = payload;
  Arena arena;
  std::vector<Event> events;
  std::vector<Event> without_data;
  JsonDecoder decoder({.split_array = split});
  const bool is_taken = decoder.decode(message, true, arena, events).is_ok();
  CHECK(decoder.decode(message, false, arena, without_data).is_ok() == is_taken);
  CHECK(without_data.size() == events.size());
  for (const Event& event : events) {
    check_round_trip(event.data, arena);
    const auto element = parse_json(event.payload, arena);
    CHECK(element.is_ok() && is_same(*element, event.data));
    check_frame(event, arena);
  }
}

// What is wanted of a document that is taken is the same in a peek; any other document ends too.
void check_peek(std::string_view payload) {
  Arena arena;
  const JsonPaths paths({{"a"}, {"b", "c"}});
  const auto part = peek_json(payload, paths, arena);
  const auto whole = parse_json(payload, arena);
  if (!whole) return;
  CHECK(part.is_ok());
  if (whole->kind() != Kind::map) {
    CHECK(is_same(*part, *whole));
    return;
  }
  const Value* const expected = whole->find("a");
  const Value* const got = part->find("a");
  CHECK((expected == nullptr) == (got == nullptr));
  CHECK(expected == nullptr || is_same(*expected, *got));
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Its own allocation of the exact size: the address sanitizer sees a read past the end.
  const std::vector<char> payload(data, data + size);
  sluice::run({payload.data(), payload.size()}, false);
  sluice::run({payload.data(), payload.size()}, true);
  sluice::check_peek({payload.data(), payload.size()});
  return 0;
}
