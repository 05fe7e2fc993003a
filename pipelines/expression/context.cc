#include "pipelines/expression/context.h"

#include <cstring>

namespace sluice::cel {

Value Context::error(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  if (!spend_bytes(size)) return over_budget();
  char* text = arena_.array<char>(size);
  char* end = text;
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(end, part.data(), part.size());
    end += part.size();
  }
  return Value::error({text, size});
}

Value Context::string(std::string_view text) {
  return spend_bytes(text.size()) ? Value::string(arena_.copy(text)) : over_budget();
}

Value Context::bytes(std::string_view text) {
  return spend_bytes(text.size()) ? Value::bytes(arena_.copy(text)) : over_budget();
}

}  // namespace sluice::cel
