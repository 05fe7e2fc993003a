// InTimeOrder: an aggregate whose result depends on the order of events in time, made of a fold
// that takes them in that order.
//
//   samples, nearly in order --> [ the newest 8, sorted ] --oldest--> Fold
//                                                           result: of a copy that has taken all
//
// A sample that is older than the newest eight of its key and than one of those before them comes
// too late: it is left out, and counted. Of equal times the one that came first is first.
//
// A merge is as if all samples had come to one state when the two spans of time do not overlap (as
// those of panes do not), or when the one of them has not folded anything yet. Of spans that
// overlap further, only the newest eight of the later state are taken.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <utility>

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/aggregates/numbers.h"

namespace sluice {

// All that was folded, from the earliest to the latest.
struct TimeSpan {
  Sample first;
  Sample last;
  std::uint64_t count = 0;
};

template <typename Fold>
concept TimeFold =
    std::copyable<Fold> && requires(Fold& fold, const Fold& other, const TimeSpan& span,
                                    const Sample& next, std::string& out, ByteReader& in) {
      { Fold::refuses(next.value) } -> std::same_as<std::string_view>;
      // `next` is not before span.last; span.count may be zero.
      { fold.add(span, next) };
      // `other` has folded `span_there`, which starts at or after the end of `span`; none is empty.
      { fold.append(span, other, span) };
      { other.result(span) } -> std::same_as<Value>;  // span.count > 0
      { other.save(out) };
      { fold.load(in) };
    };

template <TimeFold Fold>
class InTimeOrder {
 public:
  static constexpr bool is_growing = false;
  static constexpr std::size_t max_waiting = 8;
  static std::string_view refuses(const Value& value) { return Fold::refuses(value); }

  explicit InTimeOrder(Fold fold = {}) : fold_(std::move(fold)) {}

  bool add(const Sample& sample) {
    if (folded_.count > 0 && sample.time < folded_.last.time) return false;
    std::size_t place = waiting_count_;
    while (place > 0 && sample.time < waiting_[place - 1].time) --place;
    if (waiting_count_ < max_waiting) {
      for (std::size_t i = waiting_count_++; i > place; --i) waiting_[i] = waiting_[i - 1];
      waiting_[place] = sample;
    } else if (place == 0) {
      fold(sample);
    } else {
      fold(waiting_[0]);
      for (std::size_t i = 1; i < place; ++i) waiting_[i - 1] = waiting_[i];
      waiting_[place - 1] = sample;
    }
    return true;
  }

  void merge(const InTimeOrder& later) {
    if (later.is_empty()) return;
    if (is_empty()) {
      *this = later;
    } else if (latest() <= later.earliest()) {
      append(later);
    } else if (later.latest() < earliest() || folded_.count == 0) {
      InTimeOrder all = later;
      if (all.latest() < earliest()) {
        all.append(*this);
      } else {
        all.add_waiting_of(*this);
      }
      *this = all;
    } else {
      add_waiting_of(later);
    }
  }

  Value result(Arena&) const {
    if (is_empty()) return Value::null();
    InTimeOrder all = *this;
    all.fold_waiting();
    return all.fold_.result(all.folded_);
  }

  void save(std::string& out) const {
    put_varint(out, folded_.count);
    if (folded_.count > 0) {
      put_number_sample(out, folded_.first);
      put_number_sample(out, folded_.last);
      fold_.save(out);
    }
    put_varint(out, waiting_count_);
    for (std::size_t i = 0; i < waiting_count_; ++i) put_number_sample(out, waiting_[i]);
  }

  void load(ByteReader& in) {
    folded_.count = in.varint();
    if (folded_.count > 0) {
      folded_.first = read_number_sample(in);
      folded_.last = read_number_sample(in);
      fold_.load(in);
    }
    const std::uint64_t waiting = in.varint();
    if (waiting > max_waiting) in.fail();
    for (std::uint64_t i = 0; i < waiting && in.is_ok(); ++i) {
      waiting_[i] = read_number_sample(in);
      if (i > 0 && waiting_[i].time < waiting_[i - 1].time) in.fail();
      waiting_count_ = static_cast<std::uint32_t>(i) + 1;
    }
  }

  std::size_t heap_bytes() const { return 0; }

 private:
  bool is_empty() const { return folded_.count == 0 && waiting_count_ == 0; }
  Timestamp earliest() const { return folded_.count > 0 ? folded_.first.time : waiting_[0].time; }
  Timestamp latest() const {
    return waiting_count_ > 0 ? waiting_[waiting_count_ - 1].time : folded_.last.time;
  }

  void fold(const Sample& sample) {
    fold_.add(folded_, sample);
    if (folded_.count++ == 0) folded_.first = sample;
    folded_.last = sample;
  }
  void fold_waiting() {
    for (std::size_t i = 0; i < waiting_count_; ++i) fold(waiting_[i]);
    waiting_count_ = 0;
  }

  // All of `later` is at or after all of this.
  void append(const InTimeOrder& later) {
    if (later.folded_.count > 0) {
      fold_waiting();
      fold_.append(folded_, later.fold_, later.folded_);
      folded_.last = later.folded_.last;
      folded_.count += later.folded_.count;
    }
    add_waiting_of(later);
  }
  void add_waiting_of(const InTimeOrder& other) {
    for (std::size_t i = 0; i < other.waiting_count_; ++i) add(other.waiting_[i]);
  }

  Fold fold_;
  TimeSpan folded_;
  std::array<Sample, max_waiting> waiting_{};  // sorted by time; the first waiting_count_ are there
  std::uint32_t waiting_count_ = 0;
};

}  // namespace sluice
