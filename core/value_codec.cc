// The binary form of a Value: one byte of kind, then its content. Numbers are varints or eight
// little-endian bytes; texts, lists and maps start with their count.
#include <algorithm>
#include <bit>

#include "core/bytes.h"
#include "core/value.h"

namespace sluice {
namespace {

bool is_within(const Value& value, int depth) {
  if (depth < 0) return false;
  if (value.kind() == Kind::list) {
    return std::ranges::all_of(value.as_list(),
                               [&](const Value& item) { return is_within(item, depth - 1); });
  }
  return value.kind() != Kind::map ||
         std::ranges::all_of(value.as_map(), [&](const MapEntry& entry) {
           return is_within(entry.key, depth - 1) && is_within(entry.value, depth - 1);
         });
}

Error damaged() { return Error{ErrorKind::corrupt, "a stored value cannot be read"}; }

Result<Value> read(ByteReader& in, Arena& arena, int depth);

Result<Value> read_list(ByteReader& in, Arena& arena, int depth) {
  const std::size_t count = in.count();
  Value* items = arena.array<Value>(count);
  for (std::size_t i = 0; i < count; ++i) items[i] = TRY(read(in, arena, depth + 1));
  return Value::list({items, count});
}

Result<Value> read_map(ByteReader& in, Arena& arena, int depth) {
  const std::size_t count = in.count();
  MapEntry* entries = arena.array<MapEntry>(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries[i].key = TRY(read(in, arena, depth + 1));
    entries[i].value = TRY(read(in, arena, depth + 1));
  }
  return Value::map({entries, count});
}

Result<Value> read(ByteReader& in, Arena& arena, int depth) {
  if (depth > max_value_depth) return damaged();
  const auto kind = static_cast<Kind>(in.fixed<std::uint8_t>());
  if (!in.is_ok()) return damaged();
  Value value;
  switch (kind) {
    case Kind::null:
      break;
    case Kind::boolean:
      value = Value::boolean(in.fixed<std::uint8_t>() != 0);
      break;
    case Kind::integer:
      value = Value::integer(in.signed_varint());
      break;
    case Kind::uinteger:
      value = Value::uinteger(in.varint());
      break;
    case Kind::number:
      value = Value::number(std::bit_cast<double>(in.fixed<std::uint64_t>()));
      break;
    case Kind::string:
      value = Value::string(in.text());
      break;
    case Kind::bytes:
      value = Value::bytes(in.text());
      break;
    case Kind::list:
      value = TRY(read_list(in, arena, depth));
      break;
    case Kind::map:
      value = TRY(read_map(in, arena, depth));
      break;
    case Kind::timestamp:
    case Kind::duration: {
      const std::int64_t seconds = in.signed_varint();
      const std::uint64_t nanos = in.varint();
      if (nanos >= 1'000'000'000) return damaged();
      value = kind == Kind::timestamp ? Value::timestamp(seconds, static_cast<std::uint32_t>(nanos))
                                      : Value::duration(seconds, static_cast<std::uint32_t>(nanos));
      break;
    }
    default:
      return damaged();
  }
  if (!in.is_ok()) return damaged();
  return value;
}

}  // namespace

bool is_storable(const Value& value) { return is_within(value, max_value_depth); }

void encode(std::string& out, const Value& value) {
  // Types, optionals and errors exist only inside an expression; stored, they are null.
  const bool is_datum = value.kind() < Kind::type;
  out.push_back(static_cast<char>(is_datum ? value.kind() : Kind::null));
  switch (value.kind()) {
    case Kind::boolean:
      out.push_back(value.as_bool() ? 1 : 0);
      break;
    case Kind::integer:
      put_signed(out, value.as_int());
      break;
    case Kind::uinteger:
      put_varint(out, value.as_uint());
      break;
    case Kind::number:
      put_fixed(out, std::bit_cast<std::uint64_t>(value.as_double()));
      break;
    case Kind::string:
    case Kind::bytes:
      put_text(out, value.as_text());
      break;
    case Kind::list:
      put_varint(out, value.as_list().size());
      for (const Value& item : value.as_list()) encode(out, item);
      break;
    case Kind::map:
      put_varint(out, value.as_map().size());
      for (const MapEntry& entry : value.as_map()) {
        encode(out, entry.key);
        encode(out, entry.value);
      }
      break;
    case Kind::timestamp:
    case Kind::duration:
      put_signed(out, value.seconds());
      put_varint(out, value.nanos());
      break;
    default:
      break;
  }
}

Result<Value> decode_value(std::string_view& in, Arena& arena) {
  ByteReader reader(in);
  const Value value = TRY(read(reader, arena, 0));
  in = reader.rest();
  return value;
}

}  // namespace sluice
