#include "pipelines/expression/functions.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "pipelines/expression/functions/parts.h"
#include "pipelines/expression/operators.h"

namespace sluice::cel {
namespace {

constexpr std::uint32_t mask_of(Kind kind) { return 1U << static_cast<unsigned>(kind); }
constexpr std::uint32_t every_kind = mask_of(Kind::error) - 1;
static_assert(Kind::error > Kind::optional, "every_kind is all kinds but error");

std::uint32_t kind_mask(const Type& type) {
  if (type.is_variable) return every_kind;
  switch (type.kind) {
    case ExpressionType::dyn:
      return every_kind;
    case ExpressionType::null:
      return mask_of(Kind::null);
    case ExpressionType::boolean:
      return mask_of(Kind::boolean);
    case ExpressionType::integer:
      return mask_of(Kind::integer);
    case ExpressionType::uinteger:
      return mask_of(Kind::uinteger);
    case ExpressionType::number:
      return mask_of(Kind::number);
    case ExpressionType::string:
      return mask_of(Kind::string);
    case ExpressionType::bytes:
      return mask_of(Kind::bytes);
    case ExpressionType::list:
      return mask_of(Kind::list);
    case ExpressionType::map:
      return mask_of(Kind::map);
    case ExpressionType::timestamp:
      return mask_of(Kind::timestamp);
    case ExpressionType::duration:
      return mask_of(Kind::duration);
    case ExpressionType::type:
      return mask_of(Kind::type);
    case ExpressionType::optional:
      return mask_of(Kind::optional);
  }
  return 0;
}

bool wants_double(std::uint32_t mask) { return mask == mask_of(Kind::number); }

bool take(std::string_view& text, std::string_view wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(wanted.size());
  return true;
}

// Whether the overload takes these arguments; with `promotes` also integers where it wants doubles.
bool accepts(const Overload& overload, std::span<const Value> arguments, bool promotes) {
  if (!overload.is_variadic && arguments.size() != overload.kind_masks.size()) return false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::uint32_t mask = overload.kind_masks[overload.is_variadic ? 0 : i];
    const bool fits = (mask & mask_of(arguments[i].kind())) != 0;
    const bool fits_promoted = promotes && arguments[i].is_numeric() && wants_double(mask);
    if (!fits && !fits_promoted) return false;
  }
  return !overload.is_variadic || !arguments.empty();
}

const Overload* find_accepting(std::span<const Overload> overloads,
                               std::span<const Value> arguments, bool promotes) {
  for (const Overload& overload : overloads) {
    if (accepts(overload, arguments, promotes)) return &overload;
  }
  return nullptr;
}

// Texts are read, as a rule, from end to end.
bool spend_arguments(std::span<const Value> arguments, Context& context) {
  std::size_t bytes = 0;
  for (const Value& argument : arguments) {
    if (argument.kind() == Kind::string || argument.kind() == Kind::bytes) {
      bytes += argument.as_text().size();
    }
  }
  return context.spend_bytes(bytes);
}

Value run_promoted(const Overload& overload, std::span<const Value> arguments, Context& context) {
  Value* promoted = context.arena().array<Value>(arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_double = wants_double(overload.kind_masks[overload.is_variadic ? 0 : i]);
    promoted[i] = is_double ? Value::number(arguments[i].to_double()) : arguments[i];
  }
  return overload.definition.run({promoted, arguments.size()}, context);
}

}  // namespace

FunctionTable::FunctionTable(std::span<const std::span<const Definition>> parts) {
  for (const std::span<const Definition> part : parts) {
    for (const Definition& definition : part) add(definition);
  }
  std::ranges::stable_sort(overloads_, {}, [](const Overload& overload) {
    return std::tuple(overload.definition.name, overload.is_member);
  });
}

// "string.(string, int) -> bool"
void FunctionTable::add(const Definition& definition) {
  Overload overload;
  overload.definition = definition;
  std::string_view rest = definition.signature;
  if (!take(rest, "(")) {
    overload.is_member = true;
    overload.parameters.push_back(parse_type(rest, types_));
    CHECK(take(rest, ".("));
  }
  while (!take(rest, ")")) {
    overload.parameters.push_back(parse_type(rest, types_));
    CHECK(overload.parameters.back() != nullptr);
    overload.is_variadic = take(rest, "...");
    take(rest, ", ");
  }
  CHECK(take(rest, " -> "));
  overload.result = parse_type(rest, types_);
  CHECK(overload.result != nullptr && rest.empty());
  for (const Type* parameter : overload.parameters) {
    overload.kind_masks.push_back(kind_mask(*parameter));
  }
  overloads_.push_back(std::move(overload));
}

std::span<const Overload> FunctionTable::find(std::string_view name, bool is_member) const {
  const auto found = std::ranges::equal_range(
      overloads_, std::tuple(name, is_member), {}, [](const Overload& overload) {
        return std::tuple(overload.definition.name, overload.is_member);
      });
  return {found.begin(), found.end()};
}

std::vector<std::string_view> FunctionTable::names(bool is_member) const {
  std::vector<std::string_view> names;
  for (const Overload& overload : overloads_) {
    if (overload.is_member != is_member) continue;
    if (names.empty() || names.back() != overload.definition.name) {
      names.push_back(overload.definition.name);
    }
  }
  return names;
}

std::span<const FunctionFamily> function_families() {
  static const std::array<FunctionFamily, 9> families{{
      {"Texts and bytes", string_functions()},
      {"Formatting", format_functions()},
      {"Conversions and types", conversion_functions()},
      {"Times and durations", time_functions()},
      {"Numbers", math_functions()},
      {"Lists and maps", list_functions()},
      {"Optional values", optional_functions()},
      {"Encodings", encoder_functions()},
      {"Sluice's own, beyond CEL", event_functions()},
  }};
  return families;
}

const FunctionTable& function_table() {
  static const FunctionTable table = [] {
    std::vector<std::span<const Definition>> parts;
    for (const FunctionFamily& family : function_families()) parts.push_back(family.definitions);
    return FunctionTable(parts);
  }();
  return table;
}

Value call(std::span<const Overload> overloads, std::span<const Value> arguments, bool promotes,
           Context& context) {
  if (!spend_arguments(arguments, context)) return Context::over_budget();
  if (const Overload* overload = find_accepting(overloads, arguments, false)) {
    return overload->definition.run(arguments, context);
  }
  if (promotes) {
    if (const Overload* overload = find_accepting(overloads, arguments, true)) {
      return run_promoted(*overload, arguments, context);
    }
  }
  return no_overload(overloads.front().definition.name, arguments, context);
}

}  // namespace sluice::cel
