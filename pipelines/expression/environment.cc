#include "pipelines/expression/environment.h"

#include <algorithm>
#include <array>

namespace sluice::cel {
namespace {

Value text_or_null(std::string_view text) {
  return text.empty() ? Value::null() : Value::string(text);
}

// "plant/7/telemetry" -> ["plant", "7", "telemetry"]
Value levels(std::string_view topic, Arena& arena) {
  if (topic.empty()) return Value::list({});
  const auto count = static_cast<std::size_t>(std::ranges::count(topic, '/')) + 1;
  Value* items = arena.array<Value>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t end = std::min(topic.find('/'), topic.size());
    items[i] = Value::string(topic.substr(0, end));
    topic.remove_prefix(std::min(end + 1, topic.size()));
  }
  return Value::list({items, count});
}

// A map of the properties; of a name that comes twice the first one counts.
Value property_map(std::span<const Property> properties, Arena& arena) {
  MapEntry* entries = arena.array<MapEntry>(properties.size());
  std::size_t count = 0;
  for (const Property& property : properties) {
    if (Value::map({entries, count}).find(property.name) != nullptr) continue;
    entries[count++] = {Value::string(property.name), Value::string(property.value)};
  }
  return Value::map({entries, count});
}

using Fetch = Value (*)(const Event&, Arena&);

struct EventName {
  std::string_view name;
  std::string_view type;
  bool is_nullable;
  std::string_view description;
  Fetch fetch;
};

// Order matters to nothing but data_variable().
constexpr std::array<EventName, 12> event_names{{
    {"data", "dyn", false, "what the payload says; any JSON-like value",
     [](const Event& event, Arena&) { return event.data; }},
    {"id", "string", true, "unique together with source",
     [](const Event& event, Arena&) { return text_or_null(event.id); }},
    {"source", "string", true, "who the event is from",
     [](const Event& event, Arena&) { return text_or_null(event.source); }},
    {"type", "string", true, "\"sluice.event\", \"sluice.window\", or as mapped",
     [](const Event& event, Arena&) { return text_or_null(event.type); }},
    {"subject", "string", true, "what the event is about: a device, a machine",
     [](const Event& event, Arena&) { return text_or_null(event.subject); }},
    {"time", "timestamp", false,
     "when it happened; the time of receipt when nothing else is mapped",
     [](const Event& event, Arena&) { return Value::timestamp(event.time); }},
    {"topic", "list(string)", false, "the levels of the MQTT topic or CoAP path",
     [](const Event& event, Arena& arena) { return levels(event.topic, arena); }},
    {"path", "list(string)", false, "the same as topic",
     [](const Event& event, Arena& arena) { return levels(event.topic, arena); }},
    {"event.received", "timestamp", false, "when it arrived here",
     [](const Event& event, Arena&) { return Value::timestamp(event.received); }},
    {"event.source_name", "string", true, "NAME of [sources.NAME]",
     [](const Event& event, Arena&) { return text_or_null(event.source_name); }},
    {"user_properties", "map(string, string)", false,
     "of the MQTT 5 message; of a name that comes twice the first",
     [](const Event& event, Arena& arena) { return property_map(event.user_properties, arena); }},
    {"headers", "map(string, string)", false, "of the message, by protocol",
     [](const Event& event, Arena& arena) { return property_map(event.headers, arena); }},
}};

}  // namespace

std::size_t Environment::declare(std::string name, const Type* type) {
  variables_.push_back({std::move(name), type});
  return variables_.size() - 1;
}

std::optional<std::size_t> Environment::find(std::string_view name) const {
  const auto found = std::ranges::find(variables_, name, &Variable::name);
  if (found == variables_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - variables_.begin());
}

std::vector<std::string_view> Environment::names() const {
  std::vector<std::string_view> names;
  names.reserve(variables_.size());
  for (const Variable& variable : variables_) names.push_back(variable.name);
  return names;
}

std::vector<std::string> Environment::candidates(std::string_view name, bool is_rooted) const {
  std::vector<std::string> candidates;
  // The container, then each of its outer ones: "a.b", "a".
  std::size_t size = is_rooted ? 0 : container_.size();
  while (size > 0 && size != std::string::npos) {
    candidates.push_back(container_.substr(0, size) + "." + std::string(name));
    size = container_.rfind('.', size - 1);
  }
  candidates.emplace_back(name);
  return candidates;
}

const Environment& event_environment() {
  static const Environment environment = [] {
    Environment made;
    for (const EventName& name : event_names) {
      std::string_view text = name.type;
      const Type* type = parse_type(text, made.types());
      if (name.name == "data") type = promoting_type();
      made.declare(std::string(name.name), name.is_nullable ? made.types().nullable(type) : type);
    }
    return made;
  }();
  return environment;
}

std::string_view describe_event_name(std::size_t variable) {
  return event_names[variable].description;
}

std::size_t data_variable() { return 0; }

Value EventBindings::fetch(std::size_t variable, Arena& arena) const {
  if (variable == data_variable()) return event_.data;  // by far the most frequent one
  return event_names[variable].fetch(event_, arena);
}

}  // namespace sluice::cel
