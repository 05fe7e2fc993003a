#include "drivers/codecs/senml_pack.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "drivers/codecs/decimal.h"

namespace sluice {
namespace {

constexpr std::int64_t supported_version = 10;
constexpr std::int64_t first_absolute_ns = (std::int64_t{1} << 28) * 1'000'000'000;

enum class Field : std::uint8_t {
  base_version,
  base_name,
  base_time,
  base_unit,
  base_value,
  base_sum,
  name,
  unit,
  value,
  string_value,
  boolean_value,
  data_value,
  sum,
  time,
  update_time,
};

enum class Shape : std::uint8_t { text, number, integer, boolean, data };

struct FieldRule {
  Field field;
  std::string_view label;   // JSON, RFC 8428 table 1
  std::int64_t cbor_label;  // table 4
  Shape shape;
};

constexpr std::array<FieldRule, 15> field_rules{{
    {Field::base_version, "bver", -1, Shape::integer},
    {Field::base_name, "bn", -2, Shape::text},
    {Field::base_time, "bt", -3, Shape::number},
    {Field::base_unit, "bu", -4, Shape::text},
    {Field::base_value, "bv", -5, Shape::number},
    {Field::base_sum, "bs", -6, Shape::number},
    {Field::name, "n", 0, Shape::text},
    {Field::unit, "u", 1, Shape::text},
    {Field::value, "v", 2, Shape::number},
    {Field::string_value, "vs", 3, Shape::text},
    {Field::boolean_value, "vb", 4, Shape::boolean},
    {Field::data_value, "vd", 8, Shape::data},
    {Field::sum, "s", 5, Shape::number},
    {Field::time, "t", 6, Shape::number},
    {Field::update_time, "ut", 7, Shape::number},
}};
static_assert(std::ranges::all_of(field_rules, [](const FieldRule& rule) {
  return &rule == &field_rules[static_cast<std::size_t>(rule.field)];
}));

bool has_shape(const Value& value, Shape shape) {
  switch (shape) {
    case Shape::text:
      return value.kind() == Kind::string;
    case Shape::number:
      return value.kind() == Kind::integer || value.kind() == Kind::number;
    case Shape::integer:
      return value.kind() == Kind::integer;
    case Shape::boolean:
      return value.kind() == Kind::boolean;
    case Shape::data:
      return value.kind() == Kind::string || value.kind() == Kind::bytes;
  }
  return false;
}

const FieldRule* find_rule(const Value& key) {
  const auto rule = std::ranges::find_if(field_rules, [&](const FieldRule& candidate) {
    return key.kind() == Kind::string ? key.as_text() == candidate.label
                                      : key.as_int() == candidate.cbor_label;
  });
  return rule == field_rules.end() ? nullptr : rule;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_valid_name(std::string_view name, SenmlNames names) {
  constexpr std::string_view marks = "-:./_";
  if (name.empty()) return false;
  const bool may_start =
      is_letter_or_digit(name.front()) || (names == SenmlNames::lwm2m && name.front() == '/');
  return may_start && std::ranges::all_of(name, [&](char c) {
           return is_letter_or_digit(c) || marks.find(c) != std::string_view::npos;
         });
}

Value add(const Value& a, const Value& b) {
  if (a.kind() == Kind::integer && b.kind() == Kind::integer) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a.as_int(), b.as_int(), &sum)) return Value::integer(sum);
  }
  return Value::number(a.to_double() + b.to_double());
}

// Base64url without padding (RFC 4648 section 5), which is how SenML writes data. Padding is
// tolerated on the way in.
std::optional<std::string_view> normalised_base64url(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  const bool is_valid = text.size() % 4 != 1 && std::ranges::all_of(text, [](char c) {
                          return is_letter_or_digit(c) || c == '-' || c == '_';
                        });
  if (!is_valid) return std::nullopt;
  return text;
}

std::string_view to_base64url(std::string_view bytes, Arena& arena) {
  std::string text;
  append_base64(text, bytes);
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return arena.copy(text);
}

// One record's fields by Field; nullptr: absent.
using Fields = std::array<const Value*, field_rules.size()>;

class Resolver {
 public:
  Resolver(Timestamp received, SenmlNames names, Arena& arena)
      : received_(received), names_(names), arena_(arena) {}

  // The next record. nullopt: it had base fields only.
  Result<std::optional<ResolvedRecord>> resolve(const Value& record) {
    auto resolved = resolve_at_index(record);
    ++index_;
    return resolved;
  }

 private:
  Result<std::optional<ResolvedRecord>> resolve_at_index(const Value& record) {
    if (record.kind() != Kind::map) return wrong("is not a map");
    const Fields fields = TRY(read_fields(record));
    TRY(take_base_fields(fields));
    const auto own = std::span(fields).subspan(static_cast<std::size_t>(Field::name));
    const bool has_base_only =
        std::ranges::all_of(own, [](const Value* field) { return field == nullptr; });
    if (has_base_only) {
      // Without any field at all there is nothing that it could be for.
      if (record.as_map().empty()) return wrong("is empty");
      return std::optional<ResolvedRecord>();
    }
    return std::optional(TRY(resolve_own(fields)));
  }

  static const Value* get(const Fields& fields, Field field) {
    return fields[static_cast<std::size_t>(field)];
  }

  Error wrong(std::string_view what) const {
    return Error{ErrorKind::bad_input,
                 "not SenML: record " + std::to_string(index_) + " " + std::string(what)};
  }

