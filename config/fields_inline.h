// Bodies of fields.h. Include that one.
#pragma once

#include "config/fields.h"
#include "config/table_reader.h"

namespace sluice {

// A described struct inside another is a table of its own, strict like the outer one.
template <Described T>
struct ValueType<T> {
  static std::string name() { return "table"; }
  static bool read(const Node& node, T& value, Diagnostics& diagnostics) {
    T inner = value;  // a key that is left out keeps the default of the table around
    if (!is_table(node, diagnostics) || !read_table(RawTable(node), inner, diagnostics)) {
      return false;
    }
    value = std::move(inner);
    return true;
  }
  static std::string text(const T&) { return {}; }  // its options have their own defaults
  static void describe_inside(OptionDescription& option, const T& value) {
    TableDescription inside = fields_of<T>(value).description();
    option.options = std::move(inside.options);
    option.options_prefix = ".";
    for (const std::string& rule : inside.rules) option.doc += " Rule: " + rule + ".";
  }
};

template <typename T>
template <typename Class, typename X>
Field<T, X> Fields<T>::add(std::string_view name, X Class::*class_member, std::string_view doc,
                           bool is_required) {
  X T::*member = class_member;
  Entry entry;
  entry.option.name = name;
  entry.option.type = ValueType<X>::name();
  entry.option.doc = doc;
  entry.option.is_required = is_required;
  if (!is_required) entry.option.default_text = ValueType<X>::text(defaults_.*member);
  describe_inside(entry.option, defaults_.*member, "");
  entry.read = [member](const Node& node, T& into, Diagnostics& diagnostics) {
    return ValueType<X>::read(node, into.*member, diagnostics);
  };
  for (const Entry& other : entries_) CHECK(other.option.name != name);
  entries_.push_back(std::move(entry));
  return Field<T, X>(*this, member);
}

template <typename T>
bool Fields<T>::read(const Node& table, T& into, Diagnostics& diagnostics) const {
  bool is_good = true;
  for (const Entry& entry : entries_) {
    const Node* node = table.find(entry.option.name);
    if (node == nullptr) {
      if (!entry.option.is_required) continue;
      diagnostics.error(table, "'" + entry.option.name + "' is missing: " + entry.option.doc);
      is_good = false;
      continue;
    }
    bool is_value_good = entry.read(*node, into, diagnostics);
    for (std::size_t i = 0; is_value_good && i < entry.checks.size(); ++i) {
      is_value_good = entry.checks[i](*node, into, diagnostics);
    }
    is_good = is_good && is_value_good;
  }
  if (!is_good) return false;
  for (const Rule& rule : rules_) {
    if (rule.holds(into)) continue;
    diagnostics.error(table, rule.sentence);
    is_good = false;
  }
  return is_good;
}

template <typename T>
TableDescription Fields<T>::description() const {
  TableDescription all;
  all.rules.reserve(rules_.size());
  for (const Entry& entry : entries_) all.options.push_back(entry.option);
  for (const Rule& rule : rules_) all.rules.push_back(rule.sentence);
  return all;
}

template <typename T>
std::vector<std::string_view> Fields<T>::names() const {
  std::vector<std::string_view> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_) all.push_back(entry.option.name);
  return all;
}

template <typename T, typename X>
void Field<T, X>::note_bounds(std::string_view bounds) {
  std::string& all = entry().option.bounds;
  if (!all.empty() && !bounds.empty()) all += ", ";
  all += bounds;
}

template <typename T, typename X>
Field<T, X>& Field<T, X>::bound(const std::string& bounds,
                                std::function<bool(const Inner&)> holds) {
  return checked_by(
      [bounds, holds = std::move(holds)](const Inner& value) -> Result<void> {
        if (holds(value)) return {};
        return Error{ErrorKind::bad_config,
                     value_text(value) + " is out of bounds; must be " + bounds};
      },
      bounds);
}

template <typename T, typename X>
Field<T, X>& Field<T, X>::one_of(std::initializer_list<std::string_view> choices)
  requires std::same_as<Inner, std::string>
{
  const std::vector<std::string_view> names(choices);
  note_bounds(choice_bounds(names));
  entry().checks.push_back(
      [member = member_, all = std::vector<std::string>(names.begin(), names.end())](
          const Node& node, const T& object, Diagnostics& diagnostics) {
        const std::vector<std::string_view> known(all.begin(), all.end());
        return Inside<X>::each(node, object.*member, [&](const Node& place, const std::string&) {
          return read_choice(place, known, diagnostics).has_value();
        });
      });
  return *this;
}

template <typename T, typename X>
Field<T, X>& Field<T, X>::not_empty()
  requires requires(const X& value) { value.empty(); }
{
  note_bounds("not empty");
  entry().checks.push_back(
      [member = member_](const Node& node, const T& object, Diagnostics& diagnostics) {
        if (!(object.*member).empty()) return true;
        diagnostics.error(node, "must not be empty");
        return false;
      });
  return *this;
}

template <typename T, typename X>
template <typename Check>
  requires std::is_invocable_r_v<Result<void>, Check, const InnerValue<X>&>
Field<T, X>& Field<T, X>::checked_by(Check check, std::string_view bounds) {
  note_bounds(bounds);
  entry().checks.push_back([member = member_, check = std::move(check)](
                               const Node& node, const T& object, Diagnostics& diagnostics) {
    return Inside<X>::each(node, object.*member, [&](const Node& place, const Inner& value) {
      const Result<void> result = check(value);
      if (!result) diagnostics.error(place, result.error().message);
      return result.is_ok();
    });
  });
  return *this;
}

}  // namespace sluice
