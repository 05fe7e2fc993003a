#include "gateway/recent_events.h"

#include <string>
#include <vector>

#include "storage/journal.h"
#include "storage/outbox.h"
#include "storage/records.h"

namespace sluice {
namespace {

constexpr std::uint64_t max_records = 256;     // per lane and for the journal
constexpr std::uint64_t max_events = 200'000;  // in all

// The number of the record that lies `max_records` before the last one, or of the first.
Result<std::uint64_t> start_of_tail(const Store& store, const std::string& prefix) {
  std::uint64_t below = ~0ULL;
  std::uint64_t first = 0;
  for (std::uint64_t i = 0; i < max_records; ++i) {
    const FoundFrame found = TRY(read_at_or_before(store, prefix, below));
    if (!found.is_found) break;
    first = found.frame.number;
    if (first == 0) break;
    below = first - 1;
  }
  return first;
}

}  // namespace

Result<void> for_each_recent_event(const Store& store, FrameCodec& codec, std::string_view store_id,
                                   const Head& head,
                                   const std::function<void(const Event&)>& visit) {
  std::uint64_t visited = 0;
  const std::uint64_t first_block = TRY(start_of_tail(store, std::string(1, keys::journal)));
  for (std::uint64_t at = first_block; visited < max_events;) {
    const auto entry = TRY(next_journal(store, codec, at));
    if (!entry) break;
    at = entry->block + 1;
    Arena arena;
    const auto block = entry->is_damaged ? Result<Block>(Error{ErrorKind::corrupt, entry->damage})
                                         : decode_block(entry->raw, store_id, arena);
    if (!block) continue;
    for (const Event& event : block->events) visit(event);
    visited += block->events.size();
  }
  for (const auto& [lane, state] : head.lanes) {
    OutboxReader reader(store, lane, std::string(store_id));
    std::uint64_t at = TRY(start_of_tail(store, keys::lane_prefix(lane)));
    while (at < state.next && visited < max_events) {
      const auto found = TRY(reader.read(at));
      if (!found.is_found) break;
      if (!found.is_damaged && found.record.kind == OutboxKind::owned) {
        for (const Event& event : found.record.events) visit(event);
        visited += found.record.events.size();
      }
      at = std::max(found.record.end, at + 1);
    }
  }
  return {};
}

}  // namespace sluice
