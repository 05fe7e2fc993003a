// Context: what one evaluation hands to operators and functions.
//
// Everything that costs time or memory beyond a constant spends from the budget, so that no
// expression can hang the gateway or exhaust its memory, whatever the data is. A unit is a few
// dozen nanoseconds or a few dozen bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "core/arena.h"
#include "core/value.h"

namespace sluice::cel {

class Context {
 public:
  Context(Arena& arena, std::uint64_t budget) : arena_(arena), budget_(budget) {}

  Arena& arena() { return arena_; }

  // False: the budget is used up, and stays so; the operation gives over_budget().
  [[nodiscard]] bool spend(std::uint64_t units) {
    if (units > budget_) {
      budget_ = 0;
      return false;
    }
    budget_ -= units;
    return true;
  }
  [[nodiscard]] bool spend_bytes(std::size_t bytes) { return spend(bytes / 64 + 1); }
  static Value over_budget() { return Value::error("the expression costs more than is allowed"); }

  // An error value whose reason is these texts one after the other.
  Value error(std::initializer_list<std::string_view> parts);

  // A string or bytes value of this text; its cost is spent.
  Value string(std::string_view text);
  Value bytes(std::string_view text);

 private:
  Arena& arena_;
  std::uint64_t budget_;
};

}  // namespace sluice::cel
