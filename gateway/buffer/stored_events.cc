#include "gateway/buffer/stored_events.h"

#include <algorithm>
#include <utility>

#include "drivers/codecs/json.h"
#include "gateway/buffer/edit.h"
#include "gateway/gap_event.h"
#include "storage/epochs.h"
#include "storage/journal.h"

namespace sluice {

Result<StoredEvents> StoredEvents::open(const Store& store) {
  StoredEvents events(store);
  const auto id = TRY(store.get(keys::store_id));
  if (id) {
    const auto opened = events.codec_.open(keys::store_id, *id);
    events.store_id_ = opened ? *opened : *id;
  }
  TRY(events.refresh());
  if (const auto epoch = TRY(last_epoch(store, events.codec_))) {
    std::string ignored;
    auto configuration = read_configuration_text(epoch->configuration, epoch->file_name,
                                                 NamedFiles::stored(epoch->files), ignored, false);
    if (configuration) {
      auto assembly = assemble(*configuration, events.store_id_, nullptr);
      if (assembly) events.assembly_ = std::move(*assembly);
    }
  }
  return events;
}

Result<void> StoredEvents::refresh() {
  std::uint64_t damaged = 0;
  head_ = TRY(recover_head(*store_, codec_, damaged));
  damaged_ += damaged;
  return {};
}

void StoredEvents::read_data(Event& event, Arena& arena) const {
  if (!event.has_payload) return;
  if (assembly_) {
    for (const auto& maker : assembly_->makers) {
      if (maker->source_name() == event.source_name && maker->read_data(event, arena)) return;
    }
  }
  if (auto value = parse_json(event.payload, arena)) event.data = *value;
}

bool StoredEvents::offer(Event event, const BlockHeader& header, const Selection& selection,
                         const Visit& visit) {
  const Timestamp at = event.received == Timestamp{} ? header.wall : event.received;
  if (selection.since && at < *selection.since) return true;
  if (selection.until && at >= *selection.until) return true;
  if (selection.filter) {
    Arena arena(4096);
    read_data(event, arena);
    const Value value = selection.filter->evaluate(event, arena);
    if (value.kind() != Kind::boolean || !value.as_bool()) return true;
  }
  ++given_;
  return visit({event, header, selection.sink}) && given_ < selection.limit;
}

Result<bool> StoredEvents::visit_lane(LaneId lane, const Selection& selection, const Visit& visit) {
  const LaneState& state = head_.lanes.at(lane);
  std::uint64_t& at = lane_at_[lane];
  at = std::max(at, state.shipped);
  OutboxReader reader(*store_, lane, store_id_);
  while (at < state.next) {
    const auto found = TRY(reader.read(at));
    if (!found.is_found) break;
    const OutboxRecord& record = found.record;
    if (found.is_damaged) {
      ++damaged_;
    } else if (record.kind == OutboxKind::gap) {
      const GapEvent gap(store_id_, record.first, record.gap, record.header);
      at = std::max(record.end, at + 1);
      if (!offer(gap.event(), record.header, selection, visit)) return false;
      continue;
    }
    for (std::size_t i = 0; i < record.events.size(); ++i) {
      if (record.first + i < at) continue;
      at = record.first + i + 1;
      if (!offer(record.events[i], record.header, selection, visit)) return false;
    }
    at = std::max(record.end, at);
  }
  return true;
}

Result<bool> StoredEvents::visit_journal(const Selection& selection, const Visit& visit) {
  for (;;) {
    const auto entry = TRY(next_journal(*store_, codec_, journal_at_));
    if (!entry) return true;
    journal_at_ = entry->block + 1;
    Arena arena;
    const auto block = entry->is_damaged ? Result<Block>(Error{ErrorKind::corrupt, entry->damage})
                                         : decode_block(entry->raw, store_id_, arena);
    if (!block) {
      ++damaged_;
      continue;
    }
    for (const Event& event : block->events) {
      if (!offer(event, block->header, selection, visit)) return false;
    }
  }
}

void StoredEvents::rewind() {
  lane_at_.clear();
  journal_at_ = 0;
}

Result<void> StoredEvents::visit(const Selection& selection, const Visit& visit) {
  given_ = 0;
  TRY(refresh());
  if (selection.sink.empty()) {
    TRY(visit_journal(selection, visit));
    return {};
  }
  const LaneId last = TRY(last_lane_of(head_, selection.sink));
  for (const auto& [lane, state] : head_.lanes) {
    if (lane.sink != last.sink) continue;
    if (!TRY(visit_lane(lane, selection, visit))) break;
  }
  return {};
}

}  // namespace sluice
