// CloudEvents out: an Event as one line of structured JSON (CloudEvents 1.0, JSON event format),
// and the two frames that upstream batches have.
//
//   {"specversion":"1.0","id":..,"source":..,"type":..,"subject":..,"time":..,
//    "datacontenttype":..,"dataschema":..,<extensions>,"data":..}
//
// The payload as received becomes
//   JSON      data         byte for byte; without its white space if it holds a newline
//   text/*    data         a JSON string, if it is UTF-8
//   other     data_base64
// An event without a payload (a step made it) gives its `data` as JSON, bytes as data_base64, and
// no data member at all for null.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/event.h"

namespace sluice {

// Appends the event, without a newline anywhere. Unset attributes are left out. The texts must be
// UTF-8, and a payload whose datacontenttype is JSON (or unset) must be valid JSON: decoders see to
// both.
void append_cloudevent(std::string& out, const Event& event);

enum class Frame : std::uint8_t {
  ndjson,  // a line for each event
  batch,   // one JSON array (CloudEvents JSON format 1.0, section 4)
};

// What the body of such a frame is called: "application/x-ndjson" ...
std::string_view frame_content_type(Frame frame);

// Appends the event to a body that holds nothing but this frame's events.
void append_framed(std::string& body, Frame frame, const Event& event);
// Ends the body; it is valid, and empty of events, if none was appended.
void finish_frame(std::string& body, Frame frame);

}  // namespace sluice
