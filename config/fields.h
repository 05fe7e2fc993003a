// Fields: the options of one table, declared once, beside the struct that holds them.
//
//   struct MqttSourceConfig {
//     std::string url;
//     Duration keep_alive = std::chrono::seconds(60);   // the default stands here, and only here
//     Secret password;
//   };
//   void describe(Fields<MqttSourceConfig>& fields) {
//     fields.required("url", &MqttSourceConfig::url, "Broker to connect to, mqtt://host:port.")
//         .checked_by(check_mqtt_url)
//         .optional("keep_alive", &MqttSourceConfig::keep_alive, "Ping after this silence.")
//         .between(1s, 18h)
//         .optional("password", &MqttSourceConfig::password, "Sent with the user's name.");
//   }
//
// describe() is found by the argument's namespace. From it follow reading (table_reader.h), bounds,
// messages with line and column, and the reference. Types of members: see value_type.h.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/described.h"
#include "config/node.h"
#include "config/value_type.h"
#include "core/result.h"

namespace sluice {

template <typename T, typename X>
class Field;

template <typename T>
class Fields {
 public:
  explicit Fields(T defaults = {}) : defaults_(std::move(defaults)) {}

  // The key `name`, which must be in the table.
  template <typename Class, typename X>
    requires std::derived_from<T, Class>
  Field<T, X> required(std::string_view name, X Class::*member, std::string_view doc) {
    return add(name, member, doc, true);
  }

  // The key `name`; without it the member keeps its default.
  template <typename Class, typename X>
    requires std::derived_from<T, Class>
  Field<T, X> optional(std::string_view name, X Class::*member, std::string_view doc) {
    return add(name, member, doc, false);
  }

  // A rule over several options: "needs 'url' or 'listen', and not both". Tried when every option
  // for itself is right, and reported at the table.
  Fields& ensure(std::function<bool(const T&)> holds, std::string_view sentence) {
    rules_.push_back({std::move(holds), std::string(sentence)});
    return *this;
  }

  // Reads the table's known keys into `into`. False when something was wrong; all of it is then
  // reported. Unknown keys are the TableReader's part.
  bool read(const Node& table, T& into, Diagnostics& diagnostics) const;

  TableDescription description() const;
  std::vector<std::string_view> names() const;

 private:
  template <typename, typename>
  friend class Field;

  struct Entry {
    OptionDescription option;
    std::function<bool(const Node&, T&, Diagnostics&)> read;
    std::vector<std::function<bool(const Node&, const T&, Diagnostics&)>> checks;
  };
  struct Rule {
    std::function<bool(const T&)> holds;
    std::string sentence;
  };

  template <typename Class, typename X>
  Field<T, X> add(std::string_view name, X Class::*class_member, std::string_view doc,
                  bool is_required);

  T defaults_;
  std::vector<Entry> entries_;
  std::vector<Rule> rules_;
};

// The field just declared: gives it bounds, or goes on with the next one. In a list, an optional or
// a map, bounds hold for each value inside.
template <typename T, typename X>
class Field {
 public:
  using Inner = InnerValue<X>;

  Field& at_least(Inner lowest)
    requires std::totally_ordered<Inner>
  {
    return bound("at least " + value_text(lowest),
                 [lowest](const Inner& value) { return !(value < lowest); });
  }
  Field& at_most(Inner highest)
    requires std::totally_ordered<Inner>
  {
    return bound("at most " + value_text(highest),
                 [highest](const Inner& value) { return !(highest < value); });
  }
  Field& between(Inner lowest, Inner highest)
    requires std::totally_ordered<Inner>
  {
    return bound(
        value_text(lowest) + " to " + value_text(highest),
        [lowest, highest](const Inner& value) { return !(value < lowest) && !(highest < value); });
  }
  // A choice of texts. Prefer an enum (see EnumName) where the code decides by it.
  Field& one_of(std::initializer_list<std::string_view> choices)
    requires std::same_as<Inner, std::string>;

  // The text, list or map itself has something in it.
  Field& not_empty()
    requires requires(const X& value) { value.empty(); };

  // `check` takes the value and gives Result<void>; its Error's message says what is wrong and what
  // would be right. `bounds` says the same for the reference, and may be empty.
  template <typename Check>
    requires std::is_invocable_r_v<Result<void>, Check, const InnerValue<X>&>
  Field& checked_by(Check check, std::string_view bounds = "");

  // For a default that is known only on the machine: "$STATE_DIRECTORY, else /var/lib/sluice".
  Field& default_shown_as(std::string_view text) {
    entry().option.default_text = text;
    return *this;
  }

  template <typename Class, typename Y>
  Field<T, Y> required(std::string_view name, Y Class::*member, std::string_view doc) {
    return fields_.required(name, member, doc);
  }
  template <typename Class, typename Y>
  Field<T, Y> optional(std::string_view name, Y Class::*member, std::string_view doc) {
    return fields_.optional(name, member, doc);
  }
  Fields<T>& ensure(std::function<bool(const T&)> holds, std::string_view sentence) {
    return fields_.ensure(std::move(holds), sentence);
  }

 private:
  friend class Fields<T>;
  Field(Fields<T>& fields, X T::*member)
      : fields_(fields), index_(fields.entries_.size() - 1), member_(member) {}

  typename Fields<T>::Entry& entry() { return fields_.entries_[index_]; }
  static std::string value_text(const Inner& value) { return ValueType<Inner>::text(value); }
  Field& bound(const std::string& bounds, std::function<bool(const Inner&)> holds);
  void note_bounds(std::string_view bounds);

  Fields<T>& fields_;
  std::size_t index_;
  X T::*member_;
};

// A struct with a describe(): can be read, and be a table inside another.
template <typename T>
concept Described =
    std::default_initializable<T> && requires(Fields<T>& fields) { describe(fields); };

template <Described T>
Fields<T> fields_of(T defaults = {}) {
  Fields<T> fields(std::move(defaults));
  describe(fields);
  return fields;
}

template <Described T>
ComponentDescription describe_component(std::string kind, std::string type, std::string summary) {
  return {std::move(kind), std::move(type), std::move(summary), fields_of<T>().description()};
}

}  // namespace sluice

#include "config/fields_inline.h"  // the bodies, so that this page stays readable
