// ValueType<X>: how a member of type X is written in TOML. What can be an option:
//
//   bool, integers, double          true, 42, 1.5           double also takes 42
//   std::string, LocatedText        "text"                  LocatedText knows its place
//   ExpressionText                  "data.t > 40.0"         CEL, compiled by its user
//   Duration, ByteSize              "10s", "256KiB"         the unit is part of the value
//   Secret                          "text" or { env = "NAME" }, see secret.h
//   an enum with enum_names()       "drop_oldest"
//   std::vector<X>                  [..]
//   std::map<std::string, X>        { name = .. } or [table.name]
//   std::optional<X>                X, or left out
//   a struct with describe()        { .. } or [table], strict
//   RawTable, TypedTable            a table that is read later, see table.h
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/described.h"
#include "config/diagnostics.h"
#include "config/located_text.h"
#include "config/node.h"
#include "config/secret.h"
#include "config/table.h"
#include "config/units.h"
#include "core/clock.h"

namespace sluice {

// Each specialisation has:
//   name()     the type's name in the reference
//   read()     sets the value from the node, or reports what would be right, leaves it and gives
//   false text()     the value as TOML, for the reference; empty: nothing to show
//   describe_inside(option, value)   for a type made of others: completes the description of an
//   option
//            whose default is `value`; may be left out
template <typename X>
struct ValueType;

// An enum is an option when this is found by its namespace:
//   std::span<const EnumName<WhenFull>> enum_names(WhenFull);
template <typename E>
struct EnumName {
  std::string_view name;
  E value;
};
template <typename X>
concept NamedEnum = std::is_enum_v<X> && requires(X value) {
  { enum_names(value) } -> std::convertible_to<std::span<const EnumName<X>>>;
};

template <>
struct ValueType<bool> {
  static std::string name() { return "boolean"; }
  static bool read(const Node& node, bool& value, Diagnostics& diagnostics);
  static std::string text(bool value) { return value ? "true" : "false"; }
};

// Any other integer type, with its own range.
bool read_integer(const Node& node, std::int64_t lowest, std::uint64_t highest, std::int64_t& value,
                  Diagnostics& diagnostics);

template <std::integral X>
struct ValueType<X> {
  static std::string name() { return "integer"; }
  static bool read(const Node& node, X& value, Diagnostics& diagnostics) {
    std::int64_t number = 0;
    if (!read_integer(node, static_cast<std::int64_t>(std::numeric_limits<X>::min()),
                      static_cast<std::uint64_t>(std::numeric_limits<X>::max()), number,
                      diagnostics)) {
      return false;
    }
    value = static_cast<X>(number);
    return true;
  }
  static std::string text(X value) { return std::to_string(value); }
};

template <>
struct ValueType<double> {
  static std::string name() { return "number"; }
  static bool read(const Node& node, double& value, Diagnostics& diagnostics);
  static std::string text(double value);
};

template <>
struct ValueType<std::string> {
  static std::string name() { return "text"; }
  static bool read(const Node& node, std::string& value, Diagnostics& diagnostics);
  static std::string text(const std::string& value);
};

template <>
struct ValueType<LocatedText> {
  static std::string name() { return "text"; }
  static bool read(const Node& node, LocatedText& value, Diagnostics& diagnostics);
  static std::string text(const LocatedText& value);
};

template <>
struct ValueType<ExpressionText> {
  static std::string name() { return "expression"; }
  static bool read(const Node& node, ExpressionText& value, Diagnostics& diagnostics);
  static std::string text(const ExpressionText& value);
};

template <>
struct ValueType<Duration> {
  static std::string name() { return "duration"; }
  static bool read(const Node& node, Duration& value, Diagnostics& diagnostics);
  static std::string text(Duration value);
};

template <>
struct ValueType<ByteSize> {
  static std::string name() { return "size"; }
  static bool read(const Node& node, ByteSize& value, Diagnostics& diagnostics);
  static std::string text(ByteSize value);
};

template <>
struct ValueType<Secret> {
  static std::string name() { return "secret"; }
  static bool read(const Node& node, Secret& value, Diagnostics& diagnostics);
  static std::string text(const Secret&) { return {}; }
};

template <>
struct ValueType<RawTable> {
  static std::string name() { return "table"; }
  static bool read(const Node& node, RawTable& value, Diagnostics& diagnostics);
  static std::string text(const RawTable&) { return {}; }
};

template <>
struct ValueType<TypedTable> {
  static std::string name() { return "text, or table with `type`"; }
  static bool read(const Node& node, TypedTable& value, Diagnostics& diagnostics);
  static std::string text(const TypedTable& value);
};

// Finds the text in `names`, or reports with the nearest one.
std::optional<std::size_t> read_choice(const Node& node, std::span<const std::string_view> names,
                                       Diagnostics& diagnostics);
// "one of `a`, `b`"
std::string choice_bounds(std::span<const std::string_view> names);

template <NamedEnum X>
struct ValueType<X> {
  static std::string name() { return "choice"; }
  static std::vector<std::string_view> names() {
    std::vector<std::string_view> all;
    for (const EnumName<X>& entry : enum_names(X{})) all.push_back(entry.name);
    return all;
  }
  static bool read(const Node& node, X& value, Diagnostics& diagnostics) {
    const auto index = read_choice(node, names(), diagnostics);
    if (!index) return false;
    value = std::span<const EnumName<X>>(enum_names(X{}))[*index].value;
    return true;
  }
  static std::string text(X value) {
    for (const EnumName<X>& entry : enum_names(X{})) {
      if (entry.value == value) return ValueType<std::string>::text(std::string(entry.name));
    }
    return {};
  }
  static void describe_inside(OptionDescription& option, X) {
    option.bounds = choice_bounds(names());
  }
};

// Lets a container hand on what its elements' type has to say.
template <typename X>
void describe_inside(OptionDescription& option, const X& value, std::string_view path_part) {
  if constexpr (requires { ValueType<X>::describe_inside(option, value); }) {
    ValueType<X>::describe_inside(option, value);
  }
  option.options_prefix.insert(0, path_part);
}

// Report that the node is no array or table, as needed.
bool is_array(const Node& node, Diagnostics& diagnostics);
bool is_table(const Node& node, Diagnostics& diagnostics);

template <typename X>
struct ValueType<std::vector<X>> {
  static std::string name() { return "list of " + ValueType<X>::name(); }
  static bool read(const Node& node, std::vector<X>& value, Diagnostics& diagnostics) {
    if (!is_array(node, diagnostics)) return false;
    std::vector<X> items;
    bool is_good = true;
    for (const auto& child : node.children) {
      X item{};
      is_good = ValueType<X>::read(*child, item, diagnostics) && is_good;
      items.push_back(std::move(item));
    }
    if (is_good) value = std::move(items);
    return is_good;
  }
  static std::string text(const std::vector<X>& value) {
    std::string out = "[";
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      out += ValueType<X>::text(value[i]);
    }
    return out + "]";
  }
  static void describe_inside(OptionDescription& option, const std::vector<X>&) {
    sluice::describe_inside(option, X{}, "[]");
  }
};

