// The words of the language: reserved ones, and the operators between two operands.
#pragma once

#include <string_view>

#include "pipelines/expression/ast.h"

namespace sluice::cel {

// A name must not be one of these; a field may.
bool is_reserved(std::string_view word);

struct BinaryOperator {
  std::string_view text;
  Operation operation;
  int precedence;  // binds tighter than those with a lower one
};
constexpr int relation_precedence = 1;

// nullptr: not an operator between two operands. (&& and || and ? : are the parser's own.)
const BinaryOperator* find_binary_operator(std::string_view text);

}  // namespace sluice::cel
