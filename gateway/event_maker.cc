#include "gateway/event_maker.h"

#include "storage/block.h"

namespace sluice {
namespace {

constexpr std::string_view default_type = "sluice.event";

bool uses_data(const std::optional<Expression>& expression) {
  return expression && expression->uses_data();
}

Error failed(std::string_view attribute, std::string_view why) {
  return Error{ErrorKind::bad_input, "event." + std::string(attribute) + ": " + std::string(why)};
}

// An attribute's text: a string as it is, a number or truth in its JSON form; null leaves it unset.
Result<std::string_view> evaluate_text(const Expression& expression, std::string_view attribute,
                                       const Event& event, Arena& arena) {
  const Value value = expression.evaluate(event, arena);
  switch (value.kind()) {
    case Kind::string:
      return value.as_text();
    case Kind::null:
      return std::string_view();
    case Kind::integer:
    case Kind::uinteger:
    case Kind::number:
    case Kind::boolean:
      return arena.copy(to_json(value));
    case Kind::error:
      return failed(attribute, value.as_text());
    default:
      return failed(attribute,
                    "a text or a number is needed, not a " + std::string(kind_name(value.kind())));
  }
}

Result<Timestamp> evaluate_time(const Expression& expression, const Event& event, Arena& arena) {
  const Value value = expression.evaluate(event, arena);
  if (value.is_error()) return failed("time", value.as_text());
  if (value.kind() == Kind::string) {
    auto time = parse_timestamp(value.as_text());
    if (!time) return failed("time", time.error().message);
    return *time;
  }
  if (value.kind() != Kind::timestamp) {
    return failed("time", "a timestamp is needed, not a " + std::string(kind_name(value.kind())) +
                              "; timestamp(...) makes one");
  }
  if (!fits_timestamp(value)) return failed("time", "lies outside the years 1678 to 2262");
  return to_timestamp(value);
}

}  // namespace

EventMaker::EventMaker(EventMakerSetup setup) : setup_(std::move(setup)) {
  const EventMapping& mapping = setup_.mapping;
  has_own_identity_ = mapping.id.has_value() || mapping.time.has_value();
  needs_data_ = setup_.needs_data || uses_data(mapping.id) || uses_data(mapping.type) ||
                uses_data(mapping.subject) || uses_data(mapping.time);
  if (!setup_.gate_paths) return;
  DataPaths paths = *setup_.gate_paths;
  for (const auto* expression : {&mapping.id, &mapping.type, &mapping.subject, &mapping.time}) {
    if (!*expression) continue;
    const DataPaths& looks_at = (*expression)->data_paths();
    paths.insert(paths.end(), looks_at.begin(), looks_at.end());
  }
  can_peek_ = setup_.decoder->prepare_peek(paths);
}

// What each event of a message says, whatever the payload does; `source` is its CloudEvents source.
void EventMaker::describe(const Message& message, std::string_view source, Event& event) const {
  event.type = default_type;
  event.source = source;
  event.sender = message.sender;
  event.sender_key = message.sender_key;
  event.number = message.number;
  event.topic = message.topic;
  event.source_name = setup_.source_name;
  event.source_index = setup_.source_index;
  event.user_properties = message.user_properties;
  event.headers = message.headers;
  event.received = message.received;
  if (event.time == Timestamp{}) event.time = message.received;
}

Result<void> EventMaker::make(const Message& message, Arena& arena, std::uint64_t& sequence,
                              std::vector<Event>& out) {
  const std::size_t first = out.size();
  TRY(decode(message, arena, out));
  const std::string_view source =
      make_event_source(setup_.gateway, setup_.source_name, message.sender, arena);
  for (std::size_t i = first; i < out.size(); ++i) {
    describe(message, source, out[i]);
    if (auto mapped = apply_mapping(out[i], arena); !mapped) {
      out.resize(first);  // a message is decoded whole or not at all
      return mapped;
    }
  }
  for (std::size_t i = first; i < out.size(); ++i) {
    out[i].sequence = sequence++;
    if (!out[i].has_own_id) out[i].id = make_event_id(setup_.store_id, out[i].sequence, arena);
  }
  return {};
}

Result<void> EventMaker::decode(const Message& message, Arena& arena, std::vector<Event>& out) {
  if (!can_peek_ || !peek_choice_.is_peek())
    return setup_.decoder->decode(message, needs_data_, arena, out);
  return setup_.decoder->peek(message, arena, out);
}

Result<void> EventMaker::apply_mapping(Event& event, Arena& arena) const {
  const EventMapping& mapping = setup_.mapping;
  if (mapping.subject)
    event.subject = TRY(evaluate_text(*mapping.subject, "subject", event, arena));
  if (mapping.type) {
    const std::string_view type = TRY(evaluate_text(*mapping.type, "type", event, arena));
    if (!type.empty()) event.type = type;
  }
  if (mapping.time) event.time = TRY(evaluate_time(*mapping.time, event, arena));
  if (mapping.id) {
    event.id = TRY(evaluate_text(*mapping.id, "id", event, arena));
    event.has_own_id = !event.id.empty();
  }
  return {};
}

Event EventMaker::make_undecoded(const Message& message, Arena& arena,
                                 std::uint64_t& sequence) const {
  Event event;
  describe(message, make_event_source(setup_.gateway, setup_.source_name, message.sender, arena),
           event);
  event.payload = message.payload;
  event.has_payload = true;
  event.datacontenttype = message.content_type;
  event.sequence = sequence++;
  event.id = make_event_id(setup_.store_id, event.sequence, arena);
  return event;
}

Result<void> EventMaker::restore_data(Event& event, Arena& arena) {
  return needs_data_ ? read_data(event, arena) : Result<void>();
}

Result<void> EventMaker::read_data(Event& event, Arena& arena) {
  if (event.has_payload) event.data = TRY(setup_.decoder->parse(event.payload, arena));
  return {};
}

Result<void> EventMaker::complete(Event& event, Arena& arena) {
  peek_choice_.passed();
  return read_data(event, arena);
}

}  // namespace sluice
