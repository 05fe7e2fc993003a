#include "storage/outbox.h"

#include <algorithm>

#include "core/bytes.h"
#include "storage/journal.h"
#include "storage/records.h"

namespace sluice {
namespace {

std::string start_record(OutboxKind kind, std::uint64_t events) {
  std::string raw(1, static_cast<char>(kind));
  put_varint(raw, events);
  return raw;
}

std::string record_key(LaneId lane, std::uint64_t first) {
  std::string key = keys::lane_prefix(lane);
  put_big_endian(key, first);
  return key;
}

Gap read_gap(ByteReader& in) {
  Gap gap;
  gap.events = in.varint();
  gap.from = Timestamp(Duration(in.signed_varint()));
  gap.to = Timestamp(Duration(in.signed_varint()));
  gap.reason = in.text();
  return gap;
}

Error unreadable() { return {ErrorKind::corrupt, "a stored outbox record cannot be read"}; }

}  // namespace

void put_outbox(WriteBatch& batch, FrameCodec& codec, LaneId lane, std::uint64_t first,
                const BlockHeader& header, std::span<const Event* const> events,
                bool journal_block) {
  std::string raw =
      start_record(journal_block ? OutboxKind::references : OutboxKind::owned, events.size());
  if (journal_block) {
    put_text(raw, encode_block(header, {}));
    std::uint64_t previous = 0;  // index + 1 of the event before: indexes only grow
    for (const Event* event : events) {
      put_varint(raw, event->block_index - previous);
      previous = event->block_index + 1ULL;
    }
  } else {
    raw += encode_block(header, events);
  }
  put_record(batch, codec, record_key(lane, first), raw);
}

void put_gap(WriteBatch& batch, FrameCodec& codec, LaneId lane, std::uint64_t first,
             const BlockHeader& header, const Gap& gap) {
  std::string raw = start_record(OutboxKind::gap, 1);
  put_text(raw, encode_block(header, {}));
  put_varint(raw, gap.events);
  put_signed(raw, gap.from.time_since_epoch().count());
  put_signed(raw, gap.to.time_since_epoch().count());
  put_text(raw, gap.reason);
  put_record(batch, codec, record_key(lane, first), raw);
}

void put_summary(WriteBatch& batch, FrameCodec& codec, LaneId lane, std::uint64_t first,
                 const BlockHeader& header, std::uint32_t level,
                 std::span<const Event* const> events) {
  std::string raw = start_record(OutboxKind::summary, events.size());
  put_varint(raw, level);
  raw += encode_block(header, events);
  put_record(batch, codec, record_key(lane, first), raw);
}

Result<OutboxReader::Found> OutboxReader::read(std::uint64_t sequence) {
  const std::string prefix = keys::lane_prefix(lane_);
  Found found;
  FoundFrame frame = TRY(read_at_or_before(store_, prefix, sequence));
  // The record before may end before `sequence`; it says so only when it is opened.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (frame.is_found) {
      arena_.reset();
      OutboxRecord& record = found.record;
      record = {};
      record.first = frame.frame.number;
      // How far a damaged one reached is not known: to the next, or to what was asked for.
      record.end = frame.frame.next_number != 0 ? frame.frame.next_number
                                                : std::max(frame.frame.number, sequence) + 1;
      const auto opened = open_record(frame.frame, record);
      found.is_damaged = !opened.is_ok();
      if (found.is_damaged) {
        if (opened.error().kind != ErrorKind::corrupt) return opened.error();
        found.damage = opened.error().message;
        found.damaged_key = record.journal_block != 0
                                ? keys::numbered(keys::journal, record.journal_block)
                                : record_key(lane_, record.first);
      }
      found.is_found = record.end > sequence;
      if (found.is_found) return found;
    }
    frame = TRY(read_at_or_after(store_, prefix, sequence));
    if (!frame.is_found) break;
  }
  found.is_found = false;
  return found;
}

