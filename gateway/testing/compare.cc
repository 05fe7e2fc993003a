#include "gateway/testing/compare.h"

#include <algorithm>
#include <utility>

#include "gateway/event_lines.h"

namespace sluice {
namespace {

// 2^63: from here on a double is no int64 any more.
constexpr double int64_end = 9223372036854775808.0;

bool is_same_number(const Value& a, const Value& b) {
  if (a.kind() == b.kind()) return is_same(a, b);
  const double number = a.kind() == Kind::number ? a.as_double() : b.as_double();
  const std::int64_t integer = a.kind() == Kind::integer ? a.as_int() : b.as_int();
  return number >= -int64_end && number < int64_end &&
         static_cast<std::int64_t>(number) == integer &&
         static_cast<double>(static_cast<std::int64_t>(number)) == number;
}

// JSON has no uinteger: both are what parse_json gives.
bool is_same_scalar(const Value& expected, const Value& got) {
  if (expected.is_numeric() && got.is_numeric()) return is_same_number(expected, got);
  return is_same(expected, got);
}

class Comparer {
 public:
  Comparer(Match match, std::vector<Comparison>& out) : match_(match), out_(out) {}

  // `got` null pointer: it is not there.
  void compare(const std::string& path, const Value& expected, const Value* got) {
    if (got == nullptr) {
      out_.push_back({path, to_json(expected), "", false});
    } else if (expected.kind() == Kind::map && got->kind() == Kind::map) {
      compare_maps(path, expected, *got);
    } else if (expected.kind() == Kind::list && got->kind() == Kind::list &&
               expected.as_list().size() == got->as_list().size()) {
      compare_lists(path, expected, *got);
    } else {
      out_.push_back({path, to_json(expected), to_json(*got), is_same_scalar(expected, *got)});
    }
  }

 private:
  void compare_maps(const std::string& path, const Value& expected, const Value& got) {
    if (expected.as_map().empty() && (got.as_map().empty() || match_ == Match::subset))
      out_.push_back({path, "{}", to_json(got), true});
    for (const MapEntry& entry : expected.as_map()) {
      const std::string_view name = entry.key.as_text();
      compare(path + "." + std::string(name), entry.value, got.find(name));
    }
    if (match_ != Match::exact) return;
    for (const MapEntry& entry : got.as_map()) {
      const std::string_view name = entry.key.as_text();
      if (expected.find(name) == nullptr)
        out_.push_back({path + "." + std::string(name), "", to_json(entry.value), false});
    }
  }

  void compare_lists(const std::string& path, const Value& expected, const Value& got) {
    if (expected.as_list().empty()) out_.push_back({path, "[]", "[]", true});
    for (std::size_t i = 0; i < expected.as_list().size(); ++i)
      compare(path + "[" + std::to_string(i) + "]", expected.as_list()[i], &got.as_list()[i]);
  }

  const Match match_;
  std::vector<Comparison>& out_;
};

bool is_part(const Value& part, const Value& whole) {
  return part.kind() == Kind::string && whole.kind() == Kind::string &&
         whole.as_text().find(part.as_text()) != std::string_view::npos;
}

// Of a dead letter.
std::string_view text_attribute(const Value& attributes, std::string_view name) {
  const Value* const value = attributes.find(name);
  return value != nullptr && value->kind() == Kind::string ? value->as_text() : std::string_view();
}

void run_checks(const std::vector<TestCheck>& checks, const GotEvent& got, Arena& arena,
                std::vector<Comparison>& out) {
  if (checks.empty()) return;
  auto event = event_from_cloudevent(got.attributes, arena);
  if (event) {
    event->sender = text_attribute(got.attributes, "sender");
    event->topic = text_attribute(got.attributes, "topic");
  }
  for (const TestCheck& check : checks) {
    const Value value = event ? check.expression.evaluate(*event, arena)
                              : Value::error(arena.copy(event.error().message));
    const bool is_true = value.kind() == Kind::boolean && value.as_bool();
    out.push_back(
        {"check", check.expression.text(),
         value.is_error() ? "fails: " + std::string(value.as_text()) : "gives " + to_json(value),
         is_true});
  }
}

}  // namespace

std::vector<Comparison> compare_event(const ExpectedEvent& expected, const GotEvent& got,
                                      bool is_dead_letter, Arena& arena) {
  std::vector<Comparison> out;
  for (const MapEntry& entry : expected.attributes.as_map()) {
    const std::string name(entry.key.as_text());
    const Value* const value = got.attributes.find(name);
    if (is_dead_letter && name == "reason" && value != nullptr && is_part(entry.value, *value)) {
      out.push_back({name, to_json(entry.value), to_json(*value), true});
    } else {
      Comparer(expected.match, out).compare(name, entry.value, value);
    }
  }
  run_checks(expected.checks, got, arena, out);
  return out;
}

bool is_match(const std::vector<Comparison>& comparisons) {
  return std::ranges::all_of(comparisons, &Comparison::is_same);
}

}  // namespace sluice
