#include "storage/source_state.h"

#include <xxhash.h>

#include <algorithm>

#include "core/bytes.h"
#include "storage/keys.h"

namespace sluice {
namespace {

std::string source_prefix(std::string_view source) {
  return keys::numbered(keys::source_state, XXH3_64bits(source.data(), source.size()));
}

// User keys are hashed: LMDB's keys end at 511 bytes.
std::string state_key(std::string_view source, std::string_view key) {
  std::string hashed = source_prefix(source);
  const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  put_big_endian(hashed, static_cast<std::uint64_t>(hash.high64));
  put_big_endian(hashed, static_cast<std::uint64_t>(hash.low64));
  return hashed;
}

}  // namespace

void put_source_state(WriteBatch& batch, FrameCodec& codec, std::string_view source,
                      std::string_view key, std::string_view value) {
  std::string raw;
  put_text(raw, source);
  put_text(raw, key);
  raw += value;
  std::string stored_key = state_key(source, key);
  std::string frame = codec.seal(stored_key, raw);
  batch.put(std::move(stored_key), std::move(frame));
}

void erase_source_state(WriteBatch& batch, std::string_view source, std::string_view key) {
  batch.erase(state_key(source, key));
}

Result<std::vector<std::pair<std::string, std::string>>> read_source_state(const Store& store,
                                                                           FrameCodec& codec,
                                                                           std::string_view source,
                                                                           std::uint64_t& damaged) {
  std::vector<std::pair<std::string, std::string>> state;
  const std::string prefix = source_prefix(source);
  TRY(store.scan(prefix, keys::after(prefix),
                 [&](std::string_view stored_key, std::string_view value) {
                   const auto raw = codec.open(stored_key, value);
                   if (!raw) {
                     ++damaged;
                     return true;
                   }
                   ByteReader in(*raw);
                   const std::string_view owner = in.text();
                   const std::string key(in.text());
                   if (in.is_ok() && owner == source) state.emplace_back(key, in.rest());
                   return true;
                 }));
  std::ranges::sort(state);
  return state;
}

}  // namespace sluice
