#include "pipelines/aggregates/frequent.h"

#include <algorithm>
#include <functional>

#include "pipelines/aggregates/min_max.h"

namespace sluice {
namespace {

bool comes_before(const Value& a, std::string_view a_bytes, const Value& b,
                  std::string_view b_bytes) {
  if (a.is_numeric() != b.is_numeric()) return a.is_numeric();
  if (a.is_numeric()) return is_less(a, b);
  return a_bytes < b_bytes;
}

}  // namespace

std::vector<Frequent::Counted>::iterator Frequent::place_of(std::string_view bytes) {
  return std::ranges::lower_bound(counted_, bytes, {},
                                  [](const Counted& c) { return std::string_view(c.bytes); });
}

void Frequent::insert(std::vector<Counted>::iterator place, std::string_view bytes,
                      std::uint64_t count) {
  const auto added = counted_.insert(place, Counted(bytes, count));
  text_bytes_ += heap_of(added->bytes);
}

void Frequent::take_from_all(std::uint64_t amount) {
  missed_ += amount;
  for (Counted& counted : counted_) {
    counted.count -= std::min(counted.count, amount);
    if (counted.count == 0) text_bytes_ -= heap_of(counted.bytes);
  }
  std::erase_if(counted_, [](const Counted& counted) { return counted.count == 0; });
}

void Frequent::add(const Value& value) {
  std::string bytes;
  append_identity(bytes, value);
  const auto place = place_of(bytes);
  if (place != counted_.end() && place->bytes == bytes) {
    ++place->count;
  } else if (counted_.size() < max_counted) {
    insert(place, bytes, 1);
  } else {
    take_from_all(1);  // and one of the new value, which is its all
  }
}

void Frequent::merge(const Frequent& later) {
  for (const Counted& counted : later.counted_) {
    const auto place = place_of(counted.bytes);
    if (place != counted_.end() && place->bytes == counted.bytes) {
      place->count += counted.count;
    } else {
      insert(place, counted.bytes, counted.count);
    }
  }
  missed_ += later.missed_;
  if (counted_.size() <= max_counted) return;
  std::vector<std::uint64_t> counts;
  for (const Counted& counted : counted_) counts.push_back(counted.count);
  std::ranges::sort(counts, std::greater<>());
  take_from_all(counts[max_counted]);
  if (counted_.capacity() > max_counted) counted_.shrink_to_fit();
}

std::span<const Frequent::Ranked> Frequent::ranking(std::size_t most, Arena& arena) const {
  struct Entry {
    Ranked ranked;
    std::string_view bytes;
  };
  std::vector<Entry> entries;
  for (const Counted& counted : counted_) {
    std::string_view rest = arena.copy(counted.bytes);
    const auto value = decode_value(rest, arena);
    CHECK(value.is_ok());  // add() and load() let nothing else in
    entries.push_back({{*value, counted.count}, counted.bytes});
  }
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    if (a.ranked.count != b.ranked.count) return a.ranked.count > b.ranked.count;
    return comes_before(a.ranked.value, a.bytes, b.ranked.value, b.bytes);
  });
  const std::size_t count = std::min(most, entries.size());
  Ranked* const ranking = arena.array<Ranked>(count);
  for (std::size_t i = 0; i < count; ++i) ranking[i] = entries[i].ranked;
  return {ranking, count};
}

void Frequent::save(std::string& out) const {
  put_varint(out, missed_);
  put_varint(out, counted_.size());
  for (const Counted& counted : counted_) {
    put_text(out, counted.bytes);
    put_varint(out, counted.count);
  }
}

void Frequent::load(ByteReader& in) {
  missed_ = in.varint();
  const std::size_t count = in.count();
  if (count > max_counted) in.fail();
  for (std::size_t i = 0; i < count && in.is_ok(); ++i) {
    const std::string_view bytes = in.text();
    const std::uint64_t times = in.varint();
    Arena scratch(256);
    std::string_view rest = bytes;
    const bool is_value = decode_value(rest, scratch).is_ok() && rest.empty();
    const bool is_sorted = counted_.empty() || counted_.back().bytes < bytes;
    if (!is_value || !is_sorted || times == 0) {
      in.fail();
      return;
    }
    insert(counted_.end(), bytes, times);
  }
}

}  // namespace sluice
