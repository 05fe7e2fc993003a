#include "pipelines/expression/plain_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pipelines/expression/calendar.h"
#include "pipelines/expression/numbers.h"

namespace sluice::cel {
namespace {

std::string_view append_list(std::string& out, const Value& list, Context& context) {
  std::string_view separator = "[";
  for (const Value& item : list.as_list()) {
    out += separator;
    const std::string_view problem = append_plain(out, item, context);
    if (!problem.empty()) return problem;
    separator = ", ";
  }
  out += list.as_list().empty() ? "[]" : "]";
  return {};
}

// By the text of the keys: maps that are equal have the same text.
std::string_view append_map(std::string& out, const Value& map, Context& context) {
  std::vector<std::pair<std::string, const Value*>> entries;
  for (const MapEntry& entry : map.as_map()) {
    std::string key;
    const std::string_view problem = append_plain(key, entry.key, context);
    if (!problem.empty()) return problem;
    entries.emplace_back(std::move(key), &entry.value);
  }
  std::ranges::stable_sort(entries, {}, &std::pair<std::string, const Value*>::first);
  std::string_view separator = "{";
  for (const auto& [key, value] : entries) {
    out += separator;
    out += key;
    out += ": ";
    const std::string_view problem = append_plain(out, *value, context);
    if (!problem.empty()) return problem;
    separator = ", ";
  }
  out += entries.empty() ? "{}" : "}";
  return {};
}

}  // namespace

std::string_view append_plain(std::string& out, const Value& value, Context& context) {
  constexpr std::string_view too_much = "the text costs more than is allowed";
  if (!context.spend(1)) return too_much;
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return {};
    case Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      return {};
    case Kind::integer:
      append_integer(out, value.as_int());
      return {};
    case Kind::uinteger:
      append_unsigned(out, value.as_uint());
      return {};
    case Kind::number:
      append_double(out, value.as_double());
      return {};
    case Kind::string:
    case Kind::bytes:
    case Kind::type:
      if (!context.spend_bytes(value.as_text().size())) return too_much;
      out += value.as_text();
      return {};
    case Kind::timestamp:
      out += timestamp_text(value);
      return {};
    case Kind::duration:
      out += duration_text(value);
      return {};
    case Kind::list:
      return append_list(out, value, context);
    case Kind::map:
      return append_map(out, value, context);
    default:
      return "an optional has no text; use orValue() first";
  }
}

}  // namespace sluice::cel
