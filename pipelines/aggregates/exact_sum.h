// ExactSum: adds integers exactly, and doubles with a compensation.
//
// Integers are counted apart for as long as their sum fits int64; what overflows moves to the
// double part. The double part is the sum of Neumaier ("Rundungsfehleranalyse einiger Verfahren zur
// Summation endlicher Summen", 1974): the low bits that each addition loses are kept in `lost_`, so
// that the error does not grow with the number of values.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "core/bytes.h"
#include "core/value.h"

namespace sluice {

class ExactSum {
 public:
  void add(const Value& number) {
    switch (number.kind()) {
      case Kind::integer:
        add_integer(number.as_int());
        break;
      case Kind::uinteger:
        add_unsigned(number.as_uint());
        break;
      default:
        add_double(number.as_double());
        break;
    }
  }

  void merge(const ExactSum& later) {
    add_integer(later.whole_);
    if (!later.is_whole_) {
      add_double(later.sum_);
      lost_ += later.lost_;
    }
  }

  // Only integers came, and their sum fits.
  bool is_whole() const { return is_whole_; }
  std::int64_t whole() const { return whole_; }

  double total() const {
    ExactSum all = *this;
    all.add_wide(whole_);
    // An overflow makes the compensation meaningless.
    return std::isfinite(all.sum_) ? all.sum_ + all.lost_ : all.sum_;
  }

  void save(std::string& out) const {
    put_signed(out, whole_);
    put_fixed<std::uint8_t>(out, is_whole_ ? 1 : 0);
    if (is_whole_) return;
    put_fixed(out, std::bit_cast<std::uint64_t>(sum_));
    put_fixed(out, std::bit_cast<std::uint64_t>(lost_));
  }

  void load(ByteReader& in) {
    whole_ = in.signed_varint();
    is_whole_ = in.fixed<std::uint8_t>() != 0;
    if (is_whole_) return;
    sum_ = std::bit_cast<double>(in.fixed<std::uint64_t>());
    lost_ = std::bit_cast<double>(in.fixed<std::uint64_t>());
  }

 private:
  void add_integer(std::int64_t number) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(whole_, number, &sum)) {
      whole_ = sum;
      return;
    }
    add_wide(whole_);
    whole_ = number;
    is_whole_ = false;
  }

  void add_unsigned(std::uint64_t number) {
    if (number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      add_integer(static_cast<std::int64_t>(number));
      return;
    }
    constexpr std::uint64_t top_bit = std::uint64_t{1} << 63;
    add_double(9223372036854775808.0);  // 2^63
    add_integer(static_cast<std::int64_t>(number - top_bit));
  }

  // An integer of more than 53 bits does not fit a double: it goes in as two halves that do.
  void add_wide(std::int64_t number) {
    const std::int64_t low = number & 0xFFFF'FFFF;
    add_compensated(static_cast<double>(number - low));
    add_compensated(static_cast<double>(low));
  }

  void add_double(double number) {
    is_whole_ = false;
    add_compensated(number);
  }

  void add_compensated(double number) {
    const double sum = sum_ + number;
    if (std::fabs(sum_) >= std::fabs(number)) {
      lost_ += (sum_ - sum) + number;
    } else {
      lost_ += (number - sum) + sum_;
    }
    sum_ = sum;
  }

  std::int64_t whole_ = 0;
  double sum_ = 0.0;
  double lost_ = 0.0;
  bool is_whole_ = true;
};

}  // namespace sluice
