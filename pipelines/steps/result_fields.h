// The fields of a result that a configuration names, each with its expression: `emit` of sequence,
// `columns` of view.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/event.h"
#include "core/result.h"
#include "pipelines/data_path.h"
#include "pipelines/expression/expression.h"

namespace sluice {

// Whether expressions can write `data.name`.
inline bool is_plain_name(const std::string& name) {
  const auto path = DataPath::parse("data." + name);
  return path && path->names().size() == 1;
}

struct ResultField {
  std::string name;
  Expression expression;
};

// A map of all `fields` over `event`, in `arena`; `option` is what the configuration calls them.
//   bad_input  one of them failed, or gave what an event cannot carry
inline Result<Value> evaluate_fields(std::span<const ResultField> fields, std::string_view option,
                                     const Event& event, Arena& arena) {
  MapEntry* const entries = arena.array<MapEntry>(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Value value = fields[i].expression.evaluate(event, arena);
    if (value.kind() >= Kind::type) {
      return Error{ErrorKind::bad_input,
                   std::string(option) + "." + fields[i].name + ": " +
                       (value.is_error() ? std::string(value.as_text())
                                         : "an event cannot carry a value of type " +
                                               std::string(kind_name(value.kind())))};
    }
    entries[i] = {Value::string(fields[i].name), value};
  }
  return Value::map({entries, fields.size()});
}

}  // namespace sluice
