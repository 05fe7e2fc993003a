// Difference: how the outputs of two configurations differ, per pipeline and key.
//
//   add(before, ..) --.                        .--> equal
//                      >-- pair as they come --+--> different: by how much, member by member
//   add(after, ..) ---'                        '--> wait; at the end: only before, only after
//
// Outputs of a pipeline to a sink are a pair when type, subject and time are the same: the first
// with the first, the n-th with the n-th. Only what has no partner yet is kept, as a record without
// texts.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/event.h"
#include "gateway/replay/output_record.h"

namespace sluice {

struct DifferenceCounts {
  std::uint64_t only_before = 0;
  std::uint64_t only_after = 0;
  std::uint64_t equal = 0;
  std::uint64_t different = 0;

  std::uint64_t before() const { return only_before + equal + different; }
  std::uint64_t after() const { return only_after + equal + different; }
  std::uint64_t unequal() const { return only_before + only_after + different; }
  void add(const DifferenceCounts& other);
};

// One numeric member of the data.
struct MemberDifference {
  std::string path;
  std::uint64_t before_count = 0, after_count = 0;  // outputs that have it, paired or not
  double before_sum = 0, after_sum = 0;
  std::uint64_t differing = 0;    // pairs with two values that differ
  std::uint64_t one_sided = 0;    // pairs of which one has it
  double sum_of_differences = 0;  // absolute, of the differing
  double largest_difference = 0;

  double mean_difference() const {
    return differing == 0 ? 0 : sum_of_differences / static_cast<double>(differing);
  }
  std::optional<double> before_mean() const;
  std::optional<double> after_mean() const;
};

// One output on both sides, or on one.
struct DifferenceExample {
  struct Number {
    std::string path;
    std::optional<double> before, after;
  };
  Timestamp time{};
  bool is_before = false, is_after = false;
  std::optional<Timestamp> before_start, after_start;  // of its window
  std::vector<Number> numbers;                         // of a pair: those that differ
};

struct KeyDifference {
  std::string key;  // subject
  DifferenceCounts counts;
  std::vector<MemberDifference> members;     // in the order of their paths
  std::optional<DifferenceExample> example;  // the pair with the largest difference, else the first

  double largest_difference() const;
};

struct PipelineDifference {
  std::string pipeline;
  std::string sink;
  DifferenceCounts counts;
  std::vector<KeyDifference> keys;  // the largest difference first
};

struct DifferenceReport {
  std::vector<PipelineDifference> pipelines;  // in the order of their names
  DifferenceCounts counts;
  bool is_waiting_full = false;  // more outputs waited than were kept: "only" counts are too high
  bool is_members_full = false;  // numbers of further members are not told
  bool is_keys_full = false;     // the keys beyond the bound are counted as one
};

class Difference {
 public:
  struct Bounds {
    std::size_t waiting = 1'000'000;  // outputs without a partner: about 220 bytes each
    std::size_t keys = 50'000;
    std::size_t members = 500'000;  // of all keys together
  };
  static constexpr std::string_view further_keys = "(further keys)";

  enum class Side : std::uint8_t { before, after };

  Difference() : Difference(Bounds{}) {}
  explicit Difference(Bounds bounds) : bounds_(bounds) {}

  void add(Side side, std::string_view pipeline, std::string_view sink, const Event& event);

  // All that was added; then it is used up.
  DifferenceReport finish();

 private:
  struct Key;
  struct Waiting {
    Side side;
    Key* key;
    OutputRecord record;
  };
  struct Example {
    std::optional<OutputRecord> before, after;
    double size = 0;
    Timestamp time() const { return before ? before->time : after->time; }
  };
  struct Key {
    DifferenceCounts counts;
    std::map<std::uint32_t, MemberDifference> members;
    std::optional<Example> example;
  };
  using Keys = std::map<std::string, Key, std::less<>>;

  Key& key_of(std::string_view pipeline, std::string_view sink, std::string_view subject);
  MemberDifference* member_of(Key& key, std::uint32_t number);  // null: there are too many
  void compare(Key& key, OutputRecord before, OutputRecord after);
  double compare_numbers(Key& key, const OutputRecord& before, const OutputRecord& after);
  void count_only(Side side, Key& key, OutputRecord record);
  KeyDifference describe(const std::string& name, const Key& key) const;
  DifferenceExample describe(const Example& example) const;

  const Bounds bounds_;
  MemberNames names_;
  std::map<std::pair<std::string, std::string>, Keys> pipelines_;  // by pipeline and sink
  std::size_t key_count_ = 0;
  std::size_t member_count_ = 0;
  // By what makes a pair; all of one list are of one side.
  std::unordered_map<std::uint64_t, std::list<Waiting>> waiting_;
  std::size_t waiting_count_ = 0;
  bool is_waiting_full_ = false;
  bool is_keys_full_ = false;
  bool is_members_full_ = false;
};

}  // namespace sluice
