#include "gateway/replay/difference.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/bytes.h"

namespace sluice {
namespace {

std::uint64_t pair_hash(std::string_view pipeline, std::string_view sink, const Event& event) {
  std::string bytes;
  for (const std::string_view text : {pipeline, sink, event.type, event.subject})
    put_text(bytes, text);
  put_signed(bytes, event.time.time_since_epoch().count());
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::optional<double> mean(double sum, std::uint64_t count) {
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

// Calls `visit(member, before or null, after or null)` for each member of either, in order.
template <typename Visit>
void for_each_member(const std::vector<MemberNumber>& before,
                     const std::vector<MemberNumber>& after, const Visit& visit) {
  auto b = before.begin();
  auto a = after.begin();
  while (b != before.end() || a != after.end()) {
    const bool takes_before = b != before.end() && (a == after.end() || b->member <= a->member);
    const bool takes_after = a != after.end() && (b == before.end() || a->member <= b->member);
    visit(takes_before ? b->member : a->member, takes_before ? &b->value : nullptr,
          takes_after ? &a->value : nullptr);
    if (takes_before) ++b;
    if (takes_after) ++a;
  }
}

}  // namespace

void DifferenceCounts::add(const DifferenceCounts& other) {
  only_before += other.only_before;
  only_after += other.only_after;
  equal += other.equal;
  different += other.different;
}

std::optional<double> MemberDifference::before_mean() const {
  return mean(before_sum, before_count);
}
std::optional<double> MemberDifference::after_mean() const { return mean(after_sum, after_count); }

double KeyDifference::largest_difference() const {
  double largest = 0;
  for (const MemberDifference& member : members)
    largest = std::max(largest, member.largest_difference);
  return largest;
}

void Difference::add(Side side, std::string_view pipeline, std::string_view sink,
                     const Event& event) {
  OutputRecord record = make_output_record(event, names_);
  Key& key = key_of(pipeline, sink, event.subject);
  for (const MemberNumber& number : record.numbers) {
    MemberDifference* member = member_of(key, number.member);
    if (member == nullptr) continue;
    ++(side == Side::before ? member->before_count : member->after_count);
    (side == Side::before ? member->before_sum : member->after_sum) += number.value;
  }
  const std::uint64_t hash = pair_hash(pipeline, sink, event);
  const auto found = waiting_.find(hash);
  if (found != waiting_.end() && found->second.front().side != side) {
    OutputRecord partner = std::move(found->second.front().record);
    found->second.pop_front();
    if (found->second.empty()) waiting_.erase(found);
    --waiting_count_;
    if (side == Side::before) std::swap(record, partner);
    compare(key, std::move(partner), std::move(record));
  } else if (waiting_count_ < bounds_.waiting) {
    waiting_[hash].push_back({side, &key, std::move(record)});
    ++waiting_count_;
  } else {
    is_waiting_full_ = true;
    count_only(side, key, std::move(record));
  }
}

Difference::Key& Difference::key_of(std::string_view pipeline, std::string_view sink,
                                    std::string_view subject) {
  Keys& keys = pipelines_[{std::string(pipeline), std::string(sink)}];
  if (const auto found = keys.find(subject); found != keys.end()) return found->second;
  if (key_count_ >= bounds_.keys) {
    is_keys_full_ = true;
    return keys[std::string(further_keys)];
  }
  ++key_count_;
  return keys[std::string(subject)];
}

MemberDifference* Difference::member_of(Key& key, std::uint32_t number) {
  if (const auto found = key.members.find(number); found != key.members.end())
    return &found->second;
  if (member_count_ >= bounds_.members) {
    is_members_full_ = true;
    return nullptr;
  }
  ++member_count_;
  return &key.members[number];
}

void Difference::compare(Key& key, OutputRecord before, OutputRecord after) {
  if (says_the_same(before, after)) {
    ++key.counts.equal;
    return;
  }
  ++key.counts.different;
  const double size = compare_numbers(key, before, after);
  if (key.example && key.example->size >= size) return;
  key.example = Example{std::move(before), std::move(after), size};
}

// Gives the largest difference.
double Difference::compare_numbers(Key& key, const OutputRecord& before,
                                   const OutputRecord& after) {
  double size = 0;
  for_each_member(before.numbers, after.numbers,
                  [&](std::uint32_t number, const double* old_value, const double* new_value) {
                    MemberDifference* member = member_of(key, number);
                    if (member == nullptr) return;
                    if (old_value == nullptr || new_value == nullptr) {
                      ++member->one_sided;
                      return;
                    }
                    const double difference = std::abs(*old_value - *new_value);
                    if (difference == 0) return;
                    ++member->differing;
                    member->sum_of_differences += difference;
                    member->largest_difference = std::max(member->largest_difference, difference);
                    size = std::max(size, difference);
                  });
  return size;
}

void Difference::count_only(Side side, Key& key, OutputRecord record) {
  ++(side == Side::before ? key.counts.only_before : key.counts.only_after);
  // A pair says more; of outputs without a partner the earliest is the example.
  if (key.example &&
      ((key.example->before && key.example->after) || key.example->time() <= record.time))
    return;
  key.example = Example{};
  (side == Side::before ? key.example->before : key.example->after) = std::move(record);
}

DifferenceReport Difference::finish() {
  for (auto& [hash, list] : waiting_) {
    for (Waiting& waiting : list) count_only(waiting.side, *waiting.key, std::move(waiting.record));
  }
  waiting_.clear();
  waiting_count_ = 0;
  DifferenceReport report;
  report.is_waiting_full = is_waiting_full_;
  report.is_keys_full = is_keys_full_;
  report.is_members_full = is_members_full_;
  for (const auto& [names, keys] : pipelines_) {
    PipelineDifference& pipeline = report.pipelines.emplace_back();
    pipeline.pipeline = names.first;
    pipeline.sink = names.second;
    for (const auto& [name, key] : keys) {
      pipeline.counts.add(key.counts);
      pipeline.keys.push_back(describe(name, key));
    }
    report.counts.add(pipeline.counts);
    std::ranges::stable_sort(pipeline.keys, [](const KeyDifference& a, const KeyDifference& b) {
      return std::tuple(a.largest_difference(), a.counts.unequal()) >
             std::tuple(b.largest_difference(), b.counts.unequal());
    });
  }
  pipelines_.clear();
  key_count_ = member_count_ = 0;
  return report;
}

KeyDifference Difference::describe(const std::string& name, const Key& key) const {
  KeyDifference described;
  described.key = name;
  described.counts = key.counts;
  for (const auto& [number, sums] : key.members) {
    described.members.push_back(sums);
    described.members.back().path = names_.path(number);
  }
  std::ranges::sort(described.members, {}, &MemberDifference::path);
  if (key.example) described.example = describe(*key.example);
  return described;
}

DifferenceExample Difference::describe(const Example& example) const {
  DifferenceExample described;
  described.time = example.time();
  described.is_before = example.before.has_value();
  described.is_after = example.after.has_value();
  static const OutputRecord none;
  const OutputRecord& before = example.before ? *example.before : none;
  const OutputRecord& after = example.after ? *example.after : none;
  described.before_start = before.window_start;
  described.after_start = after.window_start;
  for_each_member(before.numbers, after.numbers,
                  [&](std::uint32_t number, const double* old_value, const double* new_value) {
                    if (old_value != nullptr && new_value != nullptr && *old_value == *new_value)
                      return;
                    DifferenceExample::Number& shown = described.numbers.emplace_back();
                    shown.path = names_.path(number);
                    if (old_value != nullptr) shown.before = *old_value;
                    if (new_value != nullptr) shown.after = *new_value;
                  });
  std::ranges::sort(described.numbers, {}, &DifferenceExample::Number::path);
  return described;
}

}  // namespace sluice
