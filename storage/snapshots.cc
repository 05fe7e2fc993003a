#include "storage/snapshots.h"

#include "core/bytes.h"
#include "storage/keys.h"

namespace sluice {
namespace {

constexpr std::uint32_t closing = ~0U;  // the slice number of a snapshot's closing record
const std::string snapshot_prefix(1, keys::snapshot);

Error damaged_slice() { return {ErrorKind::corrupt, "a stored snapshot is damaged"}; }

Result<SnapshotInfo> parse_closing(std::string_view key, std::string_view frame,
                                   FrameCodec& codec) {
  const std::string raw = TRY(codec.open(key, frame));
  ByteReader in(raw);
  SnapshotInfo info;
  info.block = in.varint();
  info.slices = static_cast<std::uint32_t>(in.varint());
  for (std::size_t left = in.count(); left > 0; --left) {
    StatePart part;
    part.identity = in.text();
    part.config_hash = in.fixed<std::uint64_t>();
    info.parts.push_back(std::move(part));
  }
  if (!in.is_ok() || !in.at_end()) return damaged_slice();
  return info;
}

}  // namespace

void put_slice(WriteBatch& batch, FrameCodec& codec, std::uint64_t block, std::uint32_t slice,
               std::uint32_t part, std::string_view bytes) {
  std::string raw;
  put_varint(raw, part);
  raw += bytes;
  const std::string key = keys::slice(block, slice);
  batch.put(key, codec.seal(key, raw));
}

void put_snapshot_end(WriteBatch& batch, FrameCodec& codec, std::uint64_t block,
                      std::uint32_t slices, const std::vector<StatePart>& parts) {
  std::string raw;
  put_varint(raw, block);
  put_varint(raw, slices);
  put_varint(raw, parts.size());
  for (const StatePart& part : parts) {
    put_text(raw, part.identity);
    put_fixed(raw, part.config_hash);
  }
  const std::string key = keys::slice(block, closing);
  batch.put(key, codec.seal(key, raw));
}

Result<std::optional<SnapshotInfo>> find_snapshot(const Store& store, FrameCodec& codec,
                                                  std::uint64_t& damaged) {
  std::vector<std::pair<std::string, std::uint64_t>> closings;  // key, block
  TRY(store.scan_keys(snapshot_prefix, keys::after(snapshot_prefix), [&](std::string_view key) {
    ByteReader in(key.substr(1));
    const auto block = in.big_endian<std::uint64_t>();
    if (in.big_endian<std::uint32_t>() == closing && in.is_ok()) closings.emplace_back(key, block);
    return true;
  }));
  std::optional<SnapshotInfo> newest;
  for (const auto& [key, block] : closings) {
    const auto value = TRY(store.get(key));
    auto info = parse_closing(key, value.value_or(std::string()), codec);
    if (!info || info->block != block) {
      ++damaged;
    } else {
      newest = std::move(*info);
    }
  }
  return newest;
}

Result<void> load_snapshot(
    const Store& store, FrameCodec& codec, const SnapshotInfo& info,
    const std::function<Result<void>(std::uint32_t, std::string_view)>& load) {
  for (std::uint32_t slice = 0; slice < info.slices; ++slice) {
    const std::string key = keys::slice(info.block, slice);
    const auto frame = TRY(store.get(key));
    if (!frame) return damaged_slice();
    const std::string raw = TRY(codec.open(key, *frame));
    ByteReader in(raw);
    const auto part = static_cast<std::uint32_t>(in.varint());
    if (!in.is_ok() || part >= info.parts.size()) return damaged_slice();
    TRY(load(part, in.rest()));
  }
  return {};
}

Result<std::size_t> trim_snapshots(const Store& store, WriteBatch& batch, std::uint64_t block,
                                   std::size_t max_records) {
  std::size_t erased = 0;
  TRY(store.scan_keys(snapshot_prefix, keys::numbered(keys::snapshot, block),
                      [&](std::string_view key) {
                        batch.erase(std::string(key));
                        return ++erased < max_records;
                      }));
  return erased;
}

Result<void> erase_unfinished(const Store& store, WriteBatch& batch, std::uint64_t block) {
  return store.scan_keys(keys::numbered(keys::snapshot, block + 1), keys::after(snapshot_prefix),
                         [&](std::string_view key) {
                           batch.erase(std::string(key));
                           return true;
                         });
}

}  // namespace sluice
