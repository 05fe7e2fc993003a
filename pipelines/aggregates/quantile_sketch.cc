#include "pipelines/aggregates/quantile_sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "pipelines/aggregates/numbers.h"

namespace sluice {
namespace {

// How a bucket is packed: 20 bits of number, 44 of count.
constexpr unsigned count_bits = 44;
constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;
constexpr std::int32_t number_offset = 1 << 19;  // makes the number of a bucket positive

constexpr std::uint64_t pack(std::int32_t number, std::uint64_t count) {
  return static_cast<std::uint64_t>(number + number_offset) << count_bits |
         std::min(count, count_mask);
}
constexpr std::int32_t number_of(std::uint64_t bucket) {
  return static_cast<std::int32_t>(bucket >> count_bits) - number_offset;
}
constexpr std::uint64_t count_of(std::uint64_t bucket) { return bucket & count_mask; }

// A double's bits as a number: sign, 11 of exponent, 52 of fraction. Without the sign they grow as
// the number does, and their top 11 + 6 tell 64 steps in each power of two apart.
constexpr unsigned fraction_bits = 52;
constexpr unsigned step_bits = 6;
constexpr unsigned dropped_bits = fraction_bits - step_bits;
// By then a sign has at most 64 buckets, and pairs need not be joined again.
constexpr std::uint32_t max_joins = 63 - dropped_bits - step_bits;

// The highest number of a bucket after so many joins.
constexpr std::int32_t highest_bucket(std::uint32_t joins) {
  return static_cast<std::int32_t>(
             std::bit_cast<std::uint64_t>(std::numeric_limits<double>::max()) >>
             (dropped_bits + joins)) +
         1;
}

constexpr std::int32_t joined(std::int32_t number) {
  if (number > 0) return (number - 1) / 2 + 1;
  return number < 0 ? -((-number - 1) / 2 + 1) : 0;
}

}  // namespace

// Zero has bucket 0, positive numbers those from 1 on, negative ones the same with a minus.
std::int32_t QuantileSketch::bucket_number(double number) const {
  if (std::fabs(number) < std::numeric_limits<double>::min()) return 0;
  const auto bits = std::bit_cast<std::uint64_t>(std::fabs(number));
  const auto magnitude = static_cast<std::int32_t>(bits >> (dropped_bits + joins_)) + 1;
  return number < 0.0 ? -magnitude : magnitude;
}

double QuantileSketch::low_end(std::int32_t magnitude) const {
  const std::uint64_t bits = static_cast<std::uint64_t>(magnitude - 1) << (dropped_bits + joins_);
  // The end of the highest bucket may lie beyond all numbers, even where the sign is.
  constexpr double highest = std::numeric_limits<double>::max();
  return bits <= std::bit_cast<std::uint64_t>(highest) ? std::bit_cast<double>(bits) : highest;
}

// Off by the same factor at both ends of the bucket.
double QuantileSketch::middle(std::int32_t bucket) const {
  if (bucket == 0) return 0.0;
  const std::int32_t magnitude = bucket < 0 ? -bucket : bucket;
  const double low = low_end(magnitude);
  const double high = low_end(magnitude + 1);
  const double middle = low * (high / (low * 0.5 + high * 0.5));
  return bucket < 0 ? -middle : middle;
}

bool QuantileSketch::add(const Sample& sample) {
  const double number = sample.value.to_double();
  if (count_ == 0 || number < lowest_) lowest_ = number;
  if (count_ == 0 || number > highest_) highest_ = number;
  ++count_;
  count_in(bucket_number(number), 1);
  return true;
}

void QuantileSketch::count_in(std::int32_t bucket, std::uint64_t amount) {
  for (;;) {
    const auto place = std::ranges::lower_bound(buckets_, pack(bucket, 0));
    if (place != buckets_.end() && number_of(*place) == bucket) {
      *place = pack(bucket, count_of(*place) + amount);
      return;
    }
    if (buckets_.size() < max_buckets) {
      const auto at = place - buckets_.begin();
      make_room();
      buckets_.insert(buckets_.begin() + at, pack(bucket, amount));
      return;
    }
    join_pairs();
    bucket = joined(bucket);
  }
}

// For one more, and never for more than there may be.
void QuantileSketch::make_room() {
  if (buckets_.size() < buckets_.capacity()) return;
  buckets_.reserve(std::min(max_buckets, list_room(buckets_.size() + 1)));
}

void QuantileSketch::join_pairs() {
  CHECK(joins_ < max_joins);
  ++joins_;
  std::size_t kept = 0;
  for (const Bucket bucket : buckets_) {
    const std::int32_t number = joined(number_of(bucket));
    if (kept > 0 && number_of(buckets_[kept - 1]) == number) {
      buckets_[kept - 1] = pack(number, count_of(buckets_[kept - 1]) + count_of(bucket));
    } else {
      buckets_[kept++] = pack(number, count_of(bucket));
    }
  }
  buckets_.resize(kept);
}

void QuantileSketch::merge(const QuantileSketch& later) {
  if (later.count_ == 0) return;
  if (count_ == 0) {
    *this = later;
    return;
  }
  lowest_ = std::min(lowest_, later.lowest_);
  highest_ = std::max(highest_, later.highest_);
  count_ += later.count_;
  while (joins_ < later.joins_) join_pairs();
  for (const Bucket bucket : later.buckets_) {
    std::int32_t number = number_of(bucket);
    // Adding may join pairs here, so the distance is looked at anew.
    for (std::uint32_t i = later.joins_; i < joins_; ++i) number = joined(number);
    count_in(number, count_of(bucket));
  }
}

Value QuantileSketch::percentile(double percent) const {
  if (count_ == 0) return Value::null();
  const double rank = std::ceil(percent * static_cast<double>(count_) / 100.0);
  if (rank <= 1.0) return Value::number(lowest_);
  if (rank >= static_cast<double>(count_)) return Value::number(highest_);
  std::uint64_t seen = 0;
  for (const Bucket bucket : buckets_) {
    seen += count_of(bucket);
    if (static_cast<double>(seen) < rank) continue;
    return Value::number(std::clamp(middle(number_of(bucket)), lowest_, highest_));
  }
  return Value::number(highest_);
}

double QuantileSketch::relative_error() const {
  double ratio = 1.0 + 1.0 / (1U << step_bits);  // of the ends of a bucket
  for (std::uint32_t i = 0; i < joins_; ++i) {
    ratio = i < step_bits ? 1.0 + (ratio - 1.0) * 2.0 : ratio * ratio;
  }
  return ratio <= std::numeric_limits<double>::max() ? (ratio - 1.0) / (ratio + 1.0) : 1.0;
}

Value QuantileSketch::result(Arena& arena) const {
  Value* const rows = arena.array<Value>(buckets_.size());
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const std::int32_t number = number_of(buckets_[i]);
    const std::int32_t magnitude = number < 0 ? -number : number;
    double from = magnitude == 0 ? 0.0 : low_end(magnitude);
    double to = magnitude == 0 ? 0.0 : low_end(magnitude + 1);
    if (number < 0) from = -std::exchange(to, -from);
    Value* const row = arena.array<Value>(3);
    row[0] = Value::number(from);
    row[1] = Value::number(to);
    row[2] = Value::integer(static_cast<std::int64_t>(count_of(buckets_[i])));
    rows[i] = Value::list({row, 3});
  }
  return Value::list({rows, buckets_.size()});
}

