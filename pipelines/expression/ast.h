// Ast: what an expression says, as a tree.
//
//   size(data.a) > 2     operation(greater)
//                          |-- call "size" -- select "a" -- name "data"
//                          `-- constant 2
//
// Nodes, their lists and their texts lie in the Ast's arena and live as long as it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/value.h"

namespace sluice::cel {

struct Overload;
struct Type;

enum class NodeKind : std::uint8_t {
  constant,     // value
  name,         // text; is_rooted: written with a dot before it
  select,       // children[0] . text
  index,        // children[0] [ children[1] ]
  operation,    // operation, one or two children
  logical,      // && or || of two or more children
  conditional,  // children[0] ? children[1] : children[2]
  call,         // text(children...), or is_member: children[0].text(children[1...])
  list,         // children; flags: written with a question mark
  map,          // children: key, value, key, value ...; flags: one per entry
  macro,        // see Macro
};

enum class Operation : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  negate,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  logical_not,
  logical_and,
  logical_or,
};

// As it is written: "+", "in", "!".
std::string_view operation_text(Operation operation);

// Macros bind the names in `variables` in their last children. Children of a macro over a list or
// map: range, filter or nullptr, body. Of bind, opt_map and opt_flat_map: operand, nullptr, body.
enum class Macro : std::uint8_t {
  all,
  exists,
  exists_one,
  map,  // also transformList
  filter,
  transform_map,
  transform_map_entry,
  sort_by,
  bind,
  opt_map,
  opt_flat_map,
};

constexpr bool is_loop(Macro macro) { return macro < Macro::bind; }

struct Node {
  NodeKind kind = NodeKind::constant;
  Operation operation{};
  Macro macro{};
  bool is_member = false;
  bool is_optional = false;  // a.?b, a[?b]
  bool is_test = false;      // has(a.b)
  bool is_rooted = false;
  bool is_quoted = false;    // a.`b`
  std::uint16_t depth = 1;   // nodes on the longest way down
  std::uint32_t offset = 0;  // where a message about this node points
  std::string_view text;
  Value value;
  std::span<Node*> children;
  std::span<const bool> flags;
  std::span<const std::string_view> variables;

  // What the checker finds.
  enum class Refers : std::uint8_t { nothing, variable, local };
  Refers refers = Refers::nothing;
  bool promotes = false;               // arithmetic and calls on numbers of `data`
  std::uint16_t target = 0;            // of a name: index of the variable, or of the local
  const Type* type = nullptr;          // its result, as far as it is known
  const Overload* overload = nullptr;  // of a call: the only one that fits the types
};

struct Ast {
  Arena arena{4096};
  Node* root = nullptr;
};

}  // namespace sluice::cel
