// Types: what the checker knows of a value before there is one.
//
//   int   list(string)   map(string, dyn)   optional_type(A)      A, B: type variables
//
// A type variable stands for one type, found by fitting arguments to parameters: `list(A)` given
// list(int) makes A int. dyn fits everything.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipelines/expression/expression.h"

namespace sluice::cel {

struct Type {
  ExpressionType kind = ExpressionType::dyn;
  bool is_variable = false;
  bool is_nullable = false;  // a value of this type, or null: an attribute that may be unset
  bool promotes = false;     // dyn that comes from an event's data: its numbers mix in arithmetic
  std::uint32_t number = 0;  // of a variable
  const Type* first = nullptr;   // element, key, or what an optional or a type is of
  const Type* second = nullptr;  // a map's value
};

const Type* basic_type(ExpressionType kind);  // not list, map, optional: they have parameters
const Type* dyn_type();
bool is_dyn(const Type* type);  // not a variable that may become it
const Type* promoting_type();

// "list(map(string, int))"; a variable is "dyn" by then.
std::string type_text(const Type& type);

// The name that CEL's type() gives: "int", "null_type", "google.protobuf.Timestamp" ...
std::string_view type_denotation(ExpressionType kind);

// Makes types and remembers what the variables stand for. Types live as long as it.
class Types {
 public:
  const Type* list(const Type* element);
  const Type* map(const Type* key, const Type* value);
  const Type* optional(const Type* value);
  const Type* type_of(const Type* type);
  const Type* nullable(const Type* type);
  const Type* variable(std::uint32_t number);
  const Type* fresh_variable();

  // What `type` is after all variables at its top are looked up.
  const Type* resolve(const Type* type) const;
  // The same all the way down; a variable that stands for nothing is dyn.
  const Type* finish(const Type* type);

  // Whether a value of type `from` may be given where `to` is wanted. Binds variables; when the
  // answer is no, none is bound.
  bool fits(const Type* to, const Type* from);
  // A type that both fit: the wider one when one fits the other, else dyn.
  const Type* join(const Type* a, const Type* b);

  // `type` with each of its variables replaced by a fresh one, the same for equal numbers.
  using Renaming = std::vector<std::pair<std::uint32_t, const Type*>>;
  const Type* instantiate(const Type* type, Renaming& renaming);

  // What the variables stand for at a moment, to go back to it.
  using Bindings = std::vector<const Type*>;
  Bindings bindings() const { return bindings_; }
  void restore(Bindings bindings) { bindings_ = std::move(bindings); }

 private:
  const Type* make(Type type);
  bool fits_unsafe(const Type* to, const Type* from);
  bool bind(const Type* variable, const Type* type);
  bool occurs(std::uint32_t number, const Type* type) const;

  std::deque<Type> made_;
  Bindings bindings_;  // by variable number; nullptr: stands for nothing yet
};

// Reads a type as it is written above, at the front of `text`, and moves past it. A capital letter
// is a variable, numbered from its place in the alphabet. nullptr: not a type.
const Type* parse_type(std::string_view& text, Types& types);

}  // namespace sluice::cel
