#include "gateway/testing/event_from_json.h"

#include <vector>

namespace sluice {
namespace {

std::string_view attribute_text(const Value& attributes, std::string_view name) {
  const Value* const value = attributes.find(name);
  return value != nullptr && value->kind() == Kind::string ? value->as_text() : std::string_view();
}

}  // namespace

Event event_from_json(const Value& attributes, Arena& arena) {
  Event event;
  event.id = attribute_text(attributes, "id");
  event.source = attribute_text(attributes, "source");
  event.type = attribute_text(attributes, "type");
  event.subject = attribute_text(attributes, "subject");
  event.datacontenttype = attribute_text(attributes, "datacontenttype");
  event.dataschema = attribute_text(attributes, "dataschema");
  event.topic = attribute_text(attributes, "topic");
  event.sender = attribute_text(attributes, "sender");
  if (const auto time = parse_timestamp(attribute_text(attributes, "time"))) event.time = *time;
  if (const Value* const data = attributes.find("data")) event.data = *data;
  std::vector<Attribute> extensions;
  for (const MapEntry& entry : attributes.as_map())
    extensions.push_back({entry.key.as_text(), entry.value});
  event.extensions = arena.copy(std::span<const Attribute>(extensions));
  return event;
}

}  // namespace sluice
