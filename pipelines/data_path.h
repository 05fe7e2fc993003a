// DataPath: a plain path into an event's data, such as `data.engine.temperature`.
//
// The part of CEL that needs no evaluation: names joined by dots after `data`. Map writes to such
// paths; aggregates read them directly, and can so tell a field that is absent from an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"
#include "core/value.h"

namespace sluice {

class DataPath {
 public:
  // Nothing when `text` is anything else than `data` followed by `.name`s (blanks around it do not
  // matter). `data` alone is the empty path: the whole data.
  static std::optional<DataPath> parse(std::string_view text);

  // The value at this path. Null: the field, or a map on the way to it, is absent or null.
  // Kind::error: what is on the way is no map; the reason lies in `arena`.
  Value read(const Value& data, Arena& arena) const;

  // The value at this path, also when it is null; nullptr when there is none.
  const Value* find(const Value& data) const;

  // `data` with the value at this path replaced or added, in `arena`; other fields keep their order
  // and a new one comes last. Maps that are absent or null on the way are made.
  //   bad_input  what is on the way is no map
  Result<Value> write(const Value& data, const Value& value, Arena& arena) const;

  // `data` without the field at this path, in `arena`; the same when there is no such field.
  Value remove(const Value& data, Arena& arena) const;

  const std::vector<std::string>& names() const { return names_; }
  std::string text() const;

 private:
  std::vector<std::string> names_;
};

}  // namespace sluice
