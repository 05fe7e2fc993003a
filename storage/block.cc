#include "storage/block.h"

#include <array>
#include <charconv>

#include "core/bytes.h"

namespace sluice {
namespace {

constexpr std::uint8_t block_version = 1;

// Which fields of a row follow. A field that is not marked equals the row before.
enum Mark : std::uint32_t {
  mark_payload = 1U << 0,   // the payload's bytes follow; else the encoded data
  mark_changed = 1U << 1,   // a step made or changed it: source and id follow
  mark_own_id = 1U << 2,    // the sender's own id follows
  mark_time = 1U << 3,      // time differs from received
  mark_sequence = 1U << 4,  // sequence is not the one after the row before
  mark_type = 1U << 5,
  mark_subject = 1U << 6,
  mark_content_type = 1U << 7,
  mark_schema = 1U << 8,
  mark_extensions = 1U << 9,  // present at all
  mark_sender = 1U << 10,
  mark_topic = 1U << 11,
  mark_source_name = 1U << 12,  // with source index
  mark_user_properties = 1U << 13,
  mark_headers = 1U << 14,
  mark_number = 1U << 15,
  mark_sender_key = 1U << 16,
  mark_fingerprint = 1U << 17,  // only where it cannot be computed from the row
};

// Unsigned, as it was subtracted: far apart times, and damaged ones, must not overflow.
Timestamp shifted(Timestamp time, std::int64_t nanos) {
  return Timestamp(Duration(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(time.time_since_epoch().count()) +
                                static_cast<std::uint64_t>(nanos))));
}

void put_properties(std::string& out, std::span<const Property> properties) {
  put_varint(out, properties.size());
  for (const Property& property : properties) {
    put_text(out, property.name);
    put_text(out, property.value);
  }
}

std::span<const Property> read_properties(ByteReader& in, Arena& arena) {
  const std::size_t count = in.count();
  auto* properties = arena.array<Property>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = in.text();
    properties[i] = {name, in.text()};
  }
  return {properties, count};
}

std::uint32_t marks_of(const Event& event, const Event& previous) {
  std::uint32_t marks = 0;
  const auto mark = [&](Mark bit, bool is_set) {
    if (is_set) marks |= bit;
  };
  mark(mark_payload, event.has_payload);
  mark(mark_changed, !event.is_unchanged);
  mark(mark_own_id, event.has_own_id);
  mark(mark_time, event.time != event.received);
  mark(mark_sequence, event.sequence != previous.sequence + 1);
  mark(mark_type, event.type != previous.type);
  mark(mark_subject, event.subject != previous.subject);
  mark(mark_content_type, event.datacontenttype != previous.datacontenttype);
  mark(mark_schema, event.dataschema != previous.dataschema);
  mark(mark_extensions, !event.extensions.empty());
  mark(mark_sender, event.sender != previous.sender);
  mark(mark_topic, event.topic != previous.topic);
  mark(mark_source_name, event.source_name != previous.source_name);
  mark(mark_user_properties, !event.user_properties.empty());
  mark(mark_headers, !event.headers.empty());
  mark(mark_number, event.number != 0);
  mark(mark_sender_key, !event.sender_key.empty());
  const bool is_computable = event.is_unchanged && (event.has_payload || event.has_own_id);
  mark(mark_fingerprint, event.fingerprint != 0 && !is_computable);
  return marks;
}

Result<std::span<const Attribute>> read_extensions(ByteReader& in, Arena& arena) {
  const std::size_t count = in.count();
  auto* extensions = arena.array<Attribute>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = in.text();
    std::string_view rest = in.rest();
    extensions[i] = {name, TRY(decode_value(rest, arena))};
    in.set_rest(rest);
  }
  return std::span<const Attribute>(extensions, count);
}

