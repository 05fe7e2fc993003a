#include "gateway/testing/dead_letter_json.h"

#include "core/value.h"
#include "drivers/codecs/json.h"

namespace sluice {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out += out.size() > 1 ? "," : "";
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

void append_data(std::string& out, const Event& event) {
  if (!event.has_payload) {
    out += ",\"data\":";
    append_json(out, event.data);
  } else if (validate_json(event.payload)) {
    out += ",\"data\":";
    out += event.payload;
  } else if (is_utf8(event.payload)) {
    out += ",\"data\":";
    append_json_string(out, event.payload);
  } else {
    out += ",\"data_base64\":\"";
    append_base64(out, event.payload);
    out += '"';
  }
}

}  // namespace

std::string dead_letter_json(const DeadLetter& letter) {
  const Event& event = letter.event;
  std::string out = "{";
  append_member(out, "stage", letter.stage);
  append_member(out, "reason", letter.reason);
  append_member(out, "source", event.source);
  append_member(out, "type", event.type);
  append_member(out, "subject", event.subject);
  append_member(out, "time", format_timestamp(event.time));
  append_member(out, "sender", event.sender);
  append_member(out, "topic", event.topic);
  append_data(out, event);
  return out + '}';
}

}  // namespace sluice