Result<void> OutboxReader::open_record(const StoredFrame& frame, OutboxRecord& record) {
  raw_ = TRY(codec_.open(frame.key, frame.bytes));
  ByteReader in(raw_);
  record.kind = static_cast<OutboxKind>(in.fixed<std::uint8_t>());
  const std::uint64_t events = in.varint();
  if (!in.is_ok()) return unreadable();
  record.end = record.first + events;
  switch (record.kind) {
    case OutboxKind::summary:
      (void)in.varint();  // the level
      [[fallthrough]];
    case OutboxKind::owned: {
      Block block = TRY(decode_block(in.rest(), store_id_, arena_));
      record.header = std::move(block.header);
      record.events = std::move(block.events);
      if (record.events.size() != events) return unreadable();
      return {};
    }
    case OutboxKind::references: {
      record.header = TRY(decode_block_header(in.text()));
      return references_ == References::followed ? resolve(in, record) : Result<void>();
    }
    case OutboxKind::gap:
      record.header = TRY(decode_block_header(in.text()));
      record.gap = read_gap(in);
      if (!in.is_ok()) return unreadable();
      return {};
  }
  return unreadable();
}

Result<void> OutboxReader::resolve(ByteReader& in, OutboxRecord& record) {
  record.journal_block = record.header.block;
  block_ = TRY(read_journal_raw(store_, codec_, record.journal_block));
  const Block block = TRY(decode_block(block_, store_id_, arena_));
  const std::size_t count = static_cast<std::size_t>(record.end - record.first);
  record.events.reserve(count);
  std::uint64_t index = 0;
  for (std::size_t i = 0; i < count; ++i) {
    index += in.varint();
    if (!in.is_ok() || index >= block.events.size()) return unreadable();
    record.events.push_back(block.events[static_cast<std::size_t>(index)]);
    ++index;
  }
  return {};
}

Result<OutboxOutline> outline_outbox(const StoredFrame& frame, FrameCodec& codec) {
  const std::string raw = TRY(codec.open(frame.key, frame.bytes));
  ByteReader in(raw);
  OutboxOutline outline;
  outline.kind = static_cast<OutboxKind>(in.fixed<std::uint8_t>());
  outline.events = in.varint();
  if (outline.kind == OutboxKind::summary) outline.level = static_cast<std::uint32_t>(in.varint());
  if (!in.is_ok()) return unreadable();
  const bool is_owned = outline.kind == OutboxKind::owned || outline.kind == OutboxKind::summary;
  outline.header = TRY(decode_block_header(is_owned ? in.rest() : in.text()));
  if (outline.kind == OutboxKind::references) outline.journal_block = outline.header.block;
  if (outline.kind == OutboxKind::gap) {
    outline.gap = read_gap(in);
    if (!in.is_ok()) return unreadable();
  }
  return outline;
}

Result<std::uint64_t> fill_holes(Store& store, FrameCodec& codec, LaneId lane,
                                 const LaneState& state, const BlockHeader& header) {
  const std::string prefix = keys::lane_prefix(lane);
  std::uint64_t missing = 0;
  WriteBatch batch;
  std::uint64_t at = state.shipped;
  bool is_explained = false;
  const auto note = [&](std::uint64_t from, std::uint64_t end) {
    if (from >= end || is_explained) return;
    put_gap(batch, codec, lane, from, header,
            {end - from, {}, {}, "salvage: lost in a damaged store"});
    missing += end - from;
  };
  FoundFrame found = TRY(read_at_or_before(store, prefix, at));
  if (!found.is_found) found = TRY(read_at_or_after(store, prefix, at));
  while (found.is_found) {
    note(at, found.frame.number);
    const auto outline = outline_outbox(found.frame, codec);
    // A record that cannot be read tells of itself when it is read.
    const std::uint64_t end =
        outline ? found.frame.number + outline->events : found.frame.next_number;
    is_explained =
        !outline || outline->kind == OutboxKind::gap || outline->kind == OutboxKind::summary;
    at = std::max(at, end);
    found = TRY(read_at_or_after(store, prefix, found.frame.number + 1));
  }
  note(at, state.next);
  if (!batch.empty()) TRY(store.commit(batch));
  return missing;
}

}  // namespace sluice
