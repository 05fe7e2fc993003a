#include "drivers/codecs/text.h"

#include "drivers/codecs/json.h"
#include "drivers/codecs/media_type.h"

namespace sluice {
namespace {

// A reading never needs more digits; it bounds the attempt on a payload that is long text.
constexpr std::size_t max_number_bytes = 64;

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t start = text.find_first_not_of(space);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(space) - start + 1);
}

bool may_be_number(std::string_view text) {
  if (text.empty() || text.size() > max_number_bytes) return false;
  return text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

}  // namespace

Result<void> TextDecoder::decode(const Message& message, bool needs_data, Arena& arena,
                                 std::vector<Event>& out) {
  Event event;
  if (needs_data) {
    event.data = TRY(parse(message.payload, arena));
  } else if (!is_utf8(message.payload)) {
    return Error{ErrorKind::bad_input, "not text: invalid UTF-8"};
  }
  event.payload = message.payload;
  event.has_payload = true;
  // "text/json" would promise JSON, which this decoder has not checked.
  const bool is_text =
      is_text_media_type(message.content_type) && !is_json_media_type(message.content_type);
  event.datacontenttype = is_text ? message.content_type : std::string_view("text/plain");
  out.push_back(event);
  return {};
}

Result<Value> TextDecoder::parse(std::string_view payload, Arena& arena) {
  if (!is_utf8(payload)) return Error{ErrorKind::bad_input, "not text: invalid UTF-8"};
  const std::string_view word = trim(payload);
  if (may_be_number(word)) {
    if (auto number = parse_json(word, arena)) return number;
  }
  return Value::string(arena.copy(payload));
}

}  // namespace sluice