// Reads what append_event wrote, on top of the row before.
Result<Event> read_event(ByteReader& in, const Event& previous, Arena& arena) {
  Event event = previous;
  const auto marks = static_cast<std::uint32_t>(in.varint());
  event.has_payload = (marks & mark_payload) != 0;
  event.is_unchanged = (marks & mark_changed) == 0;
  event.has_own_id = (marks & mark_own_id) != 0;
  event.received = shifted(previous.received, in.signed_varint());
  event.time = event.received;
  if ((marks & mark_time) != 0) event.time = shifted(event.received, in.signed_varint());
  event.sequence = (marks & mark_sequence) != 0 ? in.varint() : previous.sequence + 1;
  if ((marks & (mark_changed | mark_own_id)) != 0) event.id = in.text();
  if ((marks & mark_changed) != 0) event.source = in.text();
  if ((marks & mark_type) != 0) event.type = in.text();
  if ((marks & mark_subject) != 0) event.subject = in.text();
  if ((marks & mark_content_type) != 0) event.datacontenttype = in.text();
  if ((marks & mark_schema) != 0) event.dataschema = in.text();
  event.extensions = {};
  if ((marks & mark_extensions) != 0) event.extensions = TRY(read_extensions(in, arena));
  if ((marks & mark_sender) != 0) event.sender = in.text();
  if ((marks & mark_topic) != 0) event.topic = in.text();
  if ((marks & mark_source_name) != 0) {
    event.source_name = in.text();
    event.source_index = static_cast<std::uint16_t>(in.varint());
  }
  event.user_properties = {};
  event.headers = {};
  if ((marks & mark_user_properties) != 0) event.user_properties = read_properties(in, arena);
  if ((marks & mark_headers) != 0) event.headers = read_properties(in, arena);
  event.number = 0;
  event.sender_key = {};
  event.fingerprint = 0;
  if ((marks & mark_number) != 0) event.number = static_cast<std::uint16_t>(in.varint());
  if ((marks & mark_sender_key) != 0) event.sender_key = in.text();
  if ((marks & mark_fingerprint) != 0) event.fingerprint = in.fixed<std::uint64_t>();
  event.data = {};
  event.payload = {};
  if (event.has_payload) {
    event.payload = in.text();
  } else {
    std::string_view rest = in.rest();
    event.data = TRY(decode_value(rest, arena));
    in.set_rest(rest);
  }
  if (!in.is_ok()) return Error{ErrorKind::corrupt, "a stored event cannot be read"};
  return event;
}

Result<BlockHeader> read_header(ByteReader& in) {
  BlockHeader header;
  if (in.fixed<std::uint8_t>() != block_version) {
    return Error{ErrorKind::corrupt, "a stored block has an unknown version"};
  }
  header.block = in.varint();
  header.epoch = static_cast<std::uint32_t>(in.varint());
  header.boot_id = in.fixed<std::uint64_t>();
  header.monotonic = Duration(in.signed_varint());
  header.wall = Timestamp(Duration(in.signed_varint()));
  const auto flags = in.fixed<std::uint8_t>();
  header.time_quality = (flags & 1) != 0 ? TimeQuality::synchronised : TimeQuality::unknown;
  header.was_backpressured = (flags & 2) != 0;
  header.engine_time = EngineTime{in.signed_varint()};
  header.next_sequence = in.varint();
  header.output_digest = in.fixed<std::uint64_t>();
  header.gateway = in.text();
  if (!in.is_ok()) return Error{ErrorKind::corrupt, "a stored block's header cannot be read"};
  return header;
}

}  // namespace