// Sorted by key. A member's place is in its value, where that is a LocatedText or a RawTable.
template <typename X>
struct ValueType<std::map<std::string, X>> {
  static std::string name() { return "table of " + ValueType<X>::name(); }
  static bool read(const Node& node, std::map<std::string, X>& value, Diagnostics& diagnostics) {
    if (!is_table(node, diagnostics)) return false;
    std::map<std::string, X> members;
    bool is_good = true;
    for (const auto& child : node.children) {
      X member{};
      is_good = ValueType<X>::read(*child, member, diagnostics) && is_good;
      members.emplace(child->name, std::move(member));
    }
    if (is_good) value = std::move(members);
    return is_good;
  }
  static std::string text(const std::map<std::string, X>& value) {
    return value.empty() ? "{}" : "";
  }
  static void describe_inside(OptionDescription& option, const std::map<std::string, X>&) {
    sluice::describe_inside(option, X{}, ".NAME");
  }
};

template <typename X>
struct ValueType<std::optional<X>> {
  static std::string name() { return ValueType<X>::name(); }
  static bool read(const Node& node, std::optional<X>& value, Diagnostics& diagnostics) {
    X inner{};
    if (!ValueType<X>::read(node, inner, diagnostics)) return false;
    value = std::move(inner);
    return true;
  }
  static std::string text(const std::optional<X>& value) {
    return value ? ValueType<X>::text(*value) : "";
  }
  static void describe_inside(OptionDescription& option, const std::optional<X>& value) {
    sluice::describe_inside(option, value.value_or(X{}), "");
  }
};

// What bounds are about: the value inside an optional, a list or a map, otherwise the value itself.
template <typename X>
struct Inside {
  using Type = X;
  template <typename Visit>
  static bool each(const Node& node, const X& value, Visit visit) {
    return visit(node, value);
  }
};
template <typename X>
struct Inside<std::optional<X>> {
  using Type = X;
  template <typename Visit>
  static bool each(const Node& node, const std::optional<X>& value, Visit visit) {
    return !value || visit(node, *value);
  }
};
template <typename X>
struct Inside<std::vector<X>> {
  using Type = X;
  template <typename Visit>
  static bool each(const Node& node, const std::vector<X>& value, Visit visit) {
    bool is_good = true;
    for (std::size_t i = 0; i < value.size(); ++i) {
      is_good = visit(*node.children[i], value[i]) && is_good;
    }
    return is_good;
  }
};
template <typename X>
struct Inside<std::map<std::string, X>> {
  using Type = X;
  template <typename Visit>
  static bool each(const Node& node, const std::map<std::string, X>& value, Visit visit) {
    bool is_good = true;
    for (const auto& child : node.children) {
      is_good = visit(*child, value.at(child->name)) && is_good;
    }
    return is_good;
  }
};
template <typename X>
using InnerValue = typename Inside<X>::Type;

}  // namespace sluice
