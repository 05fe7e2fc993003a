#include "pipelines/expression/types.h"

#include <algorithm>
#include <array>

namespace sluice::cel {
namespace {

struct Named {
  std::string_view name;
  ExpressionType kind;
};
constexpr std::array<Named, 14> names{{
    {"dyn", ExpressionType::dyn},
    {"null_type", ExpressionType::null},
    {"bool", ExpressionType::boolean},
    {"int", ExpressionType::integer},
    {"uint", ExpressionType::uinteger},
    {"double", ExpressionType::number},
    {"string", ExpressionType::string},
    {"bytes", ExpressionType::bytes},
    {"list", ExpressionType::list},
    {"map", ExpressionType::map},
    {"google.protobuf.Timestamp", ExpressionType::timestamp},
    {"google.protobuf.Duration", ExpressionType::duration},
    {"type", ExpressionType::type},
    {"optional_type", ExpressionType::optional},
}};
// Shorter words for the signatures of our own tables.
constexpr std::array<Named, 3> short_names{{
    {"timestamp", ExpressionType::timestamp},
    {"duration", ExpressionType::duration},
    {"optional", ExpressionType::optional},
}};

constexpr Type of_kind(ExpressionType kind, bool promotes = false) {
  Type type;
  type.kind = kind;
  type.promotes = promotes;
  return type;
}

constexpr std::array<Type, names.size()> basic_types = [] {
  std::array<Type, names.size()> types;
  for (std::size_t i = 0; i < types.size(); ++i) {
    types[i] = of_kind(static_cast<ExpressionType>(i));
  }
  return types;
}();
constexpr Type promoting = of_kind(ExpressionType::dyn, true);

// Kinds that null fits: what may be unset, and what CEL lets be null.
bool accepts_null(const Type* type) {
  return type->is_nullable || type->kind == ExpressionType::timestamp ||
         type->kind == ExpressionType::duration || type->kind == ExpressionType::optional;
}

void skip_blanks(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}
bool take(std::string_view& text, char c) {
  std::string_view rest = text;
  skip_blanks(rest);
  if (!rest.starts_with(c)) return false;
  text = rest.substr(1);
  return true;
}

std::string_view take_word(std::string_view& text) {
  skip_blanks(text);
  const auto belongs = [](char c) {
    return c == '_' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const auto end = std::ranges::find_if_not(text, belongs);
  std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  while (word.ends_with('.')) word.remove_suffix(1);  // "string.(int)": the dot is not its own
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

const Type* basic_type(ExpressionType kind) { return &basic_types[static_cast<std::size_t>(kind)]; }
const Type* dyn_type() { return basic_type(ExpressionType::dyn); }
bool is_dyn(const Type* type) { return !type->is_variable && type->kind == ExpressionType::dyn; }
const Type* promoting_type() { return &promoting; }

std::string_view type_denotation(ExpressionType kind) {
  return names[static_cast<std::size_t>(kind)].name;
}

std::string type_text(const Type& type) {
  if (type.is_variable) return "dyn";
  std::string text(type_denotation(type.kind));
  if (type.kind == ExpressionType::null) return "null";
  if (type.kind == ExpressionType::timestamp) return "timestamp";
  if (type.kind == ExpressionType::duration) return "duration";
  if (type.first == nullptr) return text;
  text += "(" + type_text(*type.first);
  if (type.second != nullptr) text += ", " + type_text(*type.second);
  return text + ")";
}

const Type* Types::make(Type type) { return &made_.emplace_back(type); }

const Type* Types::list(const Type* element) {
  Type type = of_kind(ExpressionType::list);
  type.first = element;
  return make(type);
}
const Type* Types::map(const Type* key, const Type* value) {
  Type type = of_kind(ExpressionType::map);
  type.first = key;
  type.second = value;
  return make(type);
}
const Type* Types::optional(const Type* value) {
  Type type = of_kind(ExpressionType::optional);
  type.first = value;
  return make(type);
}
const Type* Types::type_of(const Type* denoted) {
  Type type = of_kind(ExpressionType::type);
  type.first = denoted;
  return make(type);
}
const Type* Types::nullable(const Type* plain) {
  Type type = *plain;
  type.is_nullable = true;
  return make(type);
}
const Type* Types::variable(std::uint32_t number) {
  if (bindings_.size() <= number) bindings_.resize(number + 1, nullptr);
  Type type;
  type.is_variable = true;
  type.number = number;
  return make(type);
}
const Type* Types::fresh_variable() {
  return variable(static_cast<std::uint32_t>(bindings_.size()));
}

const Type* Types::resolve(const Type* type) const {
  while (type->is_variable && bindings_[type->number] != nullptr) type = bindings_[type->number];
  return type;
}

const Type* Types::finish(const Type* type) {
  type = resolve(type);
  if (type->is_variable) return dyn_type();
  if (type->first == nullptr) return type;
  Type finished = *type;
  finished.first = finish(type->first);
  if (type->second != nullptr) finished.second = finish(type->second);
  return make(finished);
}

bool Types::occurs(std::uint32_t number, const Type* type) const {
  type = resolve(type);
  if (type->is_variable) return type->number == number;
  return (type->first != nullptr && occurs(number, type->first)) ||
         (type->second != nullptr && occurs(number, type->second));
}

bool Types::bind(const Type* variable, const Type* type) {
  if (type->is_variable && type->number == variable->number) return true;
  if (occurs(variable->number, type)) return false;
  bindings_[variable->number] = type;
  return true;
}

bool Types::fits(const Type* to, const Type* from) {
  Bindings before = bindings_;
  if (fits_unsafe(to, from)) return true;
  bindings_ = std::move(before);
  return false;
}

bool Types::fits_unsafe(const Type* to, const Type* from) {
  // A variable that was bound may become wider: [1, dyn(2)] is a list of dyn.
  if (to->is_variable && bindings_[to->number] != nullptr) {
    const Type* bound = resolve(to);
    if (!bound->is_variable) {
      if (!fits_unsafe(bound, from)) return false;
      const Type* given = resolve(from);
      if (is_dyn(given)) bindings_[to->number] = given;
      return true;
    }
  }
  to = resolve(to);
  from = resolve(from);
  if (to->is_variable) return bind(to, from);
  if (from->is_variable) return bind(from, to);
  if (is_dyn(to) || is_dyn(from)) return true;
  if (from->kind == ExpressionType::null && to->kind != ExpressionType::null) {
    return accepts_null(to);
  }
  if (to->kind == ExpressionType::null && from->is_nullable) return true;
  if (to->kind != from->kind) return false;
  if (to->kind == ExpressionType::type || to->first == nullptr || from->first == nullptr) {
    return true;
  }
  return fits_unsafe(to->first, from->first) &&
         (to->second == nullptr || fits_unsafe(to->second, from->second));
}

const Type* Types::join(const Type* a, const Type* b) {
  a = resolve(a);
  b = resolve(b);
  if (is_dyn(a) || is_dyn(b)) {
    const bool promotes = (is_dyn(a) && a->promotes) || (is_dyn(b) && b->promotes);
    return promotes ? promoting_type() : dyn_type();
  }
  if (!fits(a, b)) return dyn_type();
  if (a->kind == ExpressionType::null) return b;
  if (a->first == nullptr || b->first == nullptr || a->kind != b->kind) return a;
  Type joined = *a;
  joined.first = join(a->first, b->first);
  if (a->second != nullptr) joined.second = join(a->second, b->second);
  return make(joined);
}

const Type* Types::instantiate(const Type* type, Renaming& renaming) {
  if (type->is_variable) {
    for (const auto& [number, fresh] : renaming) {
      if (number == type->number) return fresh;
    }
    renaming.emplace_back(type->number, fresh_variable());
    return renaming.back().second;
  }
  if (type->first == nullptr) return type;
  Type copy = *type;
  copy.first = instantiate(type->first, renaming);
  if (type->second != nullptr) copy.second = instantiate(type->second, renaming);
  return make(copy);
}

const Type* parse_type(std::string_view& text, Types& types) {
  const std::string_view word = take_word(text);
  if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z') {
    return types.variable(static_cast<std::uint32_t>(word[0] - 'A'));
  }
  const auto find = [&](const auto& table) -> const Named* {
    const auto found = std::ranges::find(table, word, &Named::name);
    return found == table.end() ? nullptr : &*found;
  };
  const Named* named = find(names);
  if (named == nullptr) named = find(short_names);
  if (named == nullptr) return nullptr;
  if (!take(text, '(')) {
    if (named->kind == ExpressionType::list) return types.list(dyn_type());
    if (named->kind == ExpressionType::map) return types.map(dyn_type(), dyn_type());
    if (named->kind == ExpressionType::optional) return types.optional(dyn_type());
    return basic_type(named->kind);
  }
  const Type* first = parse_type(text, types);
  if (first == nullptr) return nullptr;
  const Type* second = nullptr;
  if (take(text, ',')) {
    second = parse_type(text, types);
    if (second == nullptr) return nullptr;
  }
  if (!take(text, ')')) return nullptr;
  switch (named->kind) {
    case ExpressionType::list:
      return types.list(first);
    case ExpressionType::map:
      return second == nullptr ? nullptr : types.map(first, second);
    case ExpressionType::optional:
      return types.optional(first);
    case ExpressionType::type:
      return types.type_of(first);
    default:
      return nullptr;
  }
}

}  // namespace sluice::cel
