#include "drivers/codecs/cloudevents.h"

#include <simdjson.h>

#include <limits>

#include "drivers/codecs/media_type.h"

namespace sluice {
namespace {

void append_member(std::string& out, std::string_view key_with_quotes_and_colon,
                   std::string_view text) {
  if (text.empty()) return;
  out += key_with_quotes_and_colon;
  append_json_string(out, text);
}

// CloudEvents knows booleans, integers of 32 bits and texts (section "Type System"); what is
// neither travels as text.
void append_attribute_value(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::boolean:
    case Kind::string:
    case Kind::bytes:
    case Kind::timestamp:
    case Kind::duration:
      append_json(out, value);
      return;
    case Kind::integer:
      if (value.as_int() >= std::numeric_limits<std::int32_t>::min() &&
          value.as_int() <= std::numeric_limits<std::int32_t>::max()) {
        append_integer(out, value.as_int());
        return;
      }
      break;
    default:
      break;
  }
  append_json_string(out, to_json(value));
}

void append_base64_member(std::string& out, std::string_view bytes) {
  out += R"(,"data_base64":")";
  append_base64(out, bytes);
  out.push_back('"');
}

void append_json_payload(std::string& out, std::string_view payload) {
  const std::size_t member_start = out.size();
  out += R"(,"data":)";
  // A newline can only be white space in valid JSON: strings must escape it.
  if (payload.find('\n') == std::string_view::npos) {
    out += payload;
    return;
  }
  const std::size_t start = out.size();
  out.resize(start + payload.size() + simdjson::SIMDJSON_PADDING);
  std::size_t written = 0;
  const auto code = simdjson::minify(payload.data(), payload.size(), out.data() + start, written);
  if (code == simdjson::SUCCESS) {
    out.resize(start + written);
  } else {  // not JSON against its contract: the frame must hold all the same
    out.resize(member_start);
    append_base64_member(out, payload);
  }
}

void append_payload(std::string& out, const Event& event) {
  if (event.datacontenttype.empty() || is_json_media_type(event.datacontenttype)) {
    append_json_payload(out, event.payload);
  } else if (is_text_media_type(event.datacontenttype) && is_utf8(event.payload)) {
    out += R"(,"data":)";
    append_json_string(out, event.payload);
  } else {
    append_base64_member(out, event.payload);
  }
}

void append_data(std::string& out, const Value& data) {
  if (data.is_null()) return;
  if (data.kind() == Kind::bytes) {
    append_base64_member(out, data.as_text());
    return;
  }
  out += R"(,"data":)";
  append_json(out, data);
}

// Data that a step made from text or CBOR is JSON now, and must say so; only a string and bytes
// may keep the content type they came with.
std::string_view content_type_of(const Event& event) {
  const Kind kind = event.data.kind();
  const bool is_json_now =
      !event.has_payload && kind != Kind::null && kind != Kind::string && kind != Kind::bytes;
  if (is_json_now && !event.datacontenttype.empty() && !is_json_media_type(event.datacontenttype)) {
    return "application/json";
  }
  return event.datacontenttype;
}

}  // namespace

void append_cloudevent(std::string& out, const Event& event) {
  out += R"({"specversion":"1.0")";
  append_member(out, R"(,"id":)", event.id);
  append_member(out, R"(,"source":)", event.source);
  append_member(out, R"(,"type":)", event.type);
  append_member(out, R"(,"subject":)", event.subject);
  out += R"(,"time":")";
  append_timestamp(out, event.time);
  out.push_back('"');
  append_member(out, R"(,"datacontenttype":)", content_type_of(event));
  append_member(out, R"(,"dataschema":)", event.dataschema);
  for (const Attribute& extension : event.extensions) {
    if (extension.value.is_null()) continue;
    out.push_back(',');
    append_json_string(out, extension.name);
    out.push_back(':');
    append_attribute_value(out, extension.value);
  }
  if (event.has_payload) {
    append_payload(out, event);
  } else {
    append_data(out, event.data);
  }
  out.push_back('}');
}

std::string_view frame_content_type(Frame frame) {
  return frame == Frame::ndjson ? "application/x-ndjson" : "application/cloudevents-batch+json";
}

void append_framed(std::string& body, Frame frame, const Event& event) {
  if (frame == Frame::batch) body.push_back(body.empty() ? '[' : ',');
  append_cloudevent(body, event);
  if (frame == Frame::ndjson) body.push_back('\n');
}

void finish_frame(std::string& body, Frame frame) {
  if (frame == Frame::batch) body += body.empty() ? "[]" : "]";
}

}  // namespace sluice
