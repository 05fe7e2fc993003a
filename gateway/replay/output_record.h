// OutputRecord: what a comparison keeps of one output: digests and numbers, no texts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/event.h"

namespace sluice {

// The paths of numeric members ("mean", "power.total", "load[2]"), each with a number.
class MemberNames {
 public:
  static constexpr std::size_t most = 4096;
  // Nothing: there are too many.
  std::optional<std::uint32_t> number(std::string_view path);
  const std::string& path(std::uint32_t number) const { return *paths_[number]; }

 private:
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<const std::string*> paths_;  // keys of numbers_
};

struct MemberNumber {
  std::uint32_t member = 0;
  double value = 0;
};

struct OutputRecord {
  static constexpr std::size_t most_numbers = 64;

  std::uint64_t content = 0;  // of attributes and data
  std::uint64_t bytes = 0;    // of attributes and payload as received; 0: a step made it
  Timestamp time{};
  std::optional<Timestamp> window_start;
  std::vector<MemberNumber> numbers;  // in the order of members, each once
};

// A payload that no step looked at is read as JSON, if it is that.
OutputRecord make_output_record(const Event& event, MemberNames& names);

// Whether the two say the same: data by value (21 is 21.0, members in any order) or by their bytes;
// attributes but id and source, which tell who made it.
bool says_the_same(const OutputRecord& a, const OutputRecord& b);

}  // namespace sluice
