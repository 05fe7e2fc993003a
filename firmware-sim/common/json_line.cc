#include "firmware-sim/common/json_line.h"

#include <utility>

#include "core/value.h"

namespace sluice::sim {

void JsonLine::key(std::string_view name) {
  if (line_.size() > 1) line_ += ',';
  append_json_string(line_, name);
  line_ += ':';
}

JsonLine& JsonLine::text(std::string_view name, std::string_view value) {
  key(name);
  append_json_string(line_, value);
  return *this;
}

JsonLine& JsonLine::number(std::string_view name, std::uint64_t value) {
  key(name);
  append_unsigned(line_, value);
  return *this;
}

JsonLine& JsonLine::decimal(std::string_view name, double value) {
  key(name);
  append_number(line_, value);
  return *this;
}

JsonLine& JsonLine::boolean(std::string_view name, bool value) {
  return raw(name, value ? "true" : "false");
}

JsonLine& JsonLine::null(std::string_view name) { return raw(name, "null"); }

JsonLine& JsonLine::raw(std::string_view name, std::string_view json) {
  key(name);
  line_ += json;
  return *this;
}

std::string JsonLine::finish() {
  line_ += '}';
  std::string line = std::move(line_);
  line_.assign(1, '{');
  return line;
}

}  // namespace sluice::sim
