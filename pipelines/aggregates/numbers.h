// What aggregates over numbers and times share.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/value.h"
#include "pipelines/aggregates/aggregate.h"

namespace sluice {

// a - b for two finite numbers: an int while both are ints and the difference fits, else a double.
inline Value difference(const Value& a, const Value& b) {
  std::int64_t whole = 0;
  const bool is_whole = a.kind() == Kind::integer && b.kind() == Kind::integer &&
                        !__builtin_sub_overflow(a.as_int(), b.as_int(), &whole);
  return is_whole ? Value::integer(whole) : Value::number(a.to_double() - b.to_double());
}

// to - from. Exact to the nanosecond, but for times that lie more than 292 years apart.
inline double seconds_between(Timestamp from, Timestamp to) {
  constexpr double nanos_per_second = 1e9;
  const std::int64_t start = from.time_since_epoch().count();
  const std::int64_t end = to.time_since_epoch().count();
  std::int64_t nanos = 0;
  if (!__builtin_sub_overflow(end, start, &nanos)) {
    return static_cast<double>(nanos) / nanos_per_second;
  }
  return static_cast<double>(end) / nanos_per_second -
         static_cast<double>(start) / nanos_per_second;
}

inline void put_double(std::string& out, double number) {
  put_fixed(out, std::bit_cast<std::uint64_t>(number));
}
inline double read_double(ByteReader& in) {
  return std::bit_cast<double>(in.fixed<std::uint64_t>());
}

// A sample whose value is a number; it holds no memory of its own.
inline void put_number_sample(std::string& out, const Sample& sample) {
  encode(out, sample.value);
  put_signed(out, sample.time.time_since_epoch().count());
}
inline Sample read_number_sample(ByteReader& in) {
  Arena unused(64);
  std::string_view rest = in.rest();
  const auto value = decode_value(rest, unused);
  if (!value || !value->is_numeric()) {
    in.fail();
    return {};
  }
  in.set_rest(rest);
  const Timestamp time(Duration(in.signed_varint()));
  return {*value, time};
}

}  // namespace sluice
