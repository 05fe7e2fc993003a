#include "drivers/codecs/senml.h"

#include <algorithm>

#include "drivers/codecs/cbor.h"
#include "drivers/codecs/json.h"

namespace sluice {
namespace {

constexpr std::string_view cbor_type = "application/senml+cbor";

Result<Value> parse_pack(const Message& message, Arena& arena) {
  if (!message.content_type.starts_with(cbor_type)) return parse_json(message.payload, arena);
  // RFC 8428 section 6: only a stream may leave the number of its records open.
  constexpr char indefinite_array = '\x9F';
  if (message.payload.starts_with(indefinite_array)) {
    return Error{ErrorKind::bad_input, "not SenML: a pack of indefinite length"};
  }
  return parse_cbor(message.payload, arena);
}

std::string_view common_base_name(const Value& pack, std::span<const ResolvedRecord> records) {
  const Value& first = pack.as_list().front();
  const auto base = std::ranges::find_if(first.as_map(), [](const MapEntry& entry) {
    constexpr std::int64_t cbor_base_name = -2;
    return entry.key.kind() == Kind::string ? entry.key.as_text() == "bn"
                                            : entry.key.as_int() == cbor_base_name;
  });
  if (base == first.as_map().end()) return {};
  const std::string_view name = base->value.as_text();
  const bool is_common = std::ranges::all_of(
      records, [&](const ResolvedRecord& record) { return record.name.starts_with(name); });
  return is_common ? name : std::string_view();
}

Event make_event(const ResolvedRecord& record) {
  Event event;
  event.subject = record.name;
  event.time = record.time;
  event.data = record.data;
  event.datacontenttype = "application/json";
  return event;
}

Event make_event(const Value& pack, std::span<const ResolvedRecord> records, Arena& arena) {
  auto* list = arena.array<Value>(records.size());
  Event event;
  event.time = records.front().time;
  for (std::size_t i = 0; i < records.size(); ++i) {
    list[i] = records[i].data;
    event.time = std::max(event.time, records[i].time);
  }
  event.subject = common_base_name(pack, records);
  event.data = Value::list({list, records.size()});
  event.datacontenttype = "application/senml+json";
  return event;
}

}  // namespace

Result<void> SenmlDecoder::decode(const Message& message, bool /*needs_data*/, Arena& arena,
                                  std::vector<Event>& out) {
  const Value pack = TRY(parse_pack(message, arena));
  const auto records = TRY(resolve_senml(pack, message.received, options_.names, arena));
  if (options_.events == SenmlEvents::per_record) {
    for (const ResolvedRecord& record : records) out.push_back(make_event(record));
  } else if (!records.empty()) {
    out.push_back(make_event(pack, records, arena));
  }
  return {};
}

Result<Value> SenmlDecoder::parse(std::string_view /*payload*/, Arena& /*arena*/) {
  return Error{ErrorKind::bad_input, "a SenML event has no payload of its own"};
}

}  // namespace sluice
