#include "pipelines/data_path.h"

#include <algorithm>
#include <span>

namespace sluice {
namespace {

using Names = std::span<const std::string>;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string no_map(std::string_view parent, const Value& value) {
  return std::string(parent) + " is of type " + std::string(kind_name(value.kind())) +
         ", so it has no fields";
}

bool is_named(const MapEntry& entry, std::string_view name) {
  return entry.key.kind() == Kind::string && entry.key.as_text() == name;
}

// "data.a.b": the first `count` names.
std::string path_text(Names names, std::size_t count) {
  std::string text = "data";
  for (const std::string& name : names.first(count)) text.append(".").append(name);
  return text;
}

// `data` with `value` at the path; what is on the way is maps, or null.
Value write_at(Names names, const Value& data, const Value& value, Arena& arena) {
  if (names.empty()) return value;
  const std::string_view name = names.front();
  const Value* present = data.find(name);
  const Value below =
      write_at(names.subspan(1), present == nullptr ? Value::null() : *present, value, arena);

  const auto entries = data.is_null() ? std::span<const MapEntry>{} : data.as_map();
  const std::size_t count = entries.size() + (present == nullptr ? 1 : 0);
  MapEntry* written = arena.array<MapEntry>(count);
  std::ranges::copy(entries, written);
  if (present == nullptr) {
    written[entries.size()] = {Value::string(arena.copy(name)), below};
  } else {
    for (MapEntry& entry : std::span(written, count)) {
      if (is_named(entry, name)) entry.value = below;
    }
  }
  return Value::map({written, count});
}

// `data` without the field at the path, of at least one name.
Value remove_at(Names names, const Value& data, Arena& arena) {
  const std::string_view name = names.front();
  const Value* present = data.find(name);
  if (present == nullptr) return data;
  const bool is_leaf = names.size() == 1;
  const Value below = is_leaf ? Value::null() : remove_at(names.subspan(1), *present, arena);

  MapEntry* kept = arena.array<MapEntry>(data.as_map().size());
  std::size_t count = 0;
  for (const MapEntry& entry : data.as_map()) {
    if (!is_named(entry, name)) {
      kept[count++] = entry;
    } else if (!is_leaf) {
      kept[count++] = {entry.key, below};
    }
  }
  return Value::map({kept, count});
}

}  // namespace

std::optional<DataPath> DataPath::parse(std::string_view text) {
  text = trim(text);
  DataPath path;
  bool is_root = true;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view name = text.substr(0, dot);
    if (is_root ? name != "data" : !is_name(name)) return std::nullopt;
    if (!is_root) path.names_.emplace_back(name);
    if (dot == std::string_view::npos) return path;
    text.remove_prefix(dot + 1);
    is_root = false;
  }
}

Value DataPath::read(const Value& data, Arena& arena) const {
  const Value* value = &data;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (value->is_null()) return Value::null();
    if (value->kind() != Kind::map) {
      return Value::error(arena.copy(no_map(path_text(names_, i), *value)));
    }
    value = value->find(names_[i]);
    if (value == nullptr) return Value::null();
  }
  return *value;
}

const Value* DataPath::find(const Value& data) const {
  const Value* value = &data;
  for (const std::string& name : names_) {
    value = value->find(name);
    if (value == nullptr) return nullptr;
  }
  return value;
}

Result<Value> DataPath::write(const Value& data, const Value& value, Arena& arena) const {
  // The last name may stand for anything; what is above it must be maps.
  const Value* above = &data;
  for (std::size_t i = 0; i < names_.size() && above != nullptr && !above->is_null(); ++i) {
    if (above->kind() != Kind::map) {
      return Error{ErrorKind::bad_input, no_map(path_text(names_, i), *above)};
    }
    above = above->find(names_[i]);
  }
  return write_at(names_, data, value, arena);
}

Value DataPath::remove(const Value& data, Arena& arena) const {
  return names_.empty() ? Value::null() : remove_at(names_, data, arena);
}

std::string DataPath::text() const { return path_text(names_, names_.size()); }

}  // namespace sluice
