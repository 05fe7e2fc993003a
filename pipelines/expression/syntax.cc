#include "pipelines/expression/syntax.h"

#include <algorithm>
#include <array>

namespace sluice::cel {
namespace {

constexpr std::array<std::string_view, 21> reserved_words{
    "as",        "break", "const",  "continue", "else", "false", "for",
    "function",  "if",    "import", "in",       "let",  "loop",  "package",
    "namespace", "null",  "return", "true",     "var",  "void",  "while"};

constexpr std::array<BinaryOperator, 12> binary_operators{{
    {"==", Operation::equal, relation_precedence},
    {"!=", Operation::not_equal, relation_precedence},
    {"<", Operation::less, relation_precedence},
    {"<=", Operation::less_equal, relation_precedence},
    {">", Operation::greater, relation_precedence},
    {">=", Operation::greater_equal, relation_precedence},
    {"in", Operation::in, relation_precedence},
    {"+", Operation::add, 2},
    {"-", Operation::subtract, 2},
    {"*", Operation::multiply, 3},
    {"/", Operation::divide, 3},
    {"%", Operation::modulo, 3},
}};

}  // namespace

bool is_reserved(std::string_view word) {
  return std::ranges::find(reserved_words, word) != reserved_words.end();
}

const BinaryOperator* find_binary_operator(std::string_view text) {
  const auto found = std::ranges::find(binary_operators, text, &BinaryOperator::text);
  return found == binary_operators.end() ? nullptr : &*found;
}

std::string_view operation_text(Operation operation) {
  constexpr std::array<std::string_view, 16> texts{
      "+", "-", "*", "/", "%", "-", "==", "!=", "<", "<=", ">", ">=", "in", "!", "&&", "||"};
  return texts[static_cast<std::size_t>(operation)];
}

}  // namespace sluice::cel
