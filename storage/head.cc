#include "storage/head.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/log.h"
#include "storage/block.h"
#include "storage/dead_letters.h"
#include "storage/outbox.h"
#include "storage/records.h"

namespace sluice {
namespace {

constexpr std::uint8_t head_version = 2;
constexpr std::uint8_t first_head_version = 1;  // without marks of policies and boots' clocks
constexpr std::uint64_t newest = ~0ULL;
constexpr std::size_t id_digits = 16;

Result<void> recover_journal(const Store& store, FrameCodec& codec, Head& head,
                             std::uint64_t& damaged) {
  const FoundFrame last = TRY(read_at_or_before(store, std::string(1, keys::journal), newest));
  if (!last.is_found) return {};
  head.next_block = std::max(head.next_block, last.frame.number + 1);
  const auto raw = codec.open(last.frame.key, last.frame.bytes);
  if (!raw) {
    ++damaged;
    return {};
  }
  raise(head, TRY(decode_block_header(*raw)));
  return {};
}

Result<void> recover_lane(const Store& store, FrameCodec& codec, LaneId lane, Head& head,
                          std::uint64_t& damaged) {
  const FoundFrame last = TRY(read_at_or_before(store, keys::lane_prefix(lane), newest));
  if (!last.is_found) return {};
  LaneState& state = head.lanes[lane];
  const auto summary = outline_outbox(last.frame, codec);
  if (!summary) {
    // How many events it held is lost with it. Sequences go on far behind, so that none is given
    // twice.
    ++damaged;
    state.next = std::max(state.next, last.frame.number + 1'000'000);
    return {};
  }
  state.next = std::max(state.next, last.frame.number + summary->events);
  raise(head, summary->header);
  return {};
}

void append_sinks(std::string& out, const Head& head) {
  put_varint(out, head.sinks.size());
  for (const auto& [name, number] : head.sinks) {
    put_text(out, name);
    put_varint(out, number);
  }
}

void read_sinks(ByteReader& in, Head& head) {
  for (std::size_t left = in.count(); left > 0; --left) {
    const std::string name(in.text());
    head.sinks[name] = static_cast<std::uint16_t>(in.varint());
  }
}

// After the loss of the head: what the second copy says.
Result<void> recover_sinks(const Store& store, FrameCodec& codec, Head& head,
                           std::uint64_t& damaged) {
  const auto frame = TRY(store.get(keys::sink_numbers));
  if (!frame) return {};
  const auto raw = codec.open(keys::sink_numbers, *frame);
  if (!raw) {
    ++damaged;
    return {};
  }
  ByteReader in(*raw);
  read_sinks(in, head);
  return {};
}

// Lanes that hold records but are not in the head (it is written only when it must be).
Result<std::vector<LaneId>> stored_lanes(const Store& store) {
  std::vector<LaneId> lanes;
  std::string from(1, keys::outbox);
  const std::string end = keys::after(from);
  for (bool is_found = true; is_found;) {
    is_found = false;
    TRY(store.scan_keys(from, end, [&](std::string_view key) {
      ByteReader in(key.substr(1));
      const auto sink = in.big_endian<std::uint16_t>();
      lanes.push_back({sink, in.big_endian<std::uint8_t>()});
      is_found = in.is_ok();
      return false;
    }));
    if (is_found) from = keys::after(keys::lane_prefix(lanes.back()));
  }
  return lanes;
}

}  // namespace

void raise(Head& head, const BlockHeader& header) {
  head.next_sequence = std::max(head.next_sequence, header.next_sequence);
  head.next_block = std::max(head.next_block, header.block + 1);
  head.engine_time = std::max(head.engine_time, header.engine_time);
}

std::uint16_t Head::sink_number(std::string_view name) {
  if (const auto known = sinks.find(name); known != sinks.end()) return known->second;
  std::uint16_t number = 1;
  for (const auto& [other, other_number] : sinks) {
    number = std::max<std::uint16_t>(number, static_cast<std::uint16_t>(other_number + 1));
  }
  sinks.emplace(name, number);
  return number;
}

std::string encode_head(const Head& head) {
  std::string out(1, static_cast<char>(head_version));
  put_varint(out, head.next_sequence);
  put_varint(out, head.next_block);
  put_varint(out, head.next_dead_letter);
  put_varint(out, head.first_dead_letter);
  put_signed(out, static_cast<std::int64_t>(head.engine_time));
  append_sinks(out, head);
  put_varint(out, head.lanes.size());
  for (const auto& [lane, state] : head.lanes) {
    put_varint(out, lane.sink);
    put_varint(out, lane.lane);
    put_varint(out, state.next);
    put_varint(out, state.shipped);
    put_varint(out, state.beyond.ranges().size());
    for (const Interval& range : state.beyond.ranges()) {
      put_varint(out, range.first);
      put_varint(out, range.end - range.first);
    }
    put_varint(out, state.handed_out);
    put_varint(out, state.holes);
    put_varint(out, state.references_end);
  }
  put_varint(out, head.boot_clocks.size());
  for (const BootClock& boot : head.boot_clocks) {
    put_fixed(out, boot.boot_id);
    put_signed(out, boot.offset.count());
  }
  put_varint(out, head.retired_dead_letters);
  return out;
}

Result<Head> decode_head(std::string_view raw) {
  ByteReader in(raw);
  Head head;
  const auto version = in.fixed<std::uint8_t>();
  if (version != head_version && version != first_head_version)
    return Error{ErrorKind::corrupt, "the store's head has an unknown version"};
  head.next_sequence = in.varint();
  head.next_block = in.varint();
  head.next_dead_letter = in.varint();
  head.first_dead_letter = in.varint();
  head.engine_time = EngineTime{in.signed_varint()};
  read_sinks(in, head);
  for (std::size_t left = in.count(); left > 0; --left) {
    const auto sink = static_cast<std::uint16_t>(in.varint());
    LaneState& state = head.lanes[{sink, static_cast<std::uint8_t>(in.varint())}];
    state.next = in.varint();
    state.shipped = in.varint();
    for (std::size_t ranges = in.count(); ranges > 0; --ranges) {
      const std::uint64_t first = in.varint();
      state.beyond.add(first, first + in.varint());
    }
    if (version == first_head_version) {
      state.handed_out = state.next;
      continue;
    }
    state.handed_out = in.varint();
    state.holes = in.varint();
    state.references_end = in.varint();
  }
  if (version != first_head_version) {
    for (std::size_t left = in.count(); left > 0; --left) {
      const auto boot_id = in.fixed<std::uint64_t>();
      head.boot_clocks.push_back({boot_id, Duration(in.signed_varint())});
    }
    head.retired_dead_letters = in.varint();
  }
  if (!in.is_ok() || !in.at_end())
    return Error{ErrorKind::corrupt, "the store's head cannot be read"};
  return head;
}

void put_head(WriteBatch& batch, FrameCodec& codec, const Head& head) {
  const std::string key(1, keys::head);
  batch.put(key, codec.seal(key, encode_head(head)));
}

Result<Head> recover_head(const Store& store, FrameCodec& codec, std::uint64_t& damaged) {
  Head head;
  bool is_lost = false;
  const std::string head_key(1, keys::head);
  if (const auto frame = TRY(store.get(head_key))) {
    const auto raw = codec.open(head_key, *frame);
    auto decoded = raw ? decode_head(*raw) : Result<Head>(raw.error());
    if (decoded) {
      head = std::move(*decoded);
    } else {
      ++damaged;
      is_lost = true;
      TRY(recover_sinks(store, codec, head, damaged));
    }
  }
  TRY(recover_journal(store, codec, head, damaged));
  for (const LaneId lane : TRY(stored_lanes(store)))
    TRY(recover_lane(store, codec, lane, head, damaged));
  TRY(recover_dead_letters(store, codec, head, damaged));
  // What was under way is not known any more: no policy may touch what is there.
  for (auto& [lane, state] : head.lanes) {
    if (is_lost) state.handed_out = state.next;
  }
  return head;
}

void put_sink_numbers(WriteBatch& batch, FrameCodec& codec, const Head& head) {
  std::string raw;
  append_sinks(raw, head);
  batch.put(keys::sink_numbers, codec.seal(keys::sink_numbers, raw));
}

Result<std::string> read_or_make_store_id(Store& store, FrameCodec& codec) {
  if (const auto stored = TRY(store.get(keys::store_id))) {
    if (stored->size() == id_digits) return *stored;  // of format 1: the plain digits
    if (auto id = codec.open(keys::store_id, *stored)) return std::move(*id);
    log_error("The store's id is damaged: it gets a new one, and upstream sees new ids", {});
  }
  std::array<unsigned char, 8> random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return Error{ErrorKind::try_later, "the system gives no random numbers"};
  }
  std::string id;
  constexpr std::string_view hex = "0123456789abcdef";
  for (const unsigned char byte : random) {
    id.push_back(hex[byte >> 4]);
    id.push_back(hex[byte & 15]);
  }
  WriteBatch batch;
  batch.put(keys::store_id, codec.seal(keys::store_id, id));
  TRY(store.commit(batch));
  return id;
}

}  // namespace sluice
