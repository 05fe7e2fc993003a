#include "gateway/summary.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::size_t max_fields = 64;  // of one key and window
constexpr int max_depth = 4;

// The start of the window that holds `time`; also right before 1970.
std::int64_t window_start(Timestamp time, Duration window) {
  const std::int64_t at = time.time_since_epoch().count();
  const std::int64_t size = std::max<std::int64_t>(1, window.count());
  const std::int64_t into = (at % size + size) % size;
  return at < 0 && into > at - INT64_MIN ? INT64_MIN : at - into;
}

std::string_view text_of(const Event& event, std::string_view extension) {
  const Value* value = find_extension(event, extension);
  return value != nullptr && value->kind() == Kind::string ? value->as_text() : std::string_view();
}

std::uint64_t count_of(const Value* value) {
  return value != nullptr && value->is_numeric()
             ? static_cast<std::uint64_t>(std::max(0.0, value->to_double()))
             : 0;
}

double number_of(const Value& map, std::string_view key) {
  const Value* value = map.find(key);
  return value != nullptr && value->is_numeric() ? value->to_double() : 0;
}

}  // namespace

Summary::Field* Summary::find_or_make(Group& group, std::string_view path) {
  if (const auto found = group.fields.find(path); found != group.fields.end())
    return &found->second;
  if (group.fields.size() >= max_fields) {
    ++group.fields_left_out;
    return nullptr;
  }
  return &group.fields.emplace(path, Field{}).first->second;
}

void Summary::add_raw(Group& group, std::string_view path, const Value& value, int depth) {
  if (value.kind() == Kind::map && depth < max_depth) {
    for (const MapEntry& entry : value.as_map()) {
      if (entry.key.kind() != Kind::string) continue;
      std::string inner(path);
      if (!inner.empty()) inner += '.';
      inner += entry.key.as_text();
      add_raw(group, inner, entry.value, depth + 1);
    }
    return;
  }
  if (value.is_null()) return;
  Field* field = find_or_make(group, path.empty() ? "value" : path);
  if (field == nullptr) return;
  if (value.is_numeric()) {
    const double number = value.to_double();
    field->min = field->count == 0 ? number : std::min(field->min, number);
    field->max = field->count == 0 ? number : std::max(field->max, number);
    field->sum += number;
    ++field->count;
  }
  field->last.clear();
  encode(field->last, value);
}

void Summary::add_summary(Group& group, const Value& data) {
  const Value* fields = data.find("fields");
  if (fields == nullptr || fields->kind() != Kind::map) return;
  group.fields_left_out += count_of(data.find("fields_left_out"));
  for (const MapEntry& entry : fields->as_map()) {
    if (entry.key.kind() != Kind::string || entry.value.kind() != Kind::map) continue;
    Field* field = find_or_make(group, entry.key.as_text());
    if (field == nullptr) continue;
    const std::uint64_t count = count_of(entry.value.find("count"));
    if (count > 0) {
      const double least = number_of(entry.value, "min");
      const double greatest = number_of(entry.value, "max");
      field->min = field->count == 0 ? least : std::min(field->min, least);
      field->max = field->count == 0 ? greatest : std::max(field->max, greatest);
      field->sum += number_of(entry.value, "sum");
      field->count += count;
    }
    if (const Value* last = entry.value.find("last")) {
      field->last.clear();
      encode(field->last, *last);
    }
  }
}

void Summary::add(const Event& event) {
  const bool is_summary = event.type == summary_type && !event.is_unchanged;
  const std::string_view type = is_summary ? text_of(event, "summaryof") : event.type;
  Group& group = groups_[Key(window_start(event.time, window_), std::string(event.source),
                             std::string(type), std::string(event.subject))];
  const std::uint64_t events =
      is_summary ? std::max<std::uint64_t>(1, count_of(event.data.find("events"))) : 1;
  group.events += events;
  events_ += events;
  group.received = std::max(group.received, event.received);
  if (is_summary) {
    add_summary(group, event.data);
  } else {
    add_raw(group, {}, event.data, 0);
  }
}

std::vector<Event> Summary::take(std::string_view id_prefix, Arena& arena) const {
  std::vector<Event> events;
  events.reserve(groups_.size());
  const auto integer = [](std::uint64_t number) {
    return Value::integer(static_cast<std::int64_t>(number));
  };
  for (const auto& [key, group] : groups_) {
    const auto& [start, source, type, subject] = key;
    std::vector<MapEntry> fields;
    for (const auto& [path, field] : group.fields) {
      std::vector<MapEntry> members;
      if (field.count > 0) {
        members = {
            {Value::string("count"), integer(field.count)},
            {Value::string("mean"), Value::number(field.sum / static_cast<double>(field.count))},
            {Value::string("min"), Value::number(field.min)},
            {Value::string("max"), Value::number(field.max)},
            {Value::string("sum"), Value::number(field.sum)}};
      }
      std::string_view last = arena.copy(field.last);
      if (const auto value = decode_value(last, arena))
        members.push_back({Value::string("last"), *value});
      fields.push_back({Value::string(arena.copy(path)),
                        Value::map(arena.copy(std::span<const MapEntry>(members)))});
    }
    std::vector<MapEntry> data = {
        {Value::string("events"), integer(group.events)},
        {Value::string("fields"), Value::map(arena.copy(std::span<const MapEntry>(fields)))}};
    if (group.fields_left_out > 0)
      data.push_back({Value::string("fields_left_out"), integer(group.fields_left_out)});
    const Timestamp from{Duration(start)};
    const Attribute extensions[] = {
        {"summaryof", Value::string(arena.copy(type))},
        {"windowstart", Value::timestamp(from)},
        {"windowseconds", Value::integer(window_ / std::chrono::seconds(1))}};
    Event event;
    event.id = arena.join(id_prefix, arena.copy(std::to_string(events.size())));
    event.source = arena.copy(source);
    event.type = summary_type;
    event.subject = arena.copy(subject);
    event.time = from;
    event.received = group.received;
    event.extensions = arena.copy(std::span<const Attribute>(extensions));
    event.data = Value::map(arena.copy(std::span<const MapEntry>(data)));
    event.is_unchanged = false;
    events.push_back(event);
  }
  return events;
}

}  // namespace sluice
