#include "storage/journal.h"

#include "storage/keys.h"
#include "storage/records.h"

namespace sluice {
namespace {
const std::string journal_prefix(1, keys::journal);
}

void put_journal(WriteBatch& batch, FrameCodec& codec, const BlockHeader& header,
                 std::span<const Event* const> events) {
  put_record(batch, codec, keys::numbered(keys::journal, header.block),
             encode_block(header, events));
}

Result<std::string> read_journal_raw(const Store& store, FrameCodec& codec, std::uint64_t block) {
  const FoundFrame found = TRY(read_at_or_after(store, journal_prefix, block));
  if (!found.is_found || found.frame.number != block) {
    return Error{ErrorKind::corrupt, "journal block " + std::to_string(block) + " is not there"};
  }
  return codec.open(found.frame.key, found.frame.bytes);
}

Result<std::optional<JournalEntry>> next_journal(const Store& store, FrameCodec& codec,
                                                 std::uint64_t block) {
  const FoundFrame found = TRY(read_at_or_after(store, journal_prefix, block));
  if (!found.is_found) return std::optional<JournalEntry>();
  JournalEntry entry;
  entry.block = found.frame.number;
  auto raw = codec.open(found.frame.key, found.frame.bytes);
  entry.is_damaged = !raw.is_ok();
  if (entry.is_damaged) {
    entry.damage = raw.error().message;
  } else {
    entry.raw = std::move(*raw);
  }
  return std::optional(std::move(entry));
}

Result<std::size_t> trim_journal(const Store& store, WriteBatch& batch, std::uint64_t end,
                                 std::size_t max_records) {
  return erase_before(store, batch, journal_prefix, end, max_records);
}

}  // namespace sluice
