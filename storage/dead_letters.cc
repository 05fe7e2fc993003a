#include "storage/dead_letters.h"

#include <algorithm>

#include "core/bytes.h"
#include "storage/head.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace sluice {
namespace {

const std::string dead_letter_prefix(1, keys::dead_letter);
// How many a record may have held that cannot be read: no number is given twice.
constexpr std::uint64_t lost_letters = 10'000;

struct Parsed {
  std::vector<DeadLetter> letters;
  BlockHeader header;
};

// Texts of the events lie in `raw` and `arena`.
Result<Parsed> parse(std::string_view raw, std::string_view store_id, std::uint64_t first,
                     Arena& arena) {
  ByteReader in(raw);
  Parsed parsed;
  const std::size_t count = in.count();
  parsed.letters.resize(count);
  for (DeadLetter& letter : parsed.letters) {
    letter.number = first++;
    letter.stage = in.text();
    letter.reason = in.text();
  }
  if (!in.is_ok()) return Error{ErrorKind::corrupt, "a stored dead letter cannot be read"};
  Block block = TRY(decode_block(in.rest(), store_id, arena));
  if (block.events.size() != count)
    return Error{ErrorKind::corrupt, "a stored dead letter has no event"};
  for (std::size_t i = 0; i < count; ++i) parsed.letters[i].event = block.events[i];
  parsed.header = std::move(block.header);
  return parsed;
}

}  // namespace

void put_dead_letters(WriteBatch& batch, FrameCodec& codec, std::uint64_t first,
                      const BlockHeader& header, std::span<const DeadLetter> letters) {
  std::string raw;
  std::vector<const Event*> events;
  put_varint(raw, letters.size());
  for (const DeadLetter& letter : letters) {
    put_text(raw, letter.stage);
    put_text(raw, letter.reason);
    events.push_back(&letter.event);
  }
  raw += encode_block(header, events);
  put_record(batch, codec, keys::numbered(keys::dead_letter, first), raw);
}

Result<void> read_dead_letters(
    const Store& store, FrameCodec& codec, std::string_view store_id, std::uint64_t first,
    std::uint64_t& damaged,
    const std::function<bool(const DeadLetter&, const BlockHeader&)>& visit) {
  FoundFrame found = TRY(read_at_or_before(store, dead_letter_prefix, first));
  if (!found.is_found) found = TRY(read_at_or_after(store, dead_letter_prefix, first));
  while (found.is_found) {
    Arena arena;
    const auto raw = codec.open(found.frame.key, found.frame.bytes);
    const auto parsed =
        raw ? parse(*raw, store_id, found.frame.number, arena) : Result<Parsed>(raw.error());
    if (!parsed) {
      ++damaged;
    } else {
      for (const DeadLetter& letter : parsed->letters) {
        if (letter.number < first || letter.stage.empty()) continue;
        if (!visit(letter, parsed->header)) return {};
      }
    }
    found = TRY(read_at_or_after(store, dead_letter_prefix, found.frame.number + 1));
  }
  return {};
}

Result<std::uint64_t> retire_dead_letters(const Store& store, WriteBatch& batch, FrameCodec& codec,
                                          std::string_view store_id, Head& head,
                                          const std::function<bool(std::uint64_t)>& is_chosen) {
  std::uint64_t retired = 0;
  std::uint64_t kept = 0;
  FoundFrame found = TRY(read_at_or_before(store, dead_letter_prefix, head.first_dead_letter));
  if (!found.is_found)
    found = TRY(read_at_or_after(store, dead_letter_prefix, head.first_dead_letter));
  for (; found.is_found;
       found = TRY(read_at_or_after(store, dead_letter_prefix, found.frame.number + 1))) {
    Arena arena;
    const auto raw = codec.open(found.frame.key, found.frame.bytes);
    auto parsed =
        raw ? parse(*raw, store_id, found.frame.number, arena) : Result<Parsed>(raw.error());
    if (!parsed) continue;  // damaged: it is told of elsewhere
    bool has_changed = false;
    for (DeadLetter& letter : parsed->letters) {
      if (letter.number < head.first_dead_letter || letter.stage.empty()) continue;
      if (!is_chosen(letter.number)) {
        ++kept;
        continue;
      }
      letter = {letter.number, {}, {}, {}};
      has_changed = true;
      ++retired;
    }
    if (!has_changed) continue;
    TRY(store.scan_keys(found.frame.key, keys::after(found.frame.key), [&](std::string_view part) {
      batch.erase(std::string(part));
      return true;
    }));
    put_dead_letters(batch, codec, found.frame.number, parsed->header, parsed->letters);
  }
  head.retired_dead_letters += retired;
  if (kept == 0) {  // none is left: the numbers go on, and a trim takes the records
    head.first_dead_letter = head.next_dead_letter;
    head.retired_dead_letters = 0;
  }
  return retired;
}

Result<void> recover_dead_letters(const Store& store, FrameCodec& codec, Head& head,
                                  std::uint64_t& damaged) {
  const FoundFrame last = TRY(read_at_or_before(store, dead_letter_prefix, ~0ULL));
  if (!last.is_found) return {};
  const auto raw = codec.open(last.frame.key, last.frame.bytes);
  Arena arena;
  const auto parsed = raw ? parse(*raw, {}, last.frame.number, arena) : Result<Parsed>(raw.error());
  if (!parsed) {
    ++damaged;
    head.next_dead_letter = std::max(head.next_dead_letter, last.frame.number + lost_letters);
    return {};
  }
  head.next_dead_letter =
      std::max(head.next_dead_letter, last.frame.number + parsed->letters.size());
  raise(head, parsed->header);
  return {};
}

Result<std::size_t> trim_dead_letters(const Store& store, WriteBatch& batch, std::uint64_t end,
                                      std::size_t max_records) {
  return erase_before(store, batch, dead_letter_prefix, end, max_records);
}

}  // namespace sluice