  Result<Fields> read_fields(const Value& record) const {
    Fields fields{};
    for (const MapEntry& entry : record.as_map()) {
      const FieldRule* rule = find_rule(entry.key);
      if (rule == nullptr) {
        if (entry.key.kind() == Kind::string && entry.key.as_text().ends_with('_')) {
          return wrong("needs \"" + std::string(entry.key.as_text()) + "\" to be understood");
        }
        continue;
      }
      if (!has_shape(entry.value, rule->shape)) {
        return wrong("has a " + std::string(kind_name(entry.value.kind())) + " as \"" +
                     std::string(rule->label) + "\"");
      }
      fields[static_cast<std::size_t>(rule->field)] = &entry.value;
    }
    return fields;
  }

  Result<void> take_base_fields(const Fields& fields) {
    if (const Value* version = get(fields, Field::base_version)) {
      if (version->as_int() < 1 || version->as_int() > supported_version) {
        return wrong("has version " + std::to_string(version->as_int()) + "; 1 to 10 are read");
      }
      if (index_ != 0 && version->as_int() != version_) return wrong("changes the version");
      version_ = version->as_int();
    }
    if (const Value* name = get(fields, Field::base_name)) base_name_ = name->as_text();
    if (const Value* unit = get(fields, Field::base_unit)) base_unit_ = unit;
    if (const Value* value = get(fields, Field::base_value)) base_value_ = value;
    if (const Value* sum = get(fields, Field::base_sum)) base_sum_ = sum;
    if (const Value* time = get(fields, Field::base_time)) {
      const auto nanoseconds = to_nanoseconds(*time);
      if (!nanoseconds) return wrong("has a \"bt\" out of range");
      base_time_ns_ = *nanoseconds;
    }
    return {};
  }

  Result<ResolvedRecord> resolve_own(const Fields& fields) {
    ResolvedRecord resolved;
    const Value* name = get(fields, Field::name);
    resolved.name = arena_.join(base_name_, name == nullptr ? std::string_view() : name->as_text());
    if (!is_valid_name(resolved.name, names_)) {
      return wrong("has the invalid name \"" + std::string(resolved.name) + "\"");
    }
    MapEntry* next = entries_.data();
    const auto put = [&next](std::string_view label, const Value& value) {
      *next++ = {Value::string(label), value};
    };
    put("n", Value::string(resolved.name));
    const Value* unit = get(fields, Field::unit);
    if (unit == nullptr) unit = base_unit_;
    if (unit != nullptr) put("u", *unit);

    MapEntry* const values_start = next;
    if (const Value* value = get(fields, Field::value)) {
      put("v", base_value_ == nullptr ? *value : add(*base_value_, *value));
    }
    if (const Value* value = get(fields, Field::string_value)) put("vs", *value);
    if (const Value* value = get(fields, Field::boolean_value)) put("vb", *value);
    if (const Value* value = get(fields, Field::data_value)) {
      const auto text = value->kind() == Kind::bytes ? to_base64url(value->as_text(), arena_)
                                                     : normalised_base64url(value->as_text());
      if (!text) return wrong("has a \"vd\" that is not base64url");
      put("vd", Value::string(*text));
    }
    if (next - values_start > 1) return wrong("has more than one value");
    const Value* sum = get(fields, Field::sum);
    if (next == values_start && sum == nullptr) {
      if (base_value_ == nullptr && base_sum_ == nullptr) return wrong("has no value and no sum");
      if (base_value_ != nullptr)
        put("v", *base_value_);
      else
        put("s", *base_sum_);
    }
    if (sum != nullptr) put("s", base_sum_ == nullptr ? *sum : add(*base_sum_, *sum));

    const auto time = resolve_time(get(fields, Field::time));
    if (!time) return wrong("has a time out of range");
    resolved.time = *time;
    put("t", to_seconds(time->time_since_epoch().count()));
    if (const Value* update_time = get(fields, Field::update_time)) put("ut", *update_time);

    resolved.data = Value::map(arena_.copy(std::span<const MapEntry>(entries_.data(), next)));
    return resolved;
  }

  std::optional<Timestamp> resolve_time(const Value* time) const {
    std::int64_t nanoseconds = base_time_ns_;
    if (time != nullptr) {
      const auto own = to_nanoseconds(*time);
      if (!own || __builtin_add_overflow(nanoseconds, *own, &nanoseconds)) return std::nullopt;
    }
    if (nanoseconds < first_absolute_ns &&
        __builtin_add_overflow(nanoseconds, std::int64_t{received_.time_since_epoch().count()},
                               &nanoseconds)) {
      return std::nullopt;
    }
    return Timestamp(Duration(nanoseconds));
  }

  const Timestamp received_;
  const SenmlNames names_;
  Arena& arena_;

  std::size_t index_ = 0;  // of the record at hand
  std::int64_t version_ = supported_version;
  std::string_view base_name_;
  std::int64_t base_time_ns_ = 0;
  const Value* base_unit_ = nullptr;
  const Value* base_value_ = nullptr;
  const Value* base_sum_ = nullptr;
  std::array<MapEntry, field_rules.size()> entries_;  // of the record that is being made
};

}  // namespace

Result<std::vector<ResolvedRecord>> resolve_senml(const Value& pack, Timestamp received,
                                                  SenmlNames names, Arena& arena) {
  if (pack.kind() != Kind::list) {
    return Error{ErrorKind::bad_input, "not SenML: the pack is not a list of records"};
  }
  Resolver resolver(received, names, arena);
  std::vector<ResolvedRecord> records;
  records.reserve(pack.as_list().size());
  for (const Value& record : pack.as_list()) {
    if (const auto resolved = TRY(resolver.resolve(record))) records.push_back(*resolved);
  }
  return records;
}

}  // namespace sluice