void append_event(std::string& out, const Event& event, const Event& previous) {
  const std::uint32_t marks = marks_of(event, previous);
  put_varint(out, marks);
  // As a difference in unsigned arithmetic: far apart times must not overflow.
  put_signed(out, static_cast<std::int64_t>(
                      static_cast<std::uint64_t>(event.received.time_since_epoch().count()) -
                      static_cast<std::uint64_t>(previous.received.time_since_epoch().count())));
  if ((marks & mark_time) != 0) {
    put_signed(out, static_cast<std::int64_t>(
                        static_cast<std::uint64_t>(event.time.time_since_epoch().count()) -
                        static_cast<std::uint64_t>(event.received.time_since_epoch().count())));
  }
  if ((marks & mark_sequence) != 0) put_varint(out, event.sequence);
  if ((marks & (mark_changed | mark_own_id)) != 0) put_text(out, event.id);
  if ((marks & mark_changed) != 0) put_text(out, event.source);
  if ((marks & mark_type) != 0) put_text(out, event.type);
  if ((marks & mark_subject) != 0) put_text(out, event.subject);
  if ((marks & mark_content_type) != 0) put_text(out, event.datacontenttype);
  if ((marks & mark_schema) != 0) put_text(out, event.dataschema);
  if ((marks & mark_extensions) != 0) {
    put_varint(out, event.extensions.size());
    for (const Attribute& extension : event.extensions) {
      put_text(out, extension.name);
      encode(out, extension.value);
    }
  }
  if ((marks & mark_sender) != 0) put_text(out, event.sender);
  if ((marks & mark_topic) != 0) put_text(out, event.topic);
  if ((marks & mark_source_name) != 0) {
    put_text(out, event.source_name);
    put_varint(out, event.source_index);
  }
  if ((marks & mark_user_properties) != 0) put_properties(out, event.user_properties);
  if ((marks & mark_headers) != 0) put_properties(out, event.headers);
  if ((marks & mark_number) != 0) put_varint(out, event.number);
  if ((marks & mark_sender_key) != 0) put_text(out, event.sender_key);
  if ((marks & mark_fingerprint) != 0) put_fixed(out, event.fingerprint);
  if (event.has_payload) {
    put_text(out, event.payload);
  } else {
    encode(out, event.data);
  }
}

std::string encode_block(const BlockHeader& header, std::span<const Event* const> events) {
  std::string out;
  std::size_t payload_bytes = 0;
  for (const Event* event : events) payload_bytes += event->payload.size() + 64;
  out.reserve(payload_bytes + 128);
  out.push_back(static_cast<char>(block_version));
  put_varint(out, header.block);
  put_varint(out, header.epoch);
  put_fixed(out, header.boot_id);
  put_signed(out, header.monotonic.count());
  put_signed(out, header.wall.time_since_epoch().count());
  out.push_back(static_cast<char>((header.time_quality == TimeQuality::synchronised ? 1 : 0) |
                                  (header.was_backpressured ? 2 : 0)));
  put_signed(out, static_cast<std::int64_t>(header.engine_time));
  put_varint(out, header.next_sequence);
  put_fixed(out, header.output_digest);
  put_text(out, header.gateway);
  put_varint(out, events.size());
  const Event none{};
  const Event* previous = &none;
  for (const Event* event : events) {
    append_event(out, *event, *previous);
    previous = event;
  }
  return out;
}

Result<BlockHeader> decode_block_header(std::string_view raw) {
  ByteReader in(raw);
  return read_header(in);
}

Result<Block> decode_block(std::string_view raw, std::string_view store_id, Arena& arena) {
  ByteReader in(raw);
  Block block;
  block.header = TRY(read_header(in));
  const std::string_view gateway = arena.copy(block.header.gateway);
  const std::size_t count = in.count();
  block.events.reserve(count);
  Event previous;
  for (std::size_t i = 0; i < count; ++i) {
    previous = TRY(read_event(in, previous, arena));
    Event event = previous;
    event.block_index = static_cast<std::uint32_t>(i);
    if (event.is_unchanged) {
      event.source = make_event_source(gateway, event.source_name, event.sender, arena);
      if (!event.has_own_id) event.id = make_event_id(store_id, event.sequence, arena);
    }
    block.events.push_back(event);
  }
  if (!in.is_ok() || !in.at_end())
    return Error{ErrorKind::corrupt, "a stored block does not end where it should"};
  return block;
}

std::string_view make_event_id(std::string_view store_id, std::uint64_t sequence, Arena& arena) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), sequence).ptr;
  return arena.join(store_id, "/", {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

std::string_view make_event_source(std::string_view gateway, std::string_view source_name,
                                   std::string_view sender, Arena& arena) {
  const std::size_t size = 4 + gateway.size() + source_name.size() + sender.size();
  char* text = arena.array<char>(size);
  char* end = text;
  const auto append = [&](std::string_view piece) {
    if (!piece.empty()) std::memcpy(end, piece.data(), piece.size());
    end += piece.size();
  };
  append("//");
  append(gateway);
  append("/");
  append(source_name);
  append("/");
  append(sender);
  return {text, size};
}

}  // namespace sluice
