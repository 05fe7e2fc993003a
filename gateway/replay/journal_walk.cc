#include "gateway/replay/journal_walk.h"

#include <algorithm>

#include "storage/frame.h"
#include "storage/journal.h"
#include "storage/keys.h"

namespace sluice {
namespace {

struct Numbers {
  std::uint64_t count = 0;
  std::uint64_t last = 0;
};

// A block in parts has several keys: only the first part of each is counted.
Result<Numbers> count_blocks(const Store& store) {
  Numbers numbers;
  const std::string first(1, keys::journal);
  TRY(store.scan_keys(first, keys::after(first), [&](std::string_view key) {
    if (key.size() < 1 + sizeof(std::uint64_t)) return true;
    std::uint64_t number = 0;
    for (std::size_t i = 1; i <= sizeof number; ++i)
      number = number << 8 | static_cast<unsigned char>(key[i]);
    if (numbers.count == 0 || number != numbers.last) ++numbers.count;
    numbers.last = number;
    return true;
  }));
  return numbers;
}

void widen(std::optional<Timestamp>& first, std::optional<Timestamp>& last, Timestamp wall) {
  first = first ? std::min(*first, wall) : wall;
  last = last ? std::max(*last, wall) : wall;
}

bool is_in(const ReplayRange& range, Timestamp wall) {
  return (!range.since || wall >= *range.since) && (!range.until || wall < *range.until);
}

// False: the entry is damaged.
bool visit_entry(const JournalEntry& entry, const std::string& store_id, const ReplayRange& range,
                 const VisitBlock& visit, WalkReport& report) {
  if (entry.is_damaged) return false;
  const auto header = decode_block_header(entry.raw);
  if (!header) return false;
  widen(report.oldest, report.newest, header->wall);
  if (!is_in(range, header->wall)) return true;
  Arena arena(64 * 1024);
  const auto block = decode_block(entry.raw, store_id, arena);
  if (!block) return false;
  widen(report.first, report.last, header->wall);
  ++report.blocks;
  report.events += block->events.size();
  visit(*block, arena);
  return true;
}

}  // namespace

Result<WalkReport> walk_journal(const Store& store, const std::string& store_id,
                                const ReplayRange& range, const VisitBlock& visit,
                                const ShowProgress& progress) {
  WalkReport report;
  const Numbers numbers = TRY(count_blocks(store));
  FrameCodec codec;
  WalkProgress at{0, numbers.count, 0};
  for (std::uint64_t next = 1; numbers.count > 0;) {
    const auto entry = TRY(next_journal(store, codec, next));
    if (!entry || entry->block > numbers.last) break;
    next = entry->block + 1;
    if (!visit_entry(*entry, store_id, range, visit, report)) ++report.damaged;
    ++at.blocks_done;
    at.events = report.events;
    progress(at);
  }
  return report;
}

}  // namespace sluice
