#include "gateway/replay/output_record.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>

#include "core/arena.h"
#include "core/value.h"
#include "drivers/codecs/json.h"

namespace sluice {
namespace {

constexpr double exact_integers = 9007199254740992.0;  // 2^53: below, a double is exact

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

// Walks over all members, however deep; their digests are summed, so that order does not count.
class Reading {
 public:
  Reading(MemberNames& names, OutputRecord& record) : names_(names), record_(record) {}

  void read(const Value& value) {
    if (value.kind() == Kind::map && !value.as_map().empty()) {
      for (const MapEntry& entry : value.as_map()) read_member(entry);
    } else if (value.kind() == Kind::list && !value.as_list().empty()) {
      read_items(value.as_list());
    } else {
      read_leaf(value);
    }
  }

 private:
  void read_member(const MapEntry& entry) {
    const std::size_t size = path_.size();
    if (size > 0) path_ += '.';
    path_ +=
        entry.key.kind() == Kind::string ? std::string(entry.key.as_text()) : to_json(entry.key);
    read(entry.value);
    path_.resize(size);
  }

  void read_items(std::span<const Value> items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::size_t size = path_.size();
      path_ += "[" + std::to_string(i) + "]";
      read(items[i]);
      path_.resize(size);
    }
  }

  void read_leaf(const Value& value) {
    const std::uint64_t seed = hash(path_, 1);
    double number = value.is_numeric() ? value.to_double() : std::nan("");
    if (number == 0) number = 0;  // not -0
    if (!value.is_numeric() || !(std::abs(number) < exact_integers)) {
      record_.content += hash(to_json(value), seed);
    } else {
      record_.content +=
          hash({reinterpret_cast<const char*>(&number), sizeof number}, seed ^ 0x6E75);
    }
    if (std::isfinite(number) && record_.numbers.size() < OutputRecord::most_numbers) {
      const std::string_view path = path_.empty() ? std::string_view("data") : path_;
      if (const auto member = names_.number(path)) record_.numbers.push_back({*member, number});
    }
  }

  MemberNames& names_;
  OutputRecord& record_;
  std::string path_;
};

std::uint64_t hash_attributes(const Event& event) {
  const std::string_view content_type =
      event.datacontenttype.empty() ? "application/json" : event.datacontenttype;
  std::uint64_t sum = hash(content_type, 2) + hash(event.dataschema, 3);
  for (const Attribute& attribute : event.extensions)
    sum += hash(to_json(attribute.value), hash(attribute.name, 4));
  return sum;
}

}  // namespace

std::optional<std::uint32_t> MemberNames::number(std::string_view path) {
  if (const auto found = numbers_.find(path); found != numbers_.end()) return found->second;
  if (paths_.size() >= most) return std::nullopt;
  const auto number = static_cast<std::uint32_t>(paths_.size());
  paths_.push_back(&numbers_.emplace(path, number).first->first);
  return number;
}

OutputRecord make_output_record(const Event& event, MemberNames& names) {
  OutputRecord record;
  record.time = event.time;
  if (const Value* start = find_extension(event, "windowstart");
      start != nullptr && start->kind() == Kind::timestamp)
    record.window_start = to_timestamp(*start);
  const std::uint64_t attributes = hash_attributes(event);
  record.content = attributes;
  if (event.has_payload) record.bytes = hash(event.payload, attributes) | 1;
  Arena arena;
  Value data = event.data;
  if (event.has_payload && data.is_null()) {
    if (const auto parsed = parse_json(event.payload, arena)) {
      data = *parsed;
    } else {
      data = Value::bytes(event.payload);
    }
  }
  Reading(names, record).read(data);
  std::ranges::stable_sort(record.numbers, {}, &MemberNumber::member);
  const auto repeated = std::ranges::unique(record.numbers, {}, &MemberNumber::member);
  record.numbers.erase(repeated.begin(), repeated.end());
  record.numbers.shrink_to_fit();
  return record;
}

bool says_the_same(const OutputRecord& a, const OutputRecord& b) {
  return a.content == b.content || (a.bytes != 0 && a.bytes == b.bytes);
}

}  // namespace sluice
