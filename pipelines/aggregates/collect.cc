#include "pipelines/aggregates/collect.h"

namespace sluice {

bool Collect::add(const Sample& sample) {
  if (count == limit) return false;
  encode(items, sample.value);
  ++count;
  return true;
}

void Collect::merge(const Collect& later) {
  Arena scratch;
  std::string_view rest = later.items;
  for (std::uint32_t i = 0; i < later.count && count < limit; ++i, ++count) {
    const std::string_view before = rest;
    CHECK(decode_value(rest, scratch).is_ok());  // add() and load() let nothing else in
    items += before.substr(0, before.size() - rest.size());
  }
}

Value Collect::result(Arena& arena) const {
  std::string_view rest = arena.copy(items);
  Value* values = arena.array<Value>(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto value = decode_value(rest, arena);
    CHECK(value.is_ok());
    values[i] = *value;
  }
  return Value::list({values, count});
}

void Collect::save(std::string& out) const {
  put_varint(out, count);
  put_text(out, items);
}

void Collect::load(ByteReader& in) {
  const std::uint64_t saved = in.varint();
  const std::string_view bytes = in.text();
  Arena scratch;
  std::string_view rest = bytes;
  for (std::uint64_t i = 0; i < saved; ++i) {
    if (i == limit || !decode_value(rest, scratch)) {
      in.fail();
      return;
    }
  }
  if (!rest.empty()) {
    in.fail();
    return;
  }
  count = static_cast<std::uint32_t>(saved);
  items = bytes;
}

}  // namespace sluice
