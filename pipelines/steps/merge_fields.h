// MergedFields: the fields of one whole of a `merge`, each under its name once. Part of merge.
//
//   bytes_   | t 21 | rh 40 | t 22 |        encoded name and value, in the order they came
//   fields_    rh^     t^-----'             sorted by name; what a later one replaced is waste
//
// Adding a part costs what the part costs, and not what the whole does: that is put together when
// it leaves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/bytes.h"
#include "core/value.h"

namespace sluice {

class MergedFields {
 public:
  struct Bounds {
    std::size_t fields = 0;
    std::size_t bytes = 0;  // of all fields, encoded; less than 1 MiB
  };

  std::size_t size() const { return fields_.size(); }

  // Adds the members of `part`, a map that is_storable(); they take the place of those with the
  // same name. False: then there would be too many; nothing changed.
  bool add(const Value& part, const Bounds& bounds) {
    MergedFields added;  // each name once
    std::string text;
    for (const MapEntry& entry : part.as_map()) {
      text.clear();
      encode(text, entry.key);
      const std::size_t name_size = text.size();
      encode(text, entry.value);
      if (added.bytes_.size() + text.size() > bounds.bytes) return false;
      added.put(text, name_size);
    }
    if (!has_room(added, bounds)) return false;
    std::ranges::sort(added.fields_, {}, &Field::order);
    for (const Field& field : added.fields_) put(added.text_of(field), field.value - field.begin);
    if (bytes_.size() > 2 * used_ + least_waste) drop_waste();
    return true;
  }

  // `name` as encoded: see name_bytes().
  bool has(std::string_view name) const { return find(name) != nullptr; }
  static std::string name_bytes(std::string_view name) {
    std::string bytes;
    encode(bytes, Value::string(name));
    return bytes;
  }

  // A map of all in the order in which each name first came, in `arena`.
  Value value(Arena& arena) const {
    MapEntry* const entries = arena.array<MapEntry>(fields_.size());
    const std::string_view bytes = arena.copy(bytes_);
    for (const Field& field : fields_) {
      std::string_view in = bytes.substr(field.begin, field.end - field.begin);
      const auto name = decode_value(in, arena);
      const auto value = decode_value(in, arena);
      CHECK(name.is_ok() && value.is_ok());  // add() and load() let nothing else in
      entries[field.order] = {*name, *value};
    }
    return Value::map({entries, fields_.size()});
  }

  void save(std::string& out) const {
    Arena scratch(1024);
    encode(out, value(scratch));
  }
  // Fails the reader when that is no map, or one with more than `bounds`.
  void load(ByteReader& in, const Bounds& bounds) {
    Arena scratch(1024);
    std::string_view rest = in.rest();
    const auto saved = decode_value(rest, scratch);
    if (!saved || saved->kind() != Kind::map || !add(*saved, bounds)) return in.fail();
    in.set_rest(rest);
  }

  // What heap_bytes() never exceeds: text and vectors have up to twice the room they need.
  static constexpr std::size_t max_heap_bytes(const Bounds& bounds) {
    return 2 * (3 * bounds.bytes + least_waste) + 2 * bounds.fields * sizeof(Field) + 64;
  }
  std::size_t heap_bytes() const {
    const bool is_on_heap = bytes_.capacity() > std::string().capacity();
    return (is_on_heap ? bytes_.capacity() + 1 : 0) + fields_.capacity() * sizeof(Field);
  }

 private:
  struct Field {
    std::uint32_t begin = 0;  // of its name in bytes_
    std::uint32_t value = 0;
    std::uint32_t end = 0;
    std::uint32_t order = 0;  // among all names, as they first came
  };
  static constexpr std::size_t least_waste = 256;

  static std::uint32_t at(std::size_t place) { return static_cast<std::uint32_t>(place); }
  std::string_view text_of(const Field& field) const {
    return std::string_view(bytes_).substr(field.begin, field.end - field.begin);
  }
  std::string_view name_of(const Field& field) const {
    return std::string_view(bytes_).substr(field.begin, field.value - field.begin);
  }

  std::vector<Field>::const_iterator place_of(std::string_view name) const {
    return std::ranges::lower_bound(fields_, name, {},
                                    [&](const Field& field) { return name_of(field); });
  }
  const Field* find(std::string_view name) const {
    const auto place = place_of(name);
    return place != fields_.end() && name_of(*place) == name ? &*place : nullptr;
  }

  bool has_room(const MergedFields& added, const Bounds& bounds) const {
    std::size_t bytes = used_ + added.used_;
    std::size_t count = fields_.size();
    for (const Field& field : added.fields_) {
      const Field* const replaced = find(added.name_of(field));
      if (replaced == nullptr) {
        ++count;
      } else {
        bytes -= text_of(*replaced).size();
      }
    }
    return count <= bounds.fields && bytes <= bounds.bytes;
  }

  // `text` is a name of that size and its value.
  void put(std::string_view text, std::size_t name_size) {
    Field field;
    field.begin = at(bytes_.size());
    field.value = at(bytes_.size() + name_size);
    field.end = at(bytes_.size() + text.size());
    field.order = at(fields_.size());
    bytes_ += text;
    used_ += text.size();
    const auto place = fields_.begin() + (place_of(name_of(field)) - fields_.cbegin());
    if (place != fields_.end() && name_of(*place) == name_of(field)) {
      used_ -= text_of(*place).size();
      field.order = place->order;
      *place = field;
    } else {
      fields_.insert(place, field);
    }
  }

  void drop_waste() {
    std::string kept;
    kept.reserve(used_);
    for (Field& field : fields_) {
      const std::uint32_t begin = at(kept.size());
      kept += text_of(field);
      field = {begin, begin + (field.value - field.begin), at(kept.size()), field.order};
    }
    bytes_ = std::move(kept);
  }

  std::string bytes_;
  std::vector<Field> fields_;
  std::size_t used_ = 0;  // of bytes_; the rest was replaced
};

}  // namespace sluice
