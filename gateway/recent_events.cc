#include "gateway/recent_events.h"

#include <algorithm>

#include "storage/dead_letters.h"
#include "storage/journal.h"
#include "storage/outbox.h"
#include "storage/records.h"

namespace sluice {
namespace {

constexpr std::uint64_t max_dead_letters = 1'000;
constexpr std::size_t max_tail_records = 16'384;  // of a tail

using Visit = std::function<void(const Event&)>;

Result<void> visit_journal(const Store& store, FrameCodec& codec, std::string_view store_id,
                           std::size_t tail_bytes, const Visit& visit) {
  for (std::uint64_t at = TRY(start_of_tail(store, std::string(1, keys::journal), tail_bytes));;) {
    const auto entry = TRY(next_journal(store, codec, at));
    if (!entry) return {};
    at = entry->block + 1;
    Arena arena;
    const auto block = entry->is_damaged ? Result<Block>(Error{ErrorKind::corrupt, entry->damage})
                                         : decode_block(entry->raw, store_id, arena);
    if (!block) continue;
    for (const Event& event : block->events) visit(event);
  }
}

Result<void> visit_lane(const Store& store, std::string_view store_id, LaneId lane,
                        std::uint64_t end, std::size_t tail_bytes, const Visit& visit) {
  // What a record refers to is in the journal, and was visited there.
  OutboxReader reader(store, lane, std::string(store_id), References::ignored);
  for (std::uint64_t at = TRY(start_of_tail(store, keys::lane_prefix(lane), tail_bytes));
       at < end;) {
    const auto found = TRY(reader.read(at));
    if (!found.is_found) break;
    if (!found.is_damaged && found.record.kind == OutboxKind::owned) {
      for (const Event& event : found.record.events) visit(event);
    }
    at = std::max(found.record.end, at + 1);
  }
  return {};
}

}  // namespace

Result<std::uint64_t> start_of_tail(const Store& store, const std::string& prefix,
                                    std::size_t bytes) {
  std::uint64_t start = 0;
  std::uint64_t below = ~0ULL;
  std::size_t seen = 0;
  for (std::size_t records = 0; records < max_tail_records && seen < bytes; ++records) {
    const FoundFrame found = TRY(read_at_or_before(store, prefix, below));
    if (!found.is_found) break;
    seen += found.frame.bytes.size();
    start = found.frame.number;
    if (start == 0) break;
    below = start - 1;
  }
  return start;
}

Result<void> for_each_recent_event(const Store& store, FrameCodec& codec, std::string_view store_id,
                                   const Head& head, std::size_t tail_bytes, const Visit& visit) {
  TRY(visit_journal(store, codec, store_id, tail_bytes, visit));
  for (const auto& [lane, state] : head.lanes)
    TRY(visit_lane(store, store_id, lane, state.next, tail_bytes, visit));
  const std::uint64_t letters =
      std::max(head.first_dead_letter,
               head.next_dead_letter - std::min(head.next_dead_letter, max_dead_letters));
  std::uint64_t damaged = 0;  // counted by who looks for damage
  return read_dead_letters(store, codec, store_id, letters, damaged,
                           [&](const DeadLetter& letter, const BlockHeader&) {
                             visit(letter.event);
                             return true;
                           });
}

}  // namespace sluice
