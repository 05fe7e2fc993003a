#include "storage/outbox.h"

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
  put_record(batch, record_key(lane, first), codec.seal(raw));
}

void put_gap(WriteBatch& batch, FrameCodec& codec, LaneId lane, std::uint64_t first,
             const BlockHeader& header, const Gap& gap) {
  std::string raw = start_record(OutboxKind::gap, 1);
  put_text(raw, encode_block(header, {}));
  put_varint(raw, gap.events);
  put_signed(raw, gap.from.time_since_epoch().count());
  put_signed(raw, gap.to.time_since_epoch().count());
  put_text(raw, gap.reason);
  put_record(batch, record_key(lane, first), codec.seal(raw));
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
      record.end = frame.frame.next_number != 0 ? frame.frame.next_number : frame.frame.number + 1;
      const auto opened = open_record(frame.frame.bytes, record);
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

Result<void> OutboxReader::open_record(std::string_view bytes, OutboxRecord& record) {
  raw_ = TRY(codec_.open(bytes));
  ByteReader in(raw_);
  record.kind = static_cast<OutboxKind>(in.fixed<std::uint8_t>());
  const std::uint64_t events = in.varint();
  if (!in.is_ok()) return unreadable();
  record.end = record.first + events;
  switch (record.kind) {
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
      record.gap.events = in.varint();
      record.gap.from = Timestamp(Duration(in.signed_varint()));
      record.gap.to = Timestamp(Duration(in.signed_varint()));
      record.gap.reason = in.text();
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

Result<OutboxSummary> summarise_outbox(std::string_view frame, FrameCodec& codec) {
  const std::string raw = TRY(codec.open(frame));
  ByteReader in(raw);
  OutboxSummary summary;
  const auto kind = static_cast<OutboxKind>(in.fixed<std::uint8_t>());
  summary.events = in.varint();
  if (!in.is_ok()) return unreadable();
  summary.header = TRY(decode_block_header(kind == OutboxKind::owned ? in.rest() : in.text()));
  if (kind == OutboxKind::references) summary.journal_block = summary.header.block;
  return summary;
}

}  // namespace sluice
