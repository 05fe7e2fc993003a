#include "storage/records.h"

#include <limits>

#include "core/bytes.h"
#include "storage/keys.h"

namespace sluice {
namespace {

std::string numbered_key(const std::string& prefix, std::uint64_t number) {
  std::string key = prefix;
  put_big_endian(key, number);
  return key;
}

std::uint64_t number_of(std::string_view key, std::size_t prefix_size) {
  return ByteReader(key.substr(prefix_size)).big_endian<std::uint64_t>();
}

bool is_record_key(std::string_view key, std::size_t prefix_size) {
  return key.size() == prefix_size + sizeof(std::uint64_t) + 1;
}

}  // namespace

void put_record(WriteBatch& batch, FrameCodec& codec, const std::string& key,
                std::string_view raw) {
  put_record(batch, key, codec.seal(key, raw));
}

void put_record(WriteBatch& batch, const std::string& key, std::string_view frame) {
  std::size_t part = 0;
  do {
    CHECK(part < 256);
    const std::string_view piece = frame.substr(0, max_part_bytes);
    batch.put(key + static_cast<char>(part++), std::string(piece));
    frame.remove_prefix(piece.size());
  } while (!frame.empty());
}

Result<FoundFrame> read_at_or_after(const Store& store, const std::string& prefix,
                                    std::uint64_t number) {
  FoundFrame found;
  TRY(store.scan(numbered_key(prefix, number), keys::after(prefix),
                 [&](std::string_view key, std::string_view value) {
                   if (!is_record_key(key, prefix.size())) return true;
                   const std::uint64_t at = number_of(key, prefix.size());
                   if (found.is_found && at != found.frame.number) {
                     found.frame.next_number = at;
                     return false;
                   }
                   found.is_found = true;
                   found.frame.number = at;
                   if (found.frame.key.empty()) found.frame.key = key.substr(0, key.size() - 1);
                   found.frame.bytes += value;
                   return true;
                 }));
  return found;
}

Result<FoundFrame> read_at_or_before(const Store& store, const std::string& prefix,
                                     std::uint64_t number) {
  std::string end = numbered_key(prefix, number);
  end.push_back(static_cast<char>(0xFF));
  end.push_back('\0');
  const auto last = TRY(store.last(prefix, end));
  if (!last || !is_record_key(last->first, prefix.size())) return FoundFrame{};
  return read_at_or_after(store, prefix, number_of(last->first, prefix.size()));
}

Result<std::size_t> erase_before(const Store& store, WriteBatch& batch, const std::string& prefix,
                                 std::uint64_t end, std::size_t max_records) {
  std::size_t erased = 0;
  std::uint64_t current = 0;
  std::vector<std::string> parts;  // keys of the record at `current`
  TRY(store.scan_keys(prefix, keys::after(prefix), [&](std::string_view key) {
    if (!is_record_key(key, prefix.size())) return true;
    const std::uint64_t at = number_of(key, prefix.size());
    if (!parts.empty() && at != current) {
      if (at > end) return false;  // the record at `current` reaches beyond `end`
      for (std::string& part : parts) batch.erase(std::move(part));
      parts.clear();
      if (++erased == max_records) return false;
    }
    current = at;
    parts.emplace_back(key);
    return true;
  }));
  return erased;
}

}  // namespace sluice
