#include "pipelines/steps/held_event.h"

#include <utility>

namespace sluice {
namespace {

void put_properties(std::string& out, std::span<const Property> properties) {
  put_varint(out, properties.size());
  for (const Property& property : properties) {
    put_text(out, property.name);
    put_text(out, property.value);
  }
}

std::span<const Property> read_properties(ByteReader& in, Arena& arena) {
  const std::size_t count = in.count();
  Property* const properties = arena.array<Property>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = in.text();
    properties[i] = {name, in.text()};
  }
  return {properties, count};
}

Value read_value(ByteReader& in, Arena& arena) {
  std::string_view rest = in.rest();
  const auto value = decode_value(rest, arena);
  if (!value) {
    in.fail();
    return {};
  }
  in.set_rest(rest);
  return *value;
}

std::string write(const Event& event) {
  std::string out;
  for (const std::string_view text :
       {event.type, event.subject, event.datacontenttype, event.dataschema, event.sender,
        event.sender_key, event.topic, event.source_name}) {
    put_text(out, text);
  }
  put_signed(out, event.time.time_since_epoch().count());
  put_signed(out, event.received.time_since_epoch().count());
  put_properties(out, event.user_properties);
  put_properties(out, event.headers);
  put_varint(out, event.extensions.size());
  for (const Attribute& extension : event.extensions) {
    put_text(out, extension.name);
    encode(out, extension.value);
  }
  encode(out, event.data);
  return out;
}

// Texts lie in the bytes that `in` reads.
Event* read(ByteReader& in, Arena& arena) {
  Event* const event = arena.make<Event>();
  for (std::string_view* text :
       {&event->type, &event->subject, &event->datacontenttype, &event->dataschema, &event->sender,
        &event->sender_key, &event->topic, &event->source_name}) {
    *text = in.text();
  }
  event->time = Timestamp(Duration(in.signed_varint()));
  event->received = Timestamp(Duration(in.signed_varint()));
  event->user_properties = read_properties(in, arena);
  event->headers = read_properties(in, arena);
  const std::size_t count = in.count();
  Attribute* const extensions = arena.array<Attribute>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = in.text();
    extensions[i] = {name, read_value(in, arena)};
  }
  event->extensions = {extensions, count};
  event->data = read_value(in, arena);
  event->is_unchanged = false;
  return event;
}

}  // namespace

bool HeldEvent::hold(const Event& event) {
  if (!is_storable(event.data)) return false;
  std::string bytes = write(event);
  if (bytes.size() > max_bytes) return false;
  bytes.shrink_to_fit();
  bytes_ = std::move(bytes);
  return true;
}

Event* HeldEvent::release(Arena& arena) const {
  ByteReader in(arena.copy(bytes_));
  Event* const event = read(in, arena);
  CHECK(in.is_ok() && in.at_end());  // hold() and load() let nothing else in
  return event;
}

void HeldEvent::load(ByteReader& in) {
  const std::string_view bytes = in.text();
  if (!bytes.empty()) {
    Arena scratch(1024);
    ByteReader content(bytes);
    read(content, scratch);
    if (!content.is_ok() || !content.at_end()) {
      in.fail();
      return;
    }
  }
  bytes_ = bytes;
}

}  // namespace sluice
