// Program: the compiled form of an expression, flat instructions over registers.
//
//   data.temperature > 22.0 && subject.startsWith("dev-")
//
//   0  path          r0 <- variable 0 . temperature
//   1  greater       r0 <- r0, 22.0
//   2  leave_if      r0 is false: to 5
//   3  variable      r1 <- variable 4
//      copy, call    r1 <- startsWith(r1, "dev-")
//   4  merge_and     r0 <- r0 && r1
//   5  end
//
// An operand is a register or, with the highest bit set, a constant. Registers are numbered like a
// stack: a node's temporaries lie above those of the nodes around it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/arena.h"
#include "core/value.h"
#include "pipelines/expression/ast.h"
#include "pipelines/expression/functions.h"
#include "pipelines/expression/regex.h"

namespace sluice::cel {

using Operand = std::uint16_t;
constexpr Operand constant_bit = 0x8000;

enum class Op : std::uint8_t {
  copy,             // target <- a
  variable,         // target <- bindings[a]
  path,             // target <- bindings[a] . paths[c]
  select,           // target <- a . constant b
  optional_select,  // target <- a .? constant b
  has,              // target <- has(a . constant b)
  index,            // target <- a[b]
  optional_index,   // target <- a[?b]
  arithmetic,       // target <- a `detail` b, strict
  promoting,        // target <- a `detail` b, numbers mix
  negate,           // target <- -a
  compare,          // target <- a `detail` b
  in,               // target <- a in b
  logical_not,      // target <- !a
  leave_if,         // to c when a is the bool that decides `detail` (&& or ||)
  merge,            // target <- a `detail` b
  branch,           // a is true: go on; false: to c; else target <- error, to the next word's c
  jump,             // to c
  call,             // target <- functions[c](registers from a on); detail: how many
  call_promoting,   // the same, numbers of arguments mix
  matches,          // target <- a matches regexes[c]
  list,             // target <- list of detail registers from a on; flags[c]
  map,              // target <- map of detail entries from a on; flags[c]
  loop_begin,       // over a, into target; see LoopCode
  loop_next,        // variables from target on; at the end to c
  loop_filter,      // a is true: go on; false: to c; else the loop ends with an error
  loop_collect,     // a is the body's value; to c
  loop_end,         // target <- what the loop gathered
  opt_enter,        // target <- the value in optional a; none or error: into b, to c
  opt_leave,        // target <- optional with a (or a itself: detail 1)
};

struct Instruction {
  Op op = Op::copy;
  std::uint8_t macro = 0;    // of loops: Macro
  std::uint16_t detail = 0;  // Operation, a count, or the number of the loop
  Operand target = 0;
  Operand a = 0;
  Operand b = 0;
  std::uint32_t c = 0;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<Value> constants;
  std::vector<std::span<const Value>> paths;  // string and int keys
  std::vector<std::span<const Overload>> functions;
  std::vector<std::span<const bool>> flags;
  std::vector<Regex> regexes;
  std::uint16_t registers = 0;
  std::uint16_t loops = 0;  // nested in each other at most
  Operand result = 0;
};

}  // namespace sluice::cel