void QuantileSketch::save(std::string& out) const {
  put_varint(out, count_);
  if (count_ == 0) return;
  put_double(out, lowest_);
  put_double(out, highest_);
  put_varint(out, joins_);
  put_varint(out, buckets_.size());
  for (const Bucket bucket : buckets_) {
    put_signed(out, number_of(bucket));
    put_varint(out, count_of(bucket));
  }
}

void QuantileSketch::load(ByteReader& in) {
  count_ = in.varint();
  if (count_ == 0) return;
  lowest_ = read_double(in);
  highest_ = read_double(in);
  const std::uint64_t joins = in.varint();
  const std::size_t count = in.count();
  if (joins > max_joins || count == 0 || count > max_buckets) in.fail();
  joins_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(joins, max_joins));
  for (std::size_t i = 0; i < count && in.is_ok(); ++i) {
    const std::int64_t number = in.signed_varint();
    const std::uint64_t times = in.varint();
    const bool is_in_range = number >= -highest_bucket(joins_) && number <= highest_bucket(joins_);
    const bool is_sorted = buckets_.empty() || number_of(buckets_.back()) < number;
    if (!is_in_range || !is_sorted || times == 0) {
      in.fail();
      return;
    }
    make_room();
    buckets_.push_back(pack(static_cast<std::int32_t>(number), times));
  }
}

}  // namespace sluice
