#include "drivers/codecs/json.h"

#include <simdjson.h>

#include <algorithm>
#include <string>

#include "drivers/codecs/json_text.h"
#include "drivers/codecs/media_type.h"

namespace sluice {
namespace {

namespace dom = simdjson::dom;

// A parser that has grown beyond this is thrown away after use: it holds some fourteen times the
// size of the largest document it has seen.
constexpr std::size_t max_kept_capacity = std::size_t{128} * 1024;

Error refused(std::string_view text, simdjson::error_code code) {
  std::string message = "not JSON: ";
  const std::size_t at = find_syntax_error(text);
  if (code == simdjson::DEPTH_ERROR) {
    message += "more than " + std::to_string(max_json_depth) + " levels deep";
  } else if (text.empty()) {
    message += "empty";
  } else if (at == text.size()) {
    message += "ends too early, after " + std::to_string(at) + " bytes";
  } else if (at != std::string_view::npos) {
    message += "unexpected byte at offset " + std::to_string(at);
  } else {
    message += simdjson::error_message(code);
  }
  return Error{ErrorKind::bad_input, std::move(message)};
}

// simdjson's tree of the text parsed last; one for each thread, so that its buffers are reused.
class DomParser {
 public:
  Result<dom::element> parse(std::string_view text) {
    if (text.empty()) return refused(text, simdjson::EMPTY);
    dom::element root;
    simdjson::error_code code = renew();
    if (code == simdjson::SUCCESS) code = parser_.parse(text.data(), text.size()).get(root);
    if (code == simdjson::NUMBER_ERROR) {
      widened_.clear();
      if (append_wide_integers_as_doubles(text, widened_)) {
        code = parser_.parse(widened_).get(root);
      }
    }
    if (code != simdjson::SUCCESS) return refused(text, code);
    return root;
  }

 private:
  // A parser with our bound on depth, and without the memory of an unusually large document.
  simdjson::error_code renew() {
    if (parser_.capacity() != 0 && parser_.capacity() <= max_kept_capacity) {
      return simdjson::SUCCESS;
    }
    constexpr std::size_t first_capacity = 1024;
    parser_ = dom::parser();
    // simdjson counts the level of the scalars too.
    return parser_.allocate(first_capacity, max_json_depth + 1);
  }

  dom::parser parser_;
  std::string widened_;
};

DomParser& dom_parser() {
  thread_local DomParser parser;
  return parser;
}

// Removes repeated keys; the last value counts, at the place of the first key. Gives the new count.
std::size_t merge_duplicates(MapEntry* entries, std::size_t count, Arena& arena) {
  constexpr std::size_t small = 16;
  const auto key = [entries](std::size_t i) { return entries[i].key.as_text(); };
  std::size_t kept = 0;
  if (count <= small) {
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t same = 0;
      while (same < kept && key(same) != key(i)) ++same;
      entries[same] = entries[i];
      if (same == kept) ++kept;
    }
    return kept;
  }
  // Sorted by key, equal keys in their order: each run of equal keys keeps its first place.
  auto* order = arena.array<std::uint32_t>(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = static_cast<std::uint32_t>(i);
  std::sort(order, order + count, [&](std::uint32_t a, std::uint32_t b) {
    const int compared = key(a).compare(key(b));
    return compared != 0 ? compared < 0 : a < b;
  });
  auto* is_repeat = arena.array<bool>(count);
  std::fill(is_repeat, is_repeat + count, false);
  for (std::size_t i = 1, first = 0; i < count; ++i) {
    if (key(order[i]) != key(order[first])) {
      first = i;
      continue;
    }
    entries[order[first]].value = entries[order[i]].value;
    is_repeat[order[i]] = true;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_repeat[i]) entries[kept++] = entries[i];
  }
  return kept;
}

// The size that simdjson keeps in its tree stops at 24 bits.
template <typename Container>
std::size_t count_of(const Container& container) {
  constexpr std::size_t saturated = 0xFFFFFF;
  if (container.size() < saturated) return container.size();
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& item : container) ++count;
  return count;
}

Value to_value(dom::element element, Arena& arena);

Value to_list(dom::array array, Arena& arena) {
  const std::size_t count = count_of(array);
  auto* items = arena.array<Value>(count);
  std::size_t next = 0;
  for (const dom::element item : array) items[next++] = to_value(item, arena);
  return Value::list({items, count});
}

Value to_map(dom::object object, Arena& arena) {
  const std::size_t count = count_of(object);
  auto* entries = arena.array<MapEntry>(count);
  std::size_t next = 0;
  for (const dom::key_value_pair member : object) {
    entries[next++] = {Value::string(arena.copy(member.key)), to_value(member.value, arena)};
  }
  return Value::map({entries, merge_duplicates(entries, count, arena)});
}

// The depth of the recursion is bounded by the parser's own bound.
Value to_value(dom::element element, Arena& arena) {
  switch (element.type()) {
    case dom::element_type::ARRAY:
      return to_list(dom::array(element), arena);
    case dom::element_type::OBJECT:
      return to_map(dom::object(element), arena);
    case dom::element_type::INT64:
      return Value::integer(std::int64_t(element));
    case dom::element_type::UINT64:
      return Value::number(static_cast<double>(std::uint64_t(element)));
    case dom::element_type::DOUBLE:
      return Value::number(double(element));
    case dom::element_type::STRING:
      return Value::string(arena.copy(std::string_view(element)));
    case dom::element_type::BOOL:
      return Value::boolean(bool(element));
    case dom::element_type::NULL_VALUE:
      return Value::null();
  }
  return Value::null();
}

Event& add_event(std::string_view payload, std::string_view content_type, std::vector<Event>& out) {
  Event& event = out.emplace_back();
  event.payload = payload;
  event.has_payload = true;
  event.datacontenttype =
      is_json_media_type(content_type) ? content_type : std::string_view("application/json");
  return event;
}

}  // namespace

Result<Value> parse_json(std::string_view text, Arena& arena) {
  return to_value(TRY(dom_parser().parse(text)), arena);
}

Result<void> validate_json(std::string_view text) {
  TRY(dom_parser().parse(text));
  return {};
}

Result<void> JsonDecoder::decode(const Message& message, bool needs_data, Arena& arena,
                                 std::vector<Event>& out) {
  const dom::element root = TRY(dom_parser().parse(message.payload));
  if (options_.split_array && root.is_array()) {
    ArrayElements texts(message.payload);
    for (const dom::element element : dom::array(root)) {
      Event& event = add_event(texts.next(), message.content_type, out);
      if (needs_data) event.data = to_value(element, arena);
    }
    return {};
  }
  Event& event = add_event(message.payload, message.content_type, out);
  if (needs_data) event.data = to_value(root, arena);
  return {};
}

Result<Value> JsonDecoder::parse(std::string_view payload, Arena& arena) {
  return parse_json(payload, arena);
}

bool JsonDecoder::prepare_peek(const std::vector<std::vector<std::string>>& paths) {
  if (options_.split_array) return false;
  paths_.emplace(paths);
  return true;
}

Result<void> JsonDecoder::peek(const Message& message, Arena& arena, std::vector<Event>& out) {
  const Value data = TRY(peek_json(message.payload, *paths_, arena));
  Event& event = add_event(message.payload, message.content_type, out);
  event.data = data;
  event.data_state = DataState::partial;
  return {};
}

}  // namespace sluice
