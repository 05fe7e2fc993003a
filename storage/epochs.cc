#include "storage/epochs.h"

#include "core/bytes.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace sluice {
namespace {
const std::string epoch_prefix(1, keys::epoch);
}

void put_epoch(WriteBatch& batch, FrameCodec& codec, const Epoch& epoch) {
  std::string raw;
  put_signed(raw, epoch.began.time_since_epoch().count());
  put_text(raw, epoch.file_name);
  put_text(raw, epoch.configuration);
  put_text(raw, epoch.program_version);
  put_text(raw, epoch.time_zone_version);
  put_varint(raw, epoch.files.size());
  for (const EpochFile& file : epoch.files) {
    put_text(raw, file.name);
    put_text(raw, file.content);
  }
  put_record(batch, codec, keys::numbered(keys::epoch, epoch.number), raw);
}

Result<std::optional<Epoch>> last_epoch(const Store& store, FrameCodec& codec) {
  std::uint64_t below = ~0ULL;
  for (;;) {
    const FoundFrame found = TRY(read_at_or_before(store, epoch_prefix, below));
    if (!found.is_found) return std::optional<Epoch>();
    if (const auto raw = codec.open(found.frame.key, found.frame.bytes)) {
      ByteReader in(*raw);
      Epoch epoch;
      epoch.number = static_cast<std::uint32_t>(found.frame.number);
      epoch.began = Timestamp(Duration(in.signed_varint()));
      epoch.file_name = in.text();
      epoch.configuration = in.text();
      epoch.program_version = in.text();
      epoch.time_zone_version = in.text();
      for (std::size_t left = in.count(); left > 0; --left) {
        const std::string_view name = in.text();
        epoch.files.push_back({std::string(name), std::string(in.text())});
      }
      if (in.is_ok() && in.at_end()) return std::optional(std::move(epoch));
    }
    if (found.frame.number == 0) return std::optional<Epoch>();
    below = found.frame.number - 1;  // damaged: the one before is better than none
  }
}

Result<void> trim_epochs(const Store& store, WriteBatch& batch, std::uint32_t newest) {
  if (newest < 2) return {};
  const auto erased = TRY(erase_before(store, batch, epoch_prefix, newest - 1, 16));
  (void)erased;
  return {};
}

}  // namespace sluice
