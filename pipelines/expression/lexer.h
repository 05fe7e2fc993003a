// Lexer: the text of an expression -> tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/value.h"
#include "pipelines/expression/expression.h"

namespace sluice::cel {

enum class TokenKind : std::uint8_t {
  end,
  name,         // a word, also a reserved one
  quoted_name,  // `content-type`: a field name; text is without the back quotes
  integer,      // magnitude; a minus before it is a token of its own
  literal,      // value: uint, double, string or bytes
  symbol,       // an operator or bracket
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t offset = 0;
  std::string_view text;
  std::uint64_t magnitude = 0;
  Value value;
};

// All tokens of `source`, the last one being `end`. Texts lie in `source` or in `arena`. On an
// error the list is cut there, and `errors` grows.
std::vector<Token> read_tokens(std::string_view source, Arena& arena,
                               std::vector<ExpressionError>& errors);

}  // namespace sluice::cel
