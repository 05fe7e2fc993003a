#include "gateway/tables/json_file.h"

#include <algorithm>

#include "drivers/codecs/json.h"
#include "drivers/codecs/json_text.h"

namespace sluice {

Result<Value> parse_json_file(const std::string& name, std::string_view content, Arena& arena) {
  auto parsed = parse_json(content, arena);
  if (parsed) return parsed;
  std::string place = name;
  if (const std::size_t at = find_syntax_error(content); at != std::string_view::npos)
    place += ":" + std::to_string(1 + std::ranges::count(content.substr(0, at), '\n'));
  return Error{ErrorKind::bad_config, place + ": " + parsed.error().message};
}

}  // namespace sluice
