#include "pipelines/aggregates/distinct.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace sluice {
namespace {

// The bits of a hash that do not choose the register; their run of leading zeros counts.
constexpr unsigned run_bits = 64 - Distinct::register_bits;
constexpr unsigned max_rank = run_bits + 1;

void note(std::vector<std::uint8_t>& registers, std::uint64_t hash) {
  const auto place = static_cast<std::size_t>(hash >> run_bits);
  const std::uint64_t run = hash << Distinct::register_bits;
  const unsigned zeros = run == 0 ? run_bits : static_cast<unsigned>(std::countl_zero(run));
  registers[place] = std::max(registers[place], static_cast<std::uint8_t>(zeros + 1));
}

// The two series of Ertl's estimator (his sections 2.4 and 2.6): they stand for the registers that
// are still empty, and for those that are full.
double sigma(double empty_share) {
  double power = empty_share;
  double factor = 1.0;
  double sum = empty_share;
  for (double before = -1.0; sum != before;) {
    before = sum;
    power *= power;
    sum += power * factor;
    factor += factor;
  }
  return sum;
}

double tau(double not_full_share) {
  if (not_full_share <= 0.0 || not_full_share >= 1.0) return 0.0;
  double root = not_full_share;
  double factor = 1.0;
  double sum = 1.0 - not_full_share;
  for (double before = -1.0; sum != before;) {
    before = sum;
    root = std::sqrt(root);
    factor *= 0.5;
    sum -= (1.0 - root) * (1.0 - root) * factor;
  }
  return sum / 3.0;
}

}  // namespace

bool Distinct::add(const Sample& sample) {
  std::string bytes;
  append_identity(bytes, sample.value);
  add_hash(hash_identity(bytes));
  return true;
}

void Distinct::add_hash(std::uint64_t hash) {
  if (!registers.empty()) {
    note(registers, hash);
    return;
  }
  const auto place = std::ranges::lower_bound(hashes, hash);
  if (place != hashes.end() && *place == hash) return;
  if (hashes.size() < max_exact) {
    hashes.insert(place, hash);
    return;
  }
  registers.assign(register_count, 0);
  for (const std::uint64_t known : std::exchange(hashes, {})) note(registers, known);
  note(registers, hash);
}

void Distinct::merge(const Distinct& later) {
  if (!later.registers.empty()) {
    if (registers.empty()) {
      registers.assign(register_count, 0);
      for (const std::uint64_t known : std::exchange(hashes, {})) note(registers, known);
    }
    for (std::size_t i = 0; i < register_count; ++i) {
      registers[i] = std::max(registers[i], later.registers[i]);
    }
  }
  for (const std::uint64_t hash : later.hashes) add_hash(hash);
}

std::int64_t Distinct::estimate() const {
  if (registers.empty()) return static_cast<std::int64_t>(hashes.size());
  std::array<double, max_rank + 1> with_rank{};
  for (const std::uint8_t rank : registers) with_rank[rank] += 1.0;
  constexpr auto all = static_cast<double>(register_count);
  double sum = all * tau(1.0 - with_rank[max_rank] / all);
  for (unsigned rank = max_rank - 1; rank > 0; --rank) sum = 0.5 * (sum + with_rank[rank]);
  sum += all * sigma(with_rank[0] / all);
  constexpr double half_of_inverse_log_2 = 0.7213475204444817;  // 1 / (2 ln 2)
  return static_cast<std::int64_t>(half_of_inverse_log_2 * all * (all / sum) + 0.5);
}

void Distinct::save(std::string& out) const {
  put_fixed<std::uint8_t>(out, registers.empty() ? 0 : 1);
  if (!registers.empty()) {
    for (const std::uint8_t rank : registers) put_fixed(out, rank);
    return;
  }
  put_varint(out, hashes.size());
  for (const std::uint64_t hash : hashes) put_fixed(out, hash);
}

void Distinct::load(ByteReader& in) {
  if (in.fixed<std::uint8_t>() != 0) {
    const std::string_view ranks = in.bytes(register_count);
    for (const char c : ranks) {
      const auto rank = static_cast<std::uint8_t>(c);
      if (rank > max_rank) in.fail();
      registers.push_back(std::min<std::uint8_t>(rank, max_rank));
    }
    return;
  }
  const std::size_t count = in.count();
  if (count > max_exact) in.fail();
  for (std::size_t i = 0; i < count && in.is_ok(); ++i) {
    const auto hash = in.fixed<std::uint64_t>();
    if (!hashes.empty() && hash <= hashes.back()) in.fail();
    hashes.push_back(hash);
  }
}

}  // namespace sluice
